import type { Log } from "../http/log.ts";
import { bucketOf, emptySample } from "./histogram.ts";
import type { Sample } from "./histogram.ts";

export interface MeterOptions {
  /** Stores sums; one statement for however many requests they are of. */
  record: (samples: Sample[]) => Promise<void>;
  /** Told why sums could not be stored; they are kept and tried again. */
  refused: (error: unknown) => void;
  /** Told of work that goes on after the answer, where the platform would otherwise end the process. */
  keepAlive: (work: Promise<void>) => void;
  /** Sums are stored this long after the first request that is not stored yet. */
  flushAfterMs: number;
}

/** What cannot be stored by then waits for the next request: a process is not kept for it for ever. */
const MOST_TRIES = 12;

/**
 * Counts requests by their log lines. A process that is killed loses the requests of its last
 * seconds; a database that is away loses none, they are stored when it is back.
 */
export function createMeter({ record, refused, keepAlive, flushAfterMs }: MeterOptions): Log {
  let sums = new Map<string, Sample>();
  let flushing = false;

  const add = (sample: Sample) => {
    const { surface, status, code } = sample;
    const key = `${surface} ${status} ${code}`;
    const sum = sums.get(key) ?? emptySample({ surface, status, code });
    sum.requests += sample.requests;
    sum.seconds += sample.seconds;
    for (const [index, n] of sample.buckets.entries()) sum.buckets[index]! += n;
    sums.set(key, sum);
  };

  const flush = async () => {
    for (let tries = 0; sums.size > 0 && tries < MOST_TRIES; tries++) {
      await new Promise((done) => setTimeout(done, flushAfterMs));
      const samples = [...sums.values()];
      sums = new Map();
      try {
        await record(samples);
      } catch (error) {
        refused(error);
        for (const sample of samples) add(sample);
      }
    }
    flushing = false;
  };

  return ({ surface, status, error, duration_ms }) => {
    const seconds = duration_ms / 1000;
    const sample = emptySample({ surface, status, code: error?.code ?? "" });
    sample.requests = 1;
    sample.seconds = seconds;
    sample.buckets[bucketOf(seconds)] = 1;
    add(sample);
    if (flushing) return;
    flushing = true;
    keepAlive(flush());
  };
}
