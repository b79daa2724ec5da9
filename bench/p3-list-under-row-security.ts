import type { JWTPayload } from "jose";
import type postgres from "postgres";
import type { Bench, Benchmark } from "./support/benchmark.ts";
import { type Bounds, median, type Ratio } from "./support/ratio.ts";

const CALLS = 200;
const WARM_UP = 20;
const BOUNDS: Bounds = { better: "less", must: 1.5, aim: 1.25 };

interface Case {
  readonly name: string;
  readonly claims: JWTPayload;
  /** null lists all that the caller may see. */
  readonly workspaceId: string | null;
  /** The page that begins in the middle of the rows, instead of the newest. */
  readonly deep: boolean;
}

/**
 * A page of 50 by entries_filtered_list, called by the person with row security and by the owner of
 * the tables without. The server's own time (planning, execution and output), so that neither the
 * connection nor the driver hides a difference.
 */
export const listUnderRowSecurity: Benchmark = {
  id: "P3",
  title: "list pages with row security, against without",
  async run(bench) {
    const history = await bench.history();
    const { member, largest, newcomer, admin } = history;
    const rows = history.rows.toLocaleString("en-US");
    const cases: Case[] = [];
    for (const deep of [false, true]) {
      const page = deep ? "deep page" : "first page";
      cases.push(
        { name: `member, one workspace, ${page}`, ...member, deep },
        { name: `member, all ten workspaces, ${page}`, ...member, workspaceId: null, deep },
        { name: `largest tenant, ${page}`, ...largest, deep },
        { name: `new empty workspace, ${page}`, ...newcomer, deep },
        { name: `admin, all workspaces, ${page}`, ...admin, workspaceId: null, deep },
      );
    }
    const ratios: Ratio[] = [];
    for (const one of cases) {
      bench.progress(`P3: ${one.name}`);
      ratios.push(await measure(bench, one, rows));
    }
    return ratios;
  },
};

async function measure({ owner, callers }: Bench, one: Case, rows: string): Promise<Ratio> {
  const fenced = await callers.session("authenticated", one.claims);
  const unfenced = await callers.unfencedSession(one.claims);
  // Policies call functions that are not parallel safe; without them the planner would go through
  // parallel plans as well, take 3 ms instead of 1.5 and choose none. The reference is the faster.
  await unfenced`set max_parallel_workers_per_gather = 0`;
  const cursor = one.deep ? await middleOf(owner, one.workspaceId) : { ts: null, id: null };
  const withRls: number[] = [];
  const without: number[] = [];
  for (let call = -WARM_UP; call < CALLS; call++) {
    const a = await serverTime(fenced, one.workspaceId, cursor);
    const b = await serverTime(unfenced, one.workspaceId, cursor);
    if (call < 0) continue;
    withRls.push(a);
    without.push(b);
  }
  const [measured, reference] = [median(withRls), median(without)];
  return {
    id: "P3",
    name: `list of ${rows} rows, ${one.name}: RLS ÷ none`,
    measured: { value: measured, unit: "ms" },
    reference: { value: reference, unit: "ms" },
    ratio: measured / reference,
    rounds: CALLS,
    bounds: BOUNDS,
  };
}

interface Cursor {
  readonly ts: Date | null;
  readonly id: string | null;
}

/** The entry half way down a workspace, or a moment half way where there is none. */
async function middleOf(owner: postgres.Sql, workspaceId: string | null): Promise<Cursor> {
  const [row] = await owner<{ ts: Date; id: string }[]>`
    select e.ts, e.id from public.entries e
    where e.ts <= now() - interval '15 days'
      and (${workspaceId}::uuid is null or e.workspace_id = ${workspaceId}::uuid)
    order by e.ts desc, e.id desc limit 1`;
  return row ?? { ts: new Date(Date.now() - 15 * 86_400_000), id: crypto.randomUUID() };
}

interface Explained {
  readonly "Planning Time": number;
  readonly "Execution Time": number;
}

async function serverTime(
  session: postgres.Sql,
  workspaceId: string | null,
  { ts, id }: Cursor,
): Promise<number> {
  const [row] = await session<{ "QUERY PLAN": [Explained] }[]>`
    explain (analyze, timing off, serialize text, format json)
    select * from public.entries_filtered_list(
      workspace_id => ${workspaceId}::uuid, before_ts => ${ts}::timestamptz, before_id => ${id}::uuid, page_size => 50)`;
  const [plan] = row!["QUERY PLAN"];
  return plan["Planning Time"] + plan["Execution Time"];
}
