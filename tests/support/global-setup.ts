import type { TestProject } from "vitest/node";
import { readStackInfo } from "../../scripts/stack-info.ts";
import { startOwnStack } from "./own-stack.ts";
import { startTelegram } from "./telegram/setup.ts";

/**
 * One stack for all surface tests: its own on free ports, or the running one whose stack.json
 * BUSYMATE_TARGET names.
 */
export default async function setup(project: TestProject) {
  const target = process.env["BUSYMATE_TARGET"];
  if (target) {
    project.provide("stack", readStackInfo(target));
    project.provide("telegram", null);
    return;
  }
  const telegram = await startTelegram();
  const stack = await startOwnStack({ secrets: telegram.secrets });
  project.provide("stack", stack.info);
  project.provide("telegram", telegram.target);
  return async () => {
    for (const line of stack.lines) process.stderr.write(`stack: ${line}\n`);
    await stack.stop();
    await telegram.stop();
  };
}
