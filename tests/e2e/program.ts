import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StackInfo } from "../support/stack.ts";

export interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

/** The command line programs as a person runs them, against a stack whose file is in a directory of its own. */
export async function programs(stack: StackInfo) {
  const dataDir = await mkdtemp(join(tmpdir(), "busymate-programs-"));
  await writeFile(join(dataDir, "stack.json"), JSON.stringify(stack));
  return {
    dataDir,
    run: (script: string, ...args: string[]) => run(dataDir, script, args),
    remove: () => rm(dataDir, { recursive: true, force: true }),
  };
}

export function run(dataDir: string, script: string, args: string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", "tsx", `scripts/${script}.ts`, ...args], {
      env: { ...process.env, BUSYMATE_DATA: dataDir },
    });
    const outcome: Outcome = { code: null, out: "", err: "" };
    child.stdout.on("data", (chunk) => outcome.out += String(chunk));
    child.stderr.on("data", (chunk) => outcome.err += String(chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ ...outcome, code }));
  });
}
