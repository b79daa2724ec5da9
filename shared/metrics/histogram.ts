/** Upper bounds in seconds of the duration buckets; what took longer than the last is in one more. */
export const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** Requests that were answered alike. */
export interface Sample {
  surface: string;
  status: number;
  /** Empty for a success. */
  code: string;
  requests: number;
  seconds: number;
  /** How many took how long, one number a bucket. */
  buckets: number[];
}

/** Which bucket a duration belongs to. */
export function bucketOf(seconds: number): number {
  const index = BOUNDS.findIndex((bound) => seconds <= bound);
  return index === -1 ? BOUNDS.length : index;
}

/** No request yet. */
export const emptySample = (key: Pick<Sample, "surface" | "status" | "code">): Sample => ({
  ...key,
  requests: 0,
  seconds: 0,
  buckets: Array.from({ length: BOUNDS.length + 1 }, () => 0),
});
