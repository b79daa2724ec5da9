import type { TestProject } from "vitest/node";
import { readStackInfo } from "../../scripts/stack-info.ts";
import { startOwnStack } from "./own-stack.ts";

/**
 * One stack for all surface tests: its own on free ports, or the running one whose stack.json
 * BUSYMATE_TARGET names.
 */
export default async function setup(project: TestProject) {
  const target = process.env["BUSYMATE_TARGET"];
  if (target) {
    project.provide("stack", readStackInfo(target));
    return;
  }
  const stack = await startOwnStack();
  project.provide("stack", stack.info);
  return async () => {
    for (const line of stack.lines) process.stderr.write(`stack: ${line}\n`);
    await stack.stop();
  };
}
