import type postgres from "postgres";
import { type Field, FIELDS } from "../shared/filter/fields.ts";
import type { Benchmark, Site } from "./support/benchmark.ts";
import type { History, Reader } from "./support/history.ts";
import { compare, p95, queryTime, type Ratio } from "./support/ratio.ts";

const CALLS = 100;
/** What one search examines when it finds nothing. */
const CANDIDATES = 20_000;
const SEARCHES = 5;

type Condition = Readonly<Record<string, unknown>>;
type Listed = Exclude<Field, "header" | "body">;

/** A condition on every field that lists know; the compiler insists that none is left out. */
const CONDITIONS: Record<Listed, (context: { device: string; recent: string }) => Condition> = {
  host: () => ({ op: "glob", value: "*.example.com" }),
  method: () => ({ op: "in", value: ["PUT", "DELETE"] }),
  path: () => ({ op: "contains", value: "/carts/" }),
  url: () => ({ op: "regex", value: "page=[78]$" }),
  status: () => ({ op: "gte", value: 400 }),
  duration: () => ({ op: "gt", value: 850 }),
  request_size: () => ({ op: "lt", value: 100 }),
  response_size: () => ({ op: "gt", value: 4000 }),
  source: () => ({ op: "eq", value: "har" }),
  os: () => ({ op: "neq", value: "iOS" }),
  country: () => ({ op: "eq", value: "JP" }),
  device: ({ device }) => ({ op: "eq", value: device }),
  tag: () => ({ op: "eq", value: "slow" }),
  content_type: () => ({ op: "prefix", value: "image/" }),
  error: () => ({ op: "exists" }),
  secure: () => ({ op: "eq", value: false }),
  ts: ({ recent }) => ({ op: "lte", value: recent }),
};

/**
 * Lists of the largest tenant, who has a hundred times as much in the one as in the other: what it
 * costs to find a page must not depend on how much there is. And how fast bodies are searched.
 */
export const flatness: Benchmark = {
  id: "P5",
  title: "every filter, the deepest page and counts, at full size against 100,000 rows",
  async run(bench) {
    const large = { ...bench, history: await bench.history() };
    const small = await bench.small();
    const sites = [await viewOf(large), await viewOf(small)] as const;
    const size = large.history.rows.toLocaleString("en-US");
    const ratios: Ratio[] = [];
    for (const [name, query] of Object.entries(queriesOf())) {
      bench.progress(`P5: ${name}`);
      const [a, b] = sites;
      const compared = await compare({
        rounds: CALLS,
        measured: () => queryTime(a.session, query(a)),
        reference: () => queryTime(b.session, query(b)),
        of: p95,
      });
      ratios.push({
        id: "P5",
        name: `${name}, p95 at ${size} rows ÷ at ${small.history.rows.toLocaleString("en-US")}`,
        measured: { value: compared.measured, unit: "ms" },
        reference: { value: compared.reference, unit: "ms" },
        ratio: compared.ratio,
        rounds: compared.rounds,
        bounds: { better: "less", must: 3, aim: 2 },
      });
    }
    bench.progress("P5: search in bodies");
    ratios.push(await searchOfBodies(sites[0]));
    return ratios;
  },
};

interface View {
  readonly session: postgres.Sql;
  readonly reader: Reader;
  readonly device: string;
  readonly recent: string;
  readonly oldest: { readonly ts: string; readonly id: string };
}

async function viewOf({ owner, callers, history }: Site & { history: History }): Promise<View> {
  const reader = history.largest;
  const session = await callers.session("authenticated", reader.claims);
  const [device] = await owner<{ uuid: string }[]>`
    select uuid from public.devices where workspace_id = ${reader.workspaceId}`;
  // A page before the last: the deepest that is full.
  const [oldest] = await owner<{ ts: string; id: string }[]>`
    select ts::text, id from public.entries where workspace_id = ${reader.workspaceId}
    order by ts, id offset 60 limit 1`;
  const recent = new Date(Date.now() - 3_600_000).toISOString();
  return { session, reader, device: device!.uuid, recent, oldest: oldest! };
}

/** What is called, by what it is called in the table; all values are the benchmark's own. */
function queriesOf(): Record<string, (view: View) => string> {
  const call = (rpc: string, view: View, rest: string[]) =>
    `select * from public.${rpc}(${
      [`workspace_id => '${view.reader.workspaceId}'`, ...rest].join(", ")
    })`;
  const filterOf = (field: Listed, view: View) =>
    `filter => '${JSON.stringify({ field, ...CONDITIONS[field](view) })}'`;
  const fields = (Object.keys(FIELDS) as Field[]).filter((field): field is Listed =>
    field !== "header" && field !== "body"
  );
  return {
    "newest page": (view) => call("entries_filtered_list", view, []),
    ...Object.fromEntries(fields.map((field) => [
      `filter on ${field}`,
      (view: View) => call("entries_filtered_list", view, [filterOf(field, view)]),
    ])),
    "deepest page": (view) =>
      call("entries_filtered_list", view, [
        `before_ts => '${view.oldest.ts}'`,
        `before_id => '${view.oldest.id}'`,
      ]),
    "count of all": (view) => call("entries_filtered_count", view, []),
    "count of a filter": (view) => call("entries_filtered_count", view, [filterOf("status", view)]),
  };
}

/** A text that no body has: the most candidates that one call may examine. */
async function searchOfBodies({ session, reader }: View): Promise<Ratio> {
  const filter = JSON.stringify({ field: "body", op: "contains", value: "no body says this" });
  const query = `select (r -> 'complete')::boolean as complete, jsonb_array_length(r -> 'rows') as n
    from public.entries_search(workspace_id => '${reader.workspaceId}', filter => '${filter}') r`;
  const times: number[] = [];
  for (let n = 0; n < SEARCHES; n++) {
    const start = performance.now();
    const [row] = await session.unsafe<{ n: number; complete: boolean }[]>(query);
    times.push(performance.now() - start);
    if (row!.n > 0) throw new Error("a body says what none should");
  }
  const measured = times.toSorted((a, b) => a - b)[Math.floor(SEARCHES / 2)]!;
  return {
    id: "P5",
    name: "search in bodies, ms for 1,000 candidates",
    measured: { value: measured, unit: "ms" },
    reference: { value: CANDIDATES / 1000, unit: "thousand" },
    ratio: measured / (CANDIDATES / 1000),
    rounds: SEARCHES,
    bounds: { better: "less", must: 60, aim: 30 },
  };
}
