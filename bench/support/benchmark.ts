import type postgres from "postgres";
import type { StackInfo } from "../../scripts/stack-info.ts";
import type { Callers } from "./callers.ts";
import type { History } from "./history.ts";
import type { Ratio } from "./ratio.ts";

/** A running stack and who works with it. */
export interface Site {
  readonly stack: StackInfo;
  /** Where the stack keeps its keys. */
  readonly dataDir: string;
  /** The database as the owner of the tables. */
  readonly owner: postgres.Sql;
  readonly callers: Callers;
}

/** What a benchmark works with. All of them run one after another on one stack. */
export interface Bench extends Site {
  /** A month of captures of a thousand workspaces, loaded when the first benchmark asks for it. */
  history(): Promise<History>;
  /** The same with 100,000 rows, on a stack of its own: what a size is compared with. */
  small(): Promise<Site & { readonly history: History }>;
  /** Tells whoever waits what goes on. */
  progress(line: string): void;
}

/** A benchmark measures the ratios of its id, in one run and on one machine. */
export interface Benchmark {
  readonly id: string;
  readonly title: string;
  run(bench: Bench): Promise<Ratio[]>;
}
