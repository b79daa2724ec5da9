// npm run bench [-- --only P3,P9] [--rows N] [--report]: the product's speed as ratios of things measured in the
// same run on the same machine. Prints one table; ends with 1 when a ratio misses what it must reach.

import { writeFile } from "node:fs/promises";
import { readOptions } from "../scripts/arguments.ts";
import { Complaint, runProgram } from "../scripts/complaint.ts";
import { formatted } from "../scripts/formatted.ts";
import { ingestOverHttp } from "./p1h-ingest-over-http.ts";
import { ingestInSql } from "./p1-ingest-in-sql.ts";
import { batching } from "./p2-batching.ts";
import { listUnderRowSecurity } from "./p3-list-under-row-security.ts";
import { insertUnderRowSecurity } from "./p4-insert-under-row-security.ts";
import { flatness } from "./p5-flatness.ts";
import { absentPattern } from "./p6-absent-pattern.ts";
import { statistics } from "./p7-statistics.ts";
import { expiry } from "./p8-expiry.ts";
import { liveFeed } from "./p9-live-feed.ts";
import { redaction } from "./p10-redaction.ts";
import { mcp } from "./p10-mcp.ts";
import { sse } from "./p10-sse.ts";
import { plans } from "./plans.ts";
import type { Bench, Benchmark, Site } from "./support/benchmark.ts";
import { type History, loadHistory } from "./support/history.ts";
import { type Ratio, verdictOn } from "./support/ratio.ts";
import { Sites } from "./support/sites.ts";
import { machineLine, summaryOf, tableOf } from "./support/table.ts";

/** In this order: what needs an almost empty table before what fills it. */
const BENCHMARKS: readonly Benchmark[] = [
  ingestInSql,
  ingestOverHttp,
  batching,
  insertUnderRowSecurity,
  liveFeed,
  mcp,
  listUnderRowSecurity,
  redaction,
  sse,
  flatness,
  absentPattern,
  statistics,
  expiry,
  plans,
];

const REPORT = new URL("../docs/performance.md", import.meta.url);
const DEFAULT_ROWS = 10_000_000;
const SMALL = 100_000;

await runProgram(async () => {
  const { benchmarks, rows, report } = readArguments();
  const progress = progressSince(performance.now());
  const sites = new Sites(progress);
  try {
    const { ratios, machine } = await measure(sites, benchmarks, rows, progress);
    process.stdout.write(
      `\n${tableOf(ratios)}\n\n${machine}\n` +
        "n: how often both were measured in turn; measured and reference are medians unless said.\n",
    );
    if (report) await writeFile(REPORT, await formatted(reportOf(ratios, machine, rows), "md"));
    if (ratios.some((ratio) => verdictOn(ratio) === "MISS")) process.exitCode = 1;
  } finally {
    await sites.close();
  }
});

async function measure(
  sites: Sites,
  benchmarks: readonly Benchmark[],
  rows: number,
  progress: (line: string) => void,
): Promise<{ ratios: Ratio[]; machine: string }> {
  const site = await sites.open();
  const load = ({ owner, stack }: Site, count: number) =>
    loadHistory(owner, stack.issuer, count, progress);
  const openSmall = async () => {
    const site = await sites.open();
    return { ...site, history: await load(site, SMALL) };
  };
  let history: Promise<History> | undefined;
  let small: ReturnType<typeof openSmall> | undefined;
  const bench: Bench = {
    ...site,
    history: () => history ??= load(site, rows),
    small: () => small ??= openSmall(),
    progress,
  };
  // Realtime keeps messages only once somebody has connected, and a feed nobody watches is no feed.
  await site.callers.watch(() => {});
  const ratios: Ratio[] = [];
  for (const benchmark of benchmarks) {
    progress(`${benchmark.id}: ${benchmark.title}`);
    const measured = await benchmark.run(bench);
    sites.assertNoWarnings();
    for (const ratio of measured) progress(`${ratio.id}: ${summaryOf(ratio)}`);
    ratios.push(...measured);
  }
  const [server] = await site.owner<{ version: string }[]>`
    select 'Postgres ' || current_setting('server_version') as version`;
  return { ratios, machine: machineLine(server!.version) };
}

/** docs/performance.md: what a run measured, and how to measure it again. */
function reportOf(ratios: readonly Ratio[], machine: string, rows: number): string {
  return `<!-- Written by: npm run bench -- --report -->

# Performance

Ratios of things measured in turn, in one run on one machine: they carry over to other machines, the
absolutes do not. ${rows.toLocaleString("en-US")} entries in 30 partitions over 1,000 workspaces;
measured and reference are medians unless said, n is how often both were measured.

\`\`\`text
${tableOf(ratios)}
\`\`\`

Measured on ${machine}. Again, in about a quarter of an hour, with nothing else running:

\`\`\`sh
npm run bench -- --report
\`\`\`
`;
}

function readArguments(): { benchmarks: readonly Benchmark[]; rows: number; report: boolean } {
  const values = readOptions("Usage: npm run bench [-- --only P3,P9] [--rows N] [--report]", {
    options: {
      only: { type: "string" },
      rows: { type: "string" },
      report: { type: "boolean", default: false },
    },
  });
  const known = BENCHMARKS.map(({ id }) => id);
  const chosen = values.only?.toUpperCase().split(",") ?? known;
  const unknown = chosen.find((id) => !known.includes(id));
  if (unknown !== undefined) {
    throw new Complaint(`There is no benchmark "${unknown}". There are: ${known.join(" ")}`);
  }
  const rows = Number(values.rows ?? DEFAULT_ROWS);
  if (!Number.isInteger(rows) || rows < SMALL) {
    throw new Complaint(`--rows must be a whole number from 100,000, not "${values.rows}".`);
  }
  const benchmarks = BENCHMARKS.filter(({ id }) => chosen.includes(id));
  return { benchmarks, rows, report: values.report };
}

function progressSince(start: number): (line: string) => void {
  return (line) =>
    void process.stderr.write(
      `${((performance.now() - start) / 1000).toFixed(0).padStart(4)} s  ${line}\n`,
    );
}
