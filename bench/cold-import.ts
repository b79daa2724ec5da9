// Cold import of each edge function's module graph, in a Deno process of its own: from the first line
// to where the function would listen. The processor's time is told too, which a busy machine leaves
// as it is.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readOptions } from "../scripts/arguments.ts";
import { Complaint, runProgram } from "../scripts/complaint.ts";
import { declaredFunctions } from "../scripts/deploy/functions.ts";
import { nowhereEnvironment } from "../scripts/nowhere.ts";
import { root, run, toolPath } from "../scripts/tools.ts";

const MUST_MS = 150;
const RUNS = 7;

interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

/** A module that imports a function and, where that would listen, tells what it took and ends. */
const probeOf = (entrypoint: string) => `
import process from "node:process";
const before = process.cpuUsage();
const started = performance.now();
Object.assign(Deno, {
  serve() {
    const { user, system } = process.cpuUsage(before);
    console.log(JSON.stringify({ wall: performance.now() - started, cpu: (user + system) / 1000 }));
    Deno.exit(0);
  },
});
await import(${JSON.stringify(`file://${entrypoint}`)});
`;

async function importOnce(file: string, environment: Record<string, string>): Promise<Cost> {
  const { code, stdout, stderr } = await run(toolPath("deno"), [
    "run",
    "--no-prompt",
    "--no-lock",
    "--no-remote",
    `--config=${join(root, "deno.json")}`,
    "--node-modules-dir=manual",
    "--allow-all",
    file,
  ], { env: { ...process.env, ...environment } });
  if (code !== 0) throw new Complaint(`${file} cannot be imported: ${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

/** The best of some runs: what else the machine does only ever adds. */
async function best(file: string, environment: Record<string, string>): Promise<Cost> {
  // The first fills the cache of transpiled modules, as a deployment fills it.
  await importOnce(file, environment);
  let cost: Cost = { wall: Infinity, cpu: Infinity };
  for (let n = 0; n < RUNS; n++) {
    const { wall, cpu } = await importOnce(file, environment);
    cost = { wall: Math.min(cost.wall, wall), cpu: Math.min(cost.cpu, cpu) };
  }
  return cost;
}

await runProgram(async () => {
  readOptions("Usage: npm run bench:cold-import", {});
  const environment = await nowhereEnvironment();
  const directory = mkdtempSync(join(tmpdir(), "busymate-import-"));
  try {
    for (const { slug } of declaredFunctions(root)) {
      const file = join(directory, `${slug}.ts`);
      writeFileSync(file, probeOf(join(root, "functions", slug, "index.ts")));
      const { wall, cpu } = await best(file, environment);
      const verdict = wall <= MUST_MS ? "ok" : "MISSED";
      if (wall > MUST_MS) process.exitCode = 1;
      process.stdout.write(
        `${slug.padEnd(14)} ${wall.toFixed(0).padStart(5)} ms (${
          cpu.toFixed(0)
        } ms of processor)  ` +
          `must ≤ ${MUST_MS} ms  ${verdict}\n`,
      );
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
