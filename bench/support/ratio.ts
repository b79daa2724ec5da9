import type postgres from "postgres";

/** One line of the table: what was measured, against what, and where the bounds are. */
export interface Ratio {
  /** As in the table of ratios: P1, P1h, P9. */
  readonly id: string;
  readonly name: string;
  readonly measured: Quantity;
  readonly reference: Quantity;
  readonly ratio: number;
  /** How often both were measured in turn; the ratio is that of the medians or percentiles. */
  readonly rounds: number;
  readonly bounds: Bounds;
}

export interface Quantity {
  readonly value: number;
  readonly unit: string;
}

/** Whether more or less is better, what a release must reach and what is aimed at. */
export interface Bounds {
  readonly better: "more" | "less";
  readonly must: number;
  readonly aim: number;
}

export type Verdict = "aim reached" | "ok" | "MISS";

export function verdictOn({ ratio, bounds }: Pick<Ratio, "ratio" | "bounds">): Verdict {
  const reaches = (bound: number) => bounds.better === "more" ? ratio >= bound : ratio <= bound;
  if (reaches(bounds.aim)) return "aim reached";
  return reaches(bounds.must) ? "ok" : "MISS";
}

/** The value below which the share `p` of the samples lies (nearest rank). */
export function percentile(samples: readonly number[], p: number): number {
  if (samples.length === 0) throw new RangeError("no samples");
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)]!;
}

export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? sorted[Math.floor(middle)]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

interface Comparison {
  readonly rounds: number;
  /** Each returns the value of one round; what it prepares it keeps out of its own timing. */
  readonly measured: () => Promise<number>;
  readonly reference: () => Promise<number>;
  /** Rounds before those that count: two unless told. */
  readonly warmUp?: number;
  /** What of the rounds is compared: the median unless told. */
  readonly of?: (samples: readonly number[]) => number;
}

export type Compared = Pick<Ratio, "ratio" | "rounds"> & { measured: number; reference: number };

/** Rounds that only warm up: plans, caches, the driver's compiler. */
const WARM_UP = 2;

/**
 * Measures A B A B … and compares the medians, or what else is asked of. Short rounds in turn are what makes it hold on a busy
 * machine: whatever slows it for a while slows both.
 */
export async function compare(
  { rounds, warmUp = WARM_UP, measured, reference, of = median }: Comparison,
): Promise<Compared> {
  const samples = { measured: [] as number[], reference: [] as number[] };
  for (let round = -warmUp; round < rounds; round++) {
    const [a, b] = [await measured(), await reference()];
    if (round < 0) continue;
    samples.measured.push(a);
    samples.reference.push(b);
  }
  const [a, b] = [of(samples.measured), of(samples.reference)];
  return { measured: a, reference: b, ratio: a / b, rounds };
}

export const p95 = (samples: readonly number[]): number => percentile(samples, 0.95);

/** Seconds that an action takes. */
export async function secondsOf(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return (performance.now() - start) / 1000;
}

/** Milliseconds that a query takes, from sending it to having its rows. */
export async function queryTime(session: postgres.Sql, query: string): Promise<number> {
  return 1000 * await secondsOf(() => session.unsafe(query, [], { prepare: true }));
}
