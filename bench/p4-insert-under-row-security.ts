import type postgres from "postgres";
import type { Benchmark } from "./support/benchmark.ts";
import { makeExchanges } from "./support/exchanges.ts";
import { type Bounds, compare, type Compared, type Ratio, secondsOf } from "./support/ratio.ts";

/** Of a batch each, that the two take turns with. */
const ROUNDS = 40;
const BATCH = 500;
const BOUNDS: Bounds = { better: "less", must: 1.25, aim: 1.12 };

/**
 * What the policy on insert costs, twice: for the documented plain row, whose trigger derives the
 * columns, and for rows that are derived already, where nothing but the insert itself is beside it.
 * The second is the strict one. No client can do it: the grant it needs is given here and taken back.
 */
export const insertUnderRowSecurity: Benchmark = {
  id: "P4",
  title: "inserts with row security, against without",
  async run(bench) {
    const [device] = await bench.callers.devices(1);
    const fenced = await bench.callers.session("device", device!.token);
    const unfenced = await bench.callers.unfencedSession(device!.token);

    const plain = await compare({
      rounds: ROUNDS,
      measured: () => insertPlain(fenced, device!.device_uuid),
      reference: () => insertPlain(unfenced, device!.device_uuid),
    });
    const derived = await withDerivedRows(bench.owner, device!.device_uuid, (next) =>
      compare({
        rounds: ROUNDS,
        measured: () => insertDerived(fenced, next()),
        reference: () => insertDerived(unfenced, next()),
      }));
    return [
      ratioOf(`insert of ${BATCH} documented rows with RLS ÷ without`, plain),
      ratioOf(`insert of ${BATCH} derived rows, feed off, with RLS ÷ without`, derived),
    ];
  },
};

function ratioOf(name: string, compared: Compared): Ratio {
  return {
    id: "P4",
    name,
    measured: { value: compared.measured, unit: "ms" },
    reference: { value: compared.reference, unit: "ms" },
    ratio: compared.ratio,
    rounds: compared.rounds,
    bounds: BOUNDS,
  };
}

/** Milliseconds of a batch, inserted as PostgREST does. */
async function insertPlain(session: postgres.Sql, device: string): Promise<number> {
  const rows = makeExchanges(BATCH).map((entry) => ({
    ...entry,
    device_uuid: device,
    kind: "event",
  }));
  const text = JSON.stringify(rows);
  return 1000 * await secondsOf(() =>
    session`
      insert into public.entries (request_id, device_uuid, ts, kind, source, payload)
      select request_id, device_uuid, ts, kind, source, payload
      from json_to_recordset(${text}::text::json)
        as r (request_id text, device_uuid uuid, ts timestamptz, kind text, source text, payload jsonb)`
  );
}

/** Milliseconds of a batch, out of a table of rows as the ingest derives them. */
async function insertDerived(session: postgres.Sql, batch: number): Promise<number> {
  return 1000 * await secondsOf(() =>
    session`
      insert into public.entries (${session(COLUMNS)})
      select ${session(COLUMNS)} from bench.derived where batch = ${batch}::integer`
  );
}

const COLUMNS = [
  ..."id request_id device_uuid workspace_id ts kind source method url host path".split(" "),
  ..."is_secure status duration_ms request_size response_size content_type os".split(" "),
];

/** Hands out the numbers of batches in bench.derived, each once. */
async function withDerivedRows<T>(
  owner: postgres.Sql,
  device: string,
  measure: (next: () => number) => Promise<T>,
): Promise<T> {
  const batches = 2 * (ROUNDS + 10);
  await owner`create schema if not exists bench`;
  await owner`
    create table bench.derived as
    select 0 as batch, ${owner(COLUMNS)} from public.entries with no data`;
  for (let batch = 0; batch < batches; batch++) {
    await owner`
      insert into bench.derived
      select ${batch}::integer, ${owner(COLUMNS)}
      from private.derive_entries(${
      JSON.stringify(makeExchanges(BATCH))
    }::text::jsonb, ${device}::uuid)`;
  }
  await owner`create index on bench.derived (batch)`;
  await owner`analyze bench.derived`;
  await owner`grant usage on schema bench to device`;
  await owner`grant select on bench.derived to device`;
  await owner`grant insert on public.entries to device`;
  await owner`alter table public.entries disable trigger announce_entries`;
  try {
    let last = 0;
    return await measure(() => last++);
  } finally {
    await owner`alter table public.entries enable trigger announce_entries`;
    await owner`revoke insert on public.entries from device`;
    await owner`grant insert (request_id, device_uuid, ts, kind, source, payload) on public.entries to device`;
    await owner`drop table bench.derived`;
  }
}
