export interface BackoffOptions {
  /** The bound of the first delay; it doubles with every attempt. */
  firstMs: number;
  /** The bound that no delay exceeds. */
  maxMs: number;
  random?: () => number;
}

/**
 * Full jitter: a random delay up to a bound that doubles (AWS Architecture Blog, "Exponential Backoff
 * and Jitter"), so that clients who lost the same server do not come back at the same moment.
 */
export function backoffMs(attempt: number, { firstMs, maxMs, random }: BackoffOptions): number {
  const bound = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30));
  return (random ?? Math.random)() * bound;
}
