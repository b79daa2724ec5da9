import type postgres from "postgres";
import { workspaceChannel } from "../shared/realtime/channels.ts";
import type { Bench, Benchmark } from "./support/benchmark.ts";
import { batchesOf, makeExchanges } from "./support/exchanges.ts";
import { ingestBySql, ROUND } from "./support/ingest.ts";
import { compare, percentile, type Ratio, secondsOf } from "./support/ratio.ts";

/** Of four batches each. */
const ROUNDS = 15;
const COMMITS = 300;
const WARM_UP = 20;

/** What the live feed costs those who write, and how soon it reaches those who watch. */
export const liveFeed: Benchmark = {
  id: "P9",
  title: "the live feed",
  async run(bench) {
    const [device] = await bench.callers.devices(1);
    const session = await bench.callers.session("device", device!.token);
    return [
      await costOfFeed(bench, session),
      await sizeOfFeed(bench, session),
      await delayOfFeed(bench, session),
    ];
  },
};

const jsonBatches = (rows: number, size = 500) =>
  batchesOf(makeExchanges(rows), size).map((batch) => JSON.stringify(batch));

async function costOfFeed({ owner }: Bench, session: postgres.Sql): Promise<Ratio> {
  const time = async () => {
    const [first, ...batches] = jsonBatches(2_500);
    // Switching the trigger made the session forget its plans.
    await ingestBySql(session, [first!]);
    return await secondsOf(() => ingestBySql(session, batches)) * 1000 / batches.length;
  };
  const compared = await compare({
    rounds: ROUNDS,
    measured: time,
    async reference() {
      await owner`alter table public.entries disable trigger announce_entries`;
      try {
        return await time();
      } finally {
        await owner`alter table public.entries enable trigger announce_entries`;
      }
    },
  });
  return {
    id: "P9",
    name: "ingest of 500 rows with the feed ÷ without",
    measured: { value: compared.measured, unit: "ms" },
    reference: { value: compared.reference, unit: "ms" },
    ratio: compared.ratio,
    rounds: compared.rounds,
    bounds: { better: "less", must: 1.5, aim: 1.3 },
  };
}

/** Messages as sent and the log behind them, against rows without their indexes. */
async function sizeOfFeed({ owner, stack }: Bench, session: postgres.Sql): Promise<Ratio> {
  const [{ now: since }] = await owner<[{ now: Date }]>`select clock_timestamp() as now`;
  await ingestBySql(session, jsonBatches(ROUND));
  const topic = workspaceChannel(stack.workspace_id);
  const [size] = await owner<[{ feed: number; stored: number }]>`
    select (
      (select sum(octet_length(m.payload::text)) from realtime.messages m
        where m.topic = ${topic} and m.inserted_at >= ${since}::timestamptz at time zone 'UTC')
      + (select sum(pg_column_size(l.*)) from private.feed_log l where l.arrived_at >= ${since})
      )::float8 / ${ROUND}::integer as feed,
      (select avg(pg_column_size(e.*) + pg_column_size(p.*))
        from public.entries e join private.entry_payloads p on p.id = e.id and p.ts = e.ts
        where e.received_at >= ${since})::float8 as stored`;
  return {
    id: "P9",
    name: "bytes of the feed ÷ bytes stored",
    measured: { value: size.feed, unit: "B/row" },
    reference: { value: size.stored, unit: "B/row" },
    ratio: size.feed / size.stored,
    rounds: 1,
    bounds: { better: "less", must: 0.5, aim: 0.2 },
  };
}

/**
 * From COMMIT being sent to the message being there, for the same commits: to a supabase-js client on
 * the workspace's channel, and to a connection that listens to a notification of the transaction.
 */
async function delayOfFeed(bench: Bench, session: postgres.Sql): Promise<Ratio> {
  const feed = new Arrival();
  const notification = new Arrival();
  await bench.callers.watch(() => feed.arrive());
  const listening = await bench.owner.listen("bench", () => notification.arrive());

  const delays = { feed: [] as number[], notification: [] as number[] };
  try {
    for (let n = -WARM_UP; n < COMMITS; n++) {
      let committed = 0;
      const [fed, notified] = [feed.next(), notification.next()];
      await session.begin(async (sql) => {
        await ingestBySql(sql, jsonBatches(1));
        await sql`select pg_notify('bench', '')`;
        committed = performance.now();
      });
      const [fedAt, notifiedAt] = await Promise.all([fed, notified]);
      if (n < 0) continue;
      delays.feed.push(fedAt - committed);
      delays.notification.push(notifiedAt - committed);
    }
  } finally {
    await listening.unlisten();
  }
  const [measured, reference] = [
    percentile(delays.feed, 0.95),
    percentile(delays.notification, 0.95),
  ];
  return {
    id: "P9",
    name: "commit → supabase-js ÷ commit → LISTEN, p95",
    measured: { value: measured, unit: "ms" },
    reference: { value: reference, unit: "ms" },
    ratio: measured / reference,
    rounds: COMMITS,
    bounds: { better: "less", must: 5, aim: 2 },
  };
}

/** When the next message of a kind comes. */
class Arrival {
  #resolve: (at: number) => void = () => {};

  next(): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("a message did not arrive in 10 s")), 10_000);
      this.#resolve = (at) => {
        clearTimeout(timer);
        resolve(at);
      };
    });
  }

  arrive(): void {
    this.#resolve(performance.now());
  }
}
