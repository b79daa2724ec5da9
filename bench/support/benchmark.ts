import type postgres from "postgres";
import type { StackInfo } from "../../scripts/stack-info.ts";
import type { Callers } from "./callers.ts";
import type { History } from "./history.ts";
import type { Ratio } from "./ratio.ts";

/** What a benchmark works with. All of them run one after another on one stack. */
export interface Bench {
  readonly stack: StackInfo;
  /** The database as the owner of the tables. */
  readonly owner: postgres.Sql;
  readonly callers: Callers;
  /** A month of captures of a thousand workspaces, loaded when the first benchmark asks for it. */
  history(): Promise<History>;
  /** Tells whoever waits what goes on. */
  progress(line: string): void;
}

/** A benchmark measures the ratios of its id, in one run and on one machine. */
export interface Benchmark {
  readonly id: string;
  readonly title: string;
  run(bench: Bench): Promise<Ratio[]>;
}
