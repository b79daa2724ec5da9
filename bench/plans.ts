import type { Benchmark } from "./support/benchmark.ts";
import type { Reader } from "./support/history.ts";
import { ExplainedSession, type Read } from "./support/plans.ts";
import { filterOf, QUERIES, type View, viewOf } from "./support/queries.ts";
import type { Bounds, Ratio } from "./support/ratio.ts";

const NONE: Bounds = { better: "less", must: 0, aim: 0 };
const DAY = 86_400_000;

/** A call, and the days it may look at: all unless told. */
interface Call {
  readonly name: string;
  readonly query: string;
  readonly days?: { readonly from: string; readonly to: string } | "none";
}

/** Every call that reads entries, as it was executed: what it read, and of which days. */
export const plans: Benchmark = {
  id: "PLANS",
  title: "what the calls of the data surface read",
  async run(bench) {
    const { member, largest, admin, rows } = await bench.history();
    const faults: string[] = [];
    let calls = 0;
    // The admin's token, on the member's workspace: another branch of the same functions.
    const readers: Record<string, Reader> = {
      member,
      largest,
      admin: { ...admin, workspaceId: member.workspaceId },
    };
    for (const [who, reader] of Object.entries(readers)) {
      bench.progress(`PLANS: ${who}`);
      const view = await viewOf(bench, reader);
      const session = await ExplainedSession.open(bench.stack, reader.claims);
      try {
        for (const call of callsOf(view)) {
          calls += 1;
          for (const fault of faultsIn(call, await session.readsOf(call.query))) {
            faults.push(`${who}, ${call.name}: ${fault}`);
          }
        }
      } finally {
        await session.close();
      }
    }
    for (const fault of faults) bench.progress(`PLANS: ${fault}`);
    const ratio: Ratio = {
      id: "PLANS",
      name: `calls at ${
        rows.toLocaleString("en-US")
      } rows that read a day from end to end, or another day`,
      measured: { value: faults.length, unit: "faults" },
      reference: { value: calls, unit: "calls" },
      ratio: faults.length,
      rounds: 1,
      bounds: NONE,
    };
    return [ratio];
  },
};

function callsOf(view: View): Call[] {
  const { reader, middle, oldest } = view;
  const at = `workspace_id => '${reader.workspaceId}'`;
  const from = (place: View["middle"]) => `before_ts => '${place.ts}', before_id => '${place.id}'`;
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  const first = day(0);
  const yesterday = day(Date.now() - DAY);
  const bounded = filterOf({
    and: [
      { field: "ts", op: "gte", value: `${yesterday}T00:00:00Z` },
      { field: "ts", op: "lt", value: `${yesterday}T23:00:00Z` },
      { field: "path", op: "contains", value: "no path says this" },
    ],
  });
  const body = { field: "body", op: "contains", value: "no body says this" };
  const ofYesterday = { from: yesterday, to: yesterday };
  const until = { from: first, to: middle.ts.slice(0, 10) };
  const ofMiddle = { from: until.to, to: until.to };
  return [
    ...Object.entries(QUERIES).map(([name, query]): Call => ({
      name,
      query: query(view),
      ...(name === "deepest page" ? { days: { from: first, to: oldest.ts.slice(0, 10) } } : {}),
    })),
    {
      name: "absent path",
      query: `select * from public.entries_filtered_list(${at}, ${
        filterOf({ field: "path", op: "contains", value: "no path says this" })
      })`,
    },
    { name: "all workspaces", query: "select * from public.entries_filtered_list()" },
    {
      name: "all workspaces, middle",
      query: `select * from public.entries_filtered_list(${from(middle)})`,
      days: until,
    },
    {
      name: "middle page",
      query: `select * from public.entries_filtered_list(${at}, ${from(middle)})`,
      days: until,
    },
    {
      name: "list of a day",
      query: `select * from public.entries_filtered_list(${at}, ${bounded})`,
      days: ofYesterday,
    },
    {
      name: "count of a day",
      query: `select * from public.entries_filtered_count(${at}, ${bounded})`,
      days: ofYesterday,
    },
    {
      name: "search in bodies",
      query: `select public.entries_search(${at}, ${filterOf(body)})`,
    },
    {
      name: "search in bodies, middle",
      query: `select public.entries_search(${at}, ${filterOf(body)}, ${from(middle)})`,
      days: until,
    },
    { name: "changes", query: `select public.entries_changes(${at})` },
    {
      name: "one entry",
      query: `select public.get_entry('${middle.id}')`,
      days: ofMiddle,
    },
    {
      name: "entries",
      query: `select public.get_entries(array['${middle.id}','${oldest.id}']::uuid[])`,
      days: { from: oldest.ts.slice(0, 10), to: ofMiddle.to },
    },
    { name: "statistics", query: `select public.get_stats('${reader.workspaceId}')`, days: "none" },
  ];
}

/** The default partition may hold any time, so it may always be looked at. */
function faultsIn({ days }: Call, reads: readonly Read[]): string[] {
  const faults = new Set<string>();
  for (const { table, sequentially } of reads) {
    const [, kind, suffix] = /^(entries|entry_payloads)_(default|\d{4}_\d{2}_\d{2})$/.exec(table) ??
      [];
    if (!kind) continue;
    if (sequentially) faults.add(`${table} is read from end to end`);
    if (days === "none") faults.add(`${table} is read`);
    else if (days && suffix !== "default") {
      const day = suffix!.replaceAll("_", "-");
      if (day < days.from || day > days.to) faults.add(`${table} is outside of the time asked for`);
    }
  }
  return [...faults];
}
