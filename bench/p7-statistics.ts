import type { Bench, Benchmark } from "./support/benchmark.ts";
import { compare, queryTime, type Ratio } from "./support/ratio.ts";

const REFRESHES = 40;
const READS = 5;

/** Every figure of the snapshot that can be computed from the entries themselves, in one pass each. */
const RAW = `
  select count(*), count(*) filter (where ts > now() - interval '24 hours'),
    count(*) filter (where status between 200 and 299), count(*) filter (where status between 300 and 399),
    count(*) filter (where status between 400 and 499), count(*) filter (where status between 500 and 599)
  from public.entries`;

/** Statistics cost the same however many entries there are. */
export const statistics: Benchmark = {
  id: "P7",
  title: "statistics",
  async run(bench) {
    return [await refreshes(bench), await reads(bench)];
  },
};

async function refreshes({ owner, history, small }: Bench): Promise<Ratio> {
  const { rows } = await history();
  const other = await small();
  const refresh = "select private.refresh_stats()";
  const compared = await compare({
    rounds: REFRESHES,
    measured: () => queryTime(owner, refresh),
    reference: () => queryTime(other.owner, refresh),
  });
  return {
    id: "P7",
    name: `refresh at ${rows.toLocaleString("en-US")} rows ÷ at ${
      other.history.rows.toLocaleString("en-US")
    }`,
    measured: { value: compared.measured, unit: "ms" },
    reference: { value: compared.reference, unit: "ms" },
    ratio: compared.ratio,
    rounds: compared.rounds,
    bounds: { better: "less", must: 1.3, aim: 1.1 },
  };
}

async function reads({ owner, callers, history }: Bench): Promise<Ratio> {
  const { admin, rows } = await history();
  const session = await callers.session("authenticated", admin.claims);
  const compared = await compare({
    rounds: READS,
    measured: () => queryTime(owner, RAW),
    reference: () => queryTime(session, "select public.get_stats()"),
  });
  return {
    id: "P7",
    name: `counting ${rows.toLocaleString("en-US")} rows ÷ get_stats, exact to the moment`,
    measured: { value: compared.measured, unit: "ms" },
    reference: { value: compared.reference, unit: "ms" },
    ratio: compared.ratio,
    rounds: compared.rounds,
    bounds: { better: "more", must: 30, aim: 70 },
  };
}
