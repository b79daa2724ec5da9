import { BOUNDS, emptySample } from "./histogram.ts";
import type { Sample } from "./histogram.ts";

/** https://prometheus.io/docs/instrumenting/exposition_formats/ */
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The samples in Prometheus' text format: requests by answer, durations by function. */
export function prometheusText(samples: readonly Sample[]): string {
  const lines = [
    "# HELP busymate_requests_total Requests answered by the edge functions.",
    "# TYPE busymate_requests_total counter",
  ];
  for (const { surface, status, code, requests } of samples) {
    lines.push(
      `busymate_requests_total{function="${surface}",status="${status}",code="${code}"} ${requests}`,
    );
  }
  lines.push(
    "# HELP busymate_request_duration_seconds How long the edge functions took to answer.",
    "# TYPE busymate_request_duration_seconds histogram",
  );
  for (const { surface, requests, seconds, buckets } of bySurface(samples)) {
    const name = "busymate_request_duration_seconds";
    let upTo = 0;
    for (const [index, bound] of BOUNDS.entries()) {
      upTo += buckets[index]!;
      lines.push(`${name}_bucket{function="${surface}",le="${bound}"} ${upTo}`);
    }
    lines.push(
      `${name}_bucket{function="${surface}",le="+Inf"} ${requests}`,
      `${name}_sum{function="${surface}"} ${seconds}`,
      `${name}_count{function="${surface}"} ${requests}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function bySurface(samples: readonly Sample[]): Sample[] {
  const sums = new Map<string, Sample>();
  for (const { surface, requests, seconds, buckets } of samples) {
    const sum = sums.get(surface) ?? emptySample({ surface, status: 0, code: "" });
    sum.requests += requests;
    sum.seconds += seconds;
    for (const [index, n] of buckets.entries()) sum.buckets[index]! += n;
    sums.set(surface, sum);
  }
  return [...sums.values()];
}
