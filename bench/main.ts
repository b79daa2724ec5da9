// npm run bench [-- P3 P9] [--rows N]: the product's speed as ratios of things measured in the same
// run on the same machine. Prints one table; ends with 1 when a ratio misses what it must reach.

import { parseArgs } from "node:util";
import postgres from "postgres";
import { Complaint, runProgram } from "../scripts/complaint.ts";
import { ingestOverHttp } from "./p1h-ingest-over-http.ts";
import { ingestInSql } from "./p1-ingest-in-sql.ts";
import { batching } from "./p2-batching.ts";
import { listUnderRowSecurity } from "./p3-list-under-row-security.ts";
import { insertUnderRowSecurity } from "./p4-insert-under-row-security.ts";
import { liveFeed } from "./p9-live-feed.ts";
import { redaction } from "./p10-redaction.ts";
import type { Bench, Benchmark } from "./support/benchmark.ts";
import { Callers } from "./support/callers.ts";
import { type History, loadHistory } from "./support/history.ts";
import { type Ratio, verdictOn } from "./support/ratio.ts";
import { type BenchStack, startBenchStack } from "./support/stack.ts";
import { machineLine, summaryOf, tableOf } from "./support/table.ts";

/** In this order: what needs an almost empty table before what fills it. */
const BENCHMARKS: readonly Benchmark[] = [
  ingestInSql,
  ingestOverHttp,
  batching,
  insertUnderRowSecurity,
  liveFeed,
  listUnderRowSecurity,
  redaction,
];

const DEFAULT_ROWS = 1_000_000;

await runProgram(async () => {
  const { benchmarks, rows } = readArguments(process.argv.slice(2));
  const progress = progressSince(performance.now());
  progress("starting a stack");
  const stack = await startBenchStack();
  try {
    const { ratios, machine } = await measure(stack, benchmarks, rows, progress);
    process.stdout.write(
      `\n${tableOf(ratios)}\n\n${machine}\n` +
        "n: how often both were measured in turn; measured and reference are medians unless said.\n",
    );
    if (ratios.some((ratio) => verdictOn(ratio) === "below must")) process.exitCode = 1;
  } finally {
    await stack.stop();
  }
});

async function measure(
  stack: BenchStack,
  benchmarks: readonly Benchmark[],
  rows: number,
  progress: (line: string) => void,
): Promise<{ ratios: Ratio[]; machine: string }> {
  const owner = postgres(stack.info.db_url, { max: 2, onnotice: () => {} });
  const callers = new Callers(stack.info, stack.dataDir);
  let history: Promise<History> | undefined;
  const bench: Bench = {
    stack: stack.info,
    owner,
    callers,
    history: () => history ??= loadHistory(owner, stack.info.issuer, rows, progress),
    progress,
  };
  try {
    // Realtime keeps messages only once somebody has connected, and a feed nobody watches is no feed.
    await callers.watch(() => {});
    const ratios: Ratio[] = [];
    for (const benchmark of benchmarks) {
      progress(`${benchmark.id}: ${benchmark.title}`);
      const measured = await benchmark.run(bench);
      callers.assertNoWarnings();
      for (const ratio of measured) progress(`${ratio.id}: ${summaryOf(ratio)}`);
      ratios.push(...measured);
    }
    const [server] = await owner<{ version: string }[]>`
      select 'Postgres ' || current_setting('server_version') as version`;
    return { ratios, machine: machineLine(server!.version) };
  } finally {
    await callers.close();
    await owner.end();
  }
}

function readArguments(args: string[]): { benchmarks: readonly Benchmark[]; rows: number } {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { rows: { type: "string" } },
  });
  const known = BENCHMARKS.map(({ id }) => id);
  const unknown = positionals.find((id) => !known.includes(id.toUpperCase()));
  if (unknown) {
    throw new Complaint(`There is no benchmark "${unknown}". There are: ${known.join(" ")}`);
  }
  const rows = Number(values.rows ?? DEFAULT_ROWS);
  if (!Number.isInteger(rows) || rows < 10_000) {
    throw new Complaint(`--rows must be a whole number from 10,000, not "${values.rows}".`);
  }
  const chosen = new Set(positionals.map((id) => id.toUpperCase()));
  return {
    benchmarks: chosen.size === 0 ? BENCHMARKS : BENCHMARKS.filter(({ id }) => chosen.has(id)),
    rows,
  };
}

function progressSince(start: number): (line: string) => void {
  return (line) =>
    void process.stderr.write(
      `${((performance.now() - start) / 1000).toFixed(0).padStart(4)} s  ${line}\n`,
    );
}
