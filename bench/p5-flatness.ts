import type { Bench, Benchmark } from "./support/benchmark.ts";
import { QUERIES, type View, viewOf } from "./support/queries.ts";
import { compare, median, p95, queryTime, type Ratio } from "./support/ratio.ts";

const CALLS = 100;
const SEARCHES = 5;

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
    const sites = [
      await viewOf(large, large.history.largest),
      await viewOf(small, small.history.largest),
    ] as const;
    const size = large.history.rows.toLocaleString("en-US");
    const ratios: Ratio[] = [];
    for (const [name, query] of Object.entries(QUERIES)) {
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
    ratios.push(await searchOfBodies(bench, sites[0]));
    return ratios;
  },
};

/** A text that no body has: a call examines as many candidates as it may, or has time for. */
async function searchOfBodies({ owner }: Bench, { session, reader }: View): Promise<Ratio> {
  const filter = JSON.stringify({ field: "body", op: "contains", value: "no body says this" });
  const query = `select jsonb_array_length(r -> 'rows') as found, r -> 'scanned_to' ->> 'ts' as upto
    from public.entries_search(workspace_id => '${reader.workspaceId}', filter => '${filter}') r`;
  const times: number[] = [];
  const candidates: number[] = [];
  for (let n = 0; n < SEARCHES; n++) {
    const start = performance.now();
    const [answer] = await session.unsafe<{ found: number; upto: string }[]>(query);
    times.push(performance.now() - start);
    if (answer!.found > 0) throw new Error("a body says what none should");
    const [examined] = await owner<[{ n: number }]>`
      select count(*)::integer as n from public.entries
      where workspace_id = ${reader.workspaceId} and ts >= ${answer!.upto}`;
    candidates.push(examined.n / 1000);
  }
  const [measured, reference] = [median(times), median(candidates)];
  return {
    id: "P5",
    name: "search in bodies, ms for 1,000 candidates",
    measured: { value: measured, unit: "ms" },
    reference: { value: reference, unit: "thousand" },
    ratio: measured / reference,
    rounds: SEARCHES,
    bounds: { better: "less", must: 60, aim: 30 },
  };
}
