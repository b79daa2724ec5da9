import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RequestLog } from "../http/log.ts";
import { BOUNDS, bucketOf, emptySample } from "./histogram.ts";
import type { Sample } from "./histogram.ts";
import { createMeter } from "./meter.ts";
import { prometheusText } from "./prometheus.ts";

const line = (status: number, duration_ms: number, code?: string): RequestLog => ({
  time: "2026-11-24T00:00:00.000Z",
  level: "info",
  surface: "ingest",
  request_id: "r",
  caller: "anonymous",
  method: "POST",
  path: "/ingest",
  status,
  duration_ms,
  ...(code !== undefined && { error: { code, message: "no" } }),
});

describe("a meter", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const setUp = () => {
    const stored: Sample[][] = [];
    const state = { away: false, work: [] as Promise<void>[], refusals: [] as unknown[] };
    const meter = createMeter({
      record: (samples) => {
        if (state.away) return Promise.reject(new Error("away"));
        stored.push(samples);
        return Promise.resolve();
      },
      refused: (error) => state.refusals.push(error),
      keepAlive: (work) => state.work.push(work),
      flushAfterMs: 1_000,
    });
    return { meter, stored, state };
  };

  it("stores many requests in one call, alike ones as one sum", async () => {
    const { meter, stored, state } = setUp();
    for (let n = 0; n < 100; n++) meter(line(200, 30));
    meter(line(429, 2, "rate_limited"));
    expect(state.work).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(stored).toHaveLength(1);
    expect(stored[0]).toMatchObject([
      { surface: "ingest", status: 200, code: "", requests: 100 },
      { surface: "ingest", status: 429, code: "rate_limited", requests: 1, seconds: 0.002 },
    ]);
    expect(stored[0]![0]!.seconds).toBeCloseTo(3);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(stored).toHaveLength(1);
  });

  it("keeps what could not be stored until it can be", async () => {
    const { meter, stored, state } = setUp();
    state.away = true;
    meter(line(200, 1));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(stored).toEqual([]);
    expect(state.refusals).toEqual([new Error("away")]);
    state.away = false;
    meter(line(200, 1));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(stored).toMatchObject([[{ requests: 2 }]]);
  });
});

describe("a duration", () => {
  it("is in the first bucket whose bound it does not pass", () => {
    fc.assert(fc.property(fc.double({ min: 0, max: 100, noNaN: true }), (seconds) => {
      const bucket = bucketOf(seconds);
      expect(seconds).toBeLessThanOrEqual(BOUNDS[bucket] ?? Infinity);
      if (bucket > 0) expect(seconds).toBeGreaterThan(BOUNDS[bucket - 1]!);
    }));
  });
});

describe("Prometheus' format", () => {
  it("has requests by answer and durations by function, buckets cumulated", () => {
    const sample = (status: number, code: string, requests: number, bucket: number): Sample => {
      const made = emptySample({ surface: "ingest", status, code });
      made.buckets[bucket] = requests;
      return { ...made, requests, seconds: requests / 2 };
    };
    const text = prometheusText([sample(200, "", 3, 0), sample(503, "unavailable", 1, 11)]);
    expect(text.split("\n")).toEqual(expect.arrayContaining([
      'busymate_requests_total{function="ingest",status="200",code=""} 3',
      'busymate_requests_total{function="ingest",status="503",code="unavailable"} 1',
      'busymate_request_duration_seconds_bucket{function="ingest",le="0.005"} 3',
      'busymate_request_duration_seconds_bucket{function="ingest",le="10"} 3',
      'busymate_request_duration_seconds_bucket{function="ingest",le="+Inf"} 4',
      'busymate_request_duration_seconds_sum{function="ingest"} 2',
      'busymate_request_duration_seconds_count{function="ingest"} 4',
    ]));
    expect(text.endsWith("\n")).toBe(true);
  });
});
