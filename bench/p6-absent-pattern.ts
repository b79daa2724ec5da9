import type { Bench, Benchmark } from "./support/benchmark.ts";
import type { Reader } from "./support/history.ts";
import { compare, p95, queryTime, type Ratio } from "./support/ratio.ts";

const CALLS = 12;

/**
 * A path that a seventh of all entries have, none of them the caller's, against one that is the
 * caller's own and rare. An index over everybody's paths makes the first slow: measured 464 times.
 */
export const absentPattern: Benchmark = {
  id: "P6",
  title: "search for what only others have, against what one has",
  async run(bench) {
    const { member, largest } = await bench.history();
    return [
      await measure(bench, "member of an ordinary workspace", member, "/largest/"),
      await measure(bench, "largest tenant", largest, "/others/"),
    ];
  },
};

async function measure(
  { owner, callers, progress }: Bench,
  name: string,
  { claims, workspaceId }: Reader,
  absent: string,
): Promise<Ratio> {
  progress(`P6: ${name}`);
  const session = await callers.session("authenticated", claims);
  // What takes longer than a request may is measured to its end, not cut off.
  await session`set statement_timeout = 0`;
  const [own] = await owner<{ path: string }[]>`
    select path from public.entries
    where workspace_id = ${workspaceId} and ts <= now() - interval '15 days' and path not like '/v2/%'
    order by ts desc, id desc limit 1`;
  const search = async (path: string) =>
    await queryTime(
      session,
      `select * from public.entries_filtered_list(workspace_id => '${workspaceId}', filter => '${
        JSON.stringify({ field: "path", op: "contains", value: path })
      }')`,
    );
  const compared = await compare({
    rounds: CALLS,
    measured: () => search(absent),
    reference: () => search(own!.path),
    of: p95,
  });
  return {
    id: "P6",
    name: `${name}: what only others have ÷ what one has, p95`,
    measured: { value: compared.measured, unit: "ms" },
    reference: { value: compared.reference, unit: "ms" },
    ratio: compared.ratio,
    rounds: compared.rounds,
    bounds: { better: "less", must: 10, aim: 3 },
  };
}
