import type postgres from "postgres";
import { type Field, FIELDS } from "../../shared/filter/fields.ts";
import type { Site } from "./benchmark.ts";
import type { Reader } from "./history.ts";

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

/** What the queries of a reader name. */
export interface View {
  readonly session: postgres.Sql;
  readonly reader: Reader;
  readonly device: string;
  readonly recent: string;
  readonly middle: Place;
  /** A page before the last: the deepest that is full. */
  readonly oldest: Place;
}

interface Place {
  readonly ts: string;
  readonly id: string;
}

export async function viewOf({ owner, callers }: Site, reader: Reader): Promise<View> {
  const session = await callers.session("authenticated", reader.claims);
  const [device] = await owner<{ uuid: string }[]>`
    select uuid from public.devices where workspace_id = ${reader.workspaceId}`;
  const [oldest] = await owner<Place[]>`
    select ts::text, id from public.entries where workspace_id = ${reader.workspaceId}
    order by ts, id offset 60 limit 1`;
  const [middle] = await owner<Place[]>`
    select ts::text, id from public.entries
    where workspace_id = ${reader.workspaceId} and ts <= now() - interval '15 days'
    order by ts desc, id desc limit 1`;
  const recent = new Date(Date.now() - 3_600_000).toISOString();
  return { session, reader, device: device!.uuid, recent, middle: middle!, oldest: oldest! };
}

const call = (rpc: string, { reader }: View, ...rest: string[]) =>
  `select * from public.${rpc}(${[`workspace_id => '${reader.workspaceId}'`, ...rest].join(", ")})`;

export const filterOf = (condition: Condition) => `filter => '${JSON.stringify(condition)}'`;

const conditionOn = (field: Listed, view: View) => ({ field, ...CONDITIONS[field](view) });

const LISTED = (Object.keys(FIELDS) as Field[])
  .filter((field): field is Listed => field !== "header" && field !== "body");

/** Calls by their name in the table; all values are the benchmark's own. */
export const QUERIES: Readonly<Record<string, (view: View) => string>> = {
  "newest page": (view) => call("entries_filtered_list", view),
  ...Object.fromEntries(LISTED.map((field) => [
    `filter on ${field}`,
    (view: View) => call("entries_filtered_list", view, filterOf(conditionOn(field, view))),
  ])),
  "deepest page": (view) =>
    call(
      "entries_filtered_list",
      view,
      `before_ts => '${view.oldest.ts}'`,
      `before_id => '${view.oldest.id}'`,
    ),
  "count of all": (view) => call("entries_filtered_count", view),
  "count of a filter": (view) =>
    call("entries_filtered_count", view, filterOf(conditionOn("status", view))),
};
