import type postgres from "postgres";
import type { Bench, Benchmark } from "./support/benchmark.ts";
import { batchesOf, makeExchanges } from "./support/exchanges.ts";
import { loadDay } from "./support/history.ts";
import { ingestBySql } from "./support/ingest.ts";
import { compare, type Ratio, secondsOf } from "./support/ratio.ts";

const ROUNDS = 5;
const DAYS = 30;
/** Older than the month that is kept. */
const EXPIRED_DAYS_AGO = 32;

/** A day ends by being dropped; deleting it would write as much again and leave it to vacuum. */
export const expiry: Benchmark = {
  id: "P8",
  title: "a day expires",
  async run(bench) {
    const rows = Math.floor((await bench.history()).rows / DAYS);
    return [await costOf(bench, rows), await pauseOfIngest(bench, rows)];
  },
};

interface Day {
  readonly date: string;
  readonly suffix: string;
}

/** A full day with a payload for each entry, counted as if it had come in by itself. */
async function fill(owner: postgres.Sql, rows: number): Promise<Day> {
  const [day] = await owner<[Day]>`
    select d::text as date, to_char(d, 'YYYY_MM_DD') as suffix
    from (select (now() at time zone 'UTC')::date - ${EXPIRED_DAYS_AGO}::integer as d) x`;
  await owner`select private.ensure_partition(${day.date}::date)`;
  await loadDay(owner, EXPIRED_DAYS_AGO, rows);
  await owner`
    insert into private.entry_payloads (id, ts, response_headers, response_body)
    select id, ts, '{"content-type": "application/json"}', repeat(md5(path), 8)
    from ${owner(`public.entries_${day.suffix}`)}`;
  await owner`vacuum (analyze) ${owner(`public.entries_${day.suffix}`)}, ${
    owner(`private.entry_payloads_${day.suffix}`)
  }`;
  return day;
}

async function drop(owner: postgres.Sql): Promise<number> {
  let dropped = 0;
  const seconds = await secondsOf(async () => {
    const [row] = await owner<[{ n: number }]>`select private.expire_partitions() as n`;
    dropped = row.n;
  });
  if (dropped !== 1) throw new Error(`${dropped} days were dropped instead of one`);
  return 1000 * seconds;
}

async function costOf({ owner, progress }: Bench, rows: number): Promise<Ratio> {
  const compared = await compare({
    rounds: ROUNDS,
    warmUp: 0,
    async measured() {
      progress(`P8: a day of ${rows.toLocaleString("en-US")} rows`);
      await fill(owner, rows);
      return await drop(owner);
    },
    async reference() {
      const { date, suffix } = await fill(owner, rows);
      const seconds = await secondsOf(async () => {
        await owner`delete from public.entries where ts >= ${date}::date and ts < ${date}::date + 1`;
        await owner`vacuum ${owner(`public.entries_${suffix}`)}, ${
          owner(`private.entry_payloads_${suffix}`)
        }`;
      });
      await drop(owner);
      return 1000 * seconds;
    },
  });
  return {
    id: "P8",
    name: `expiring a day of ${rows.toLocaleString("en-US")} rows ÷ DELETE and VACUUM of it`,
    measured: { value: compared.measured, unit: "ms" },
    reference: { value: compared.reference, unit: "ms" },
    ratio: compared.ratio,
    rounds: compared.rounds,
    bounds: { better: "less", must: 0.05, aim: 0.001 },
  };
}

/** A device sends without a break while the day goes: the longest that it waits for one call. */
async function pauseOfIngest({ owner, callers, progress }: Bench, rows: number): Promise<Ratio> {
  progress("P8: ingest while a day expires");
  const [device] = await callers.devices(1);
  const session = await callers.session("device", device!.token);
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await fill(owner, rows);
    let over = false;
    const writing = (async () => {
      while (!over) {
        const batch = batchesOf(makeExchanges(100)).map((entries) => JSON.stringify(entries));
        times.push(await secondsOf(() => ingestBySql(session, batch)));
      }
    })();
    await drop(owner);
    over = true;
    await writing;
  }
  const longest = Math.max(...times);
  return {
    id: "P8",
    name: `longest ingest call while a day expires, of ${times.length}, against a second`,
    measured: { value: 1000 * longest, unit: "ms" },
    reference: { value: 1000, unit: "ms" },
    ratio: longest,
    rounds: ROUNDS,
    bounds: { better: "less", must: 1, aim: 0.1 },
  };
}
