import type { JWTPayload } from "jose";
import type postgres from "postgres";
import type { Bench, Benchmark } from "./support/benchmark.ts";
import { type Bounds, median, type Ratio } from "./support/ratio.ts";

const CALLS = 200;
const WARM_UP = 20;
const PAGE = 50;
const BOUNDS: Bounds = { better: "less", must: 1.5, aim: 1.25 };

interface Case {
  readonly name: string;
  readonly claims: JWTPayload;
  /** The workspaces whose entries the page shows: one, those of the caller, or all there are. */
  readonly of: readonly string[] | "all";
  /** The page that begins in the middle of the rows, instead of the newest. */
  readonly deep: boolean;
}

/**
 * A page of entries_filtered_list, called by the person, against nothing but its query, run by the
 * owner of the tables: no token, no membership, no filter to compile, no row security. The server's
 * own time (planning, execution and output), so that neither connection nor driver hides a difference.
 * The query is planned each time, as one that is sent is; that the function keeps its plan counts for it.
 */
export const listUnderRowSecurity: Benchmark = {
  id: "P3",
  title: "list pages as a person, against their query without access control",
  async run(bench) {
    const { rows, member, largest, newcomer, admin } = await bench.history();
    const cases = [false, true].flatMap((deep): Case[] => {
      const page = deep ? "deep page" : "first page";
      return [
        { ...member, name: `member, one workspace, ${page}`, of: [member.workspaceId], deep },
        { ...member, name: `member, all ten workspaces, ${page}`, of: member.workspaceIds, deep },
        { ...largest, name: `largest tenant, ${page}`, of: [largest.workspaceId], deep },
        { ...newcomer, name: `new empty workspace, ${page}`, of: [newcomer.workspaceId], deep },
        { ...admin, name: `admin, all workspaces, ${page}`, of: "all", deep },
      ];
    });
    const ratios: Ratio[] = [];
    for (const one of cases) {
      bench.progress(`P3: ${one.name}`);
      ratios.push(await measure(bench, one, rows.toLocaleString("en-US")));
    }
    return ratios;
  },
};

async function measure({ owner, callers }: Bench, one: Case, rows: string): Promise<Ratio> {
  const person = await callers.session("authenticated", one.claims);
  const bare = await callers.unfencedSession(one.claims);
  const cursor = one.deep ? await middleOf(owner, one.of) : undefined;
  const [asPerson, without] = [callOf(one, cursor), queryOf(one, cursor)];
  const samples = { person: [] as number[], bare: [] as number[] };
  for (let call = -WARM_UP; call < CALLS; call++) {
    const [a, b] = [await serverTime(person, asPerson), await serverTime(bare, without)];
    if (call < 0) continue;
    samples.person.push(a);
    samples.bare.push(b);
  }
  const [measured, reference] = [median(samples.person), median(samples.bare)];
  return {
    id: "P3",
    name: `list of ${rows} rows, ${one.name}: as a person ÷ query alone`,
    measured: { value: measured, unit: "ms" },
    reference: { value: reference, unit: "ms" },
    ratio: measured / reference,
    rounds: CALLS,
    bounds: BOUNDS,
  };
}

interface Cursor {
  readonly ts: string;
  readonly id: string;
}

/** The entry half way down, or a moment half way where there is none. */
async function middleOf(owner: postgres.Sql, of: Case["of"]): Promise<Cursor> {
  const [row] = await owner<Cursor[]>`
    select e.ts::text as ts, e.id from public.entries e
    where e.ts <= now() - interval '15 days'
      and (${of === "all"}::boolean or e.workspace_id = any (${
    of === "all" ? [] : [...of]
  }::uuid[]))
    order by e.ts desc, e.id desc limit 1`;
  return row ?? {
    ts: new Date(Date.now() - 15 * 86_400_000).toISOString(),
    id: crypto.randomUUID(),
  };
}

/** The call of the person; all values are the benchmark's own, written as the function writes them. */
function callOf({ of }: Case, cursor: Cursor | undefined): string {
  const args = [`page_size => ${PAGE}`];
  if (of !== "all" && of.length === 1) args.push(`workspace_id => '${of[0]}'`);
  if (cursor) args.push(`before_ts => '${cursor.ts}'`, `before_id => '${cursor.id}'`);
  return `select * from public.entries_filtered_list(${args.join(", ")})`;
}

/** The same page as a query of its own, written by somebody who need not ask who may see what. */
function queryOf({ of }: Case, cursor: Cursor | undefined): string {
  const entries = "select e.* from public.entries e where";
  if (of === "all") {
    const place = cursor ? `e.ts <= '${cursor.ts}' and e.id < '${cursor.id}'` : "true";
    return `${entries} ${place} order by e.id desc limit ${PAGE}`;
  }
  const place = cursor
    ? `e.ts <= '${cursor.ts}' and (e.ts, e.id) < ('${cursor.ts}'::timestamptz, '${cursor.id}'::uuid)`
    : "true";
  const page = (workspace: string) =>
    `${entries} e.workspace_id = ${workspace} and ${place} order by e.ts desc, e.id desc limit ${PAGE}`;
  if (of.length === 1) return page(`'${of[0]}'`);
  return `select p.* from unnest('{${of.join(",")}}'::uuid[]) as w (id)
    cross join lateral (${page("w.id")}) as p order by p.ts desc, p.id desc limit ${PAGE}`;
}

interface Explained {
  readonly "Planning Time": number;
  readonly "Execution Time": number;
}

async function serverTime(session: postgres.Sql, query: string): Promise<number> {
  const [row] = await session.unsafe<{ "QUERY PLAN": [Explained] }[]>(
    `explain (analyze, timing off, serialize text, format json) ${query}`,
  );
  const [plan] = row!["QUERY PLAN"];
  return plan["Planning Time"] + plan["Execution Time"];
}
