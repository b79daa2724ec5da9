import postgres from "postgres";
import type { Site } from "./benchmark.ts";
import { Callers } from "./callers.ts";
import { type BenchStack, startBenchStack } from "./stack.ts";

/** The stacks of a run, each with its database and its callers. */
export class Sites {
  readonly #open: { stack: BenchStack; site: Site }[] = [];
  readonly #progress: (line: string) => void;

  constructor(progress: (line: string) => void) {
    this.#progress = progress;
  }

  async open(): Promise<Site> {
    this.#progress("starting a stack");
    const stack = await startBenchStack();
    const owner = postgres(stack.info.db_url, { max: 2, onnotice: () => {} });
    const callers = new Callers(stack.info, stack.dataDir);
    const site = { stack: stack.info, dataDir: stack.dataDir, owner, callers };
    this.#open.push({ stack, site });
    return site;
  }

  assertNoWarnings(): void {
    for (const { site } of this.#open) site.callers.assertNoWarnings();
  }

  async close(): Promise<void> {
    for (const { stack, site } of this.#open) {
      await site.callers.close();
      await site.owner.end();
      await stack.stop();
    }
  }
}
