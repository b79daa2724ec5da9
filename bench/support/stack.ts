import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StackInfo } from "../../scripts/stack-info.ts";

export interface BenchStack {
  readonly info: StackInfo;
  readonly dataDir: string;
  stop(): Promise<void>;
}

/** Starts a stack on free ports and a temporary directory, which its `stop` removes. */
export async function startBenchStack(): Promise<BenchStack> {
  const dataDir = await mkdtemp(join(tmpdir(), "busymate-bench-"));
  const program = fileURLToPath(new URL("stack-process.ts", import.meta.url));
  const child = fork(program, [dataDir], { execArgv: ["--import", "tsx"] });
  const exited = once(child, "exit");
  const stop = async () => {
    if (child.connected) child.disconnect();
    await exited;
    await rm(dataDir, { recursive: true, force: true });
  };
  const info = await Promise.race([
    once(child, "message").then(([message]) => message as StackInfo),
    exited.then(() => undefined),
  ]);
  if (info) return { info, dataDir, stop };
  await stop();
  throw new Error("The stack did not start; its last words are above.");
}
