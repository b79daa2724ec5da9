/** One line of the table: what was measured, against what, and where the bounds are. */
export interface Ratio {
  /** As on the command line: P1, P9. */
  readonly id: string;
  readonly name: string;
  readonly measured: Quantity;
  readonly reference: Quantity;
  readonly ratio: number;
  /** Pairs of measurements that the ratio is the median of. */
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

export type Verdict = "aim reached" | "ok" | "below must";

export function verdictOn({ ratio, bounds }: Pick<Ratio, "ratio" | "bounds">): Verdict {
  const reaches = (bound: number) => bounds.better === "more" ? ratio >= bound : ratio <= bound;
  if (reaches(bounds.aim)) return "aim reached";
  return reaches(bounds.must) ? "ok" : "below must";
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
  /** Each returns its value of one round; neither keeps what it prepares out of its own timing. */
  readonly measured: (round: number) => Promise<number>;
  readonly reference: (round: number) => Promise<number>;
}

export interface Compared {
  readonly measured: number;
  readonly reference: number;
  readonly ratio: number;
  readonly rounds: number;
}

/**
 * Measures A B A B …, after a first pair that only warms up. The ratio is the median of the pairs'
 * ratios: what slows the machine for a while slows both halves of a pair.
 */
export async function compare(comparison: Comparison): Promise<Compared> {
  const measured: number[] = [];
  const reference: number[] = [];
  for (let round = 0; round <= comparison.rounds; round++) {
    const [a, b] = [await comparison.measured(round), await comparison.reference(round)];
    if (round === 0) continue;
    measured.push(a);
    reference.push(b);
  }
  return {
    measured: median(measured),
    reference: median(reference),
    ratio: median(measured.map((value, i) => value / reference[i]!)),
    rounds: comparison.rounds,
  };
}

/** Seconds that an action takes. */
export async function secondsOf(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return (performance.now() - start) / 1000;
}
