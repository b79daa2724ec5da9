// The status agent's round: look, tell what changed, post.

import { setTimeout as sleep } from "node:timers/promises";
import { overallOf } from "../../shared/stats/status.ts";
import type { ComponentStatus, HostStatus, StatusSnapshot } from "../../shared/stats/status.ts";
import type { AgentConfig } from "./config.ts";
import { hostSampler } from "./host.ts";
import { outbox, postStatus } from "./post.ts";
import { probe } from "./probe.ts";
import type { TokenSource } from "./token.ts";

/** What CPU use is measured over when there is no round before. */
const FIRST_SAMPLE_MS = 500;

type Report = (line: string) => void;

/** Looks and posts once; complains when the post does not arrive. */
export async function reportOnce(config: AgentConfig, source: TokenSource, report: Report) {
  const sample = hostSampler();
  await sleep(FIRST_SAMPLE_MS);
  const snapshot = await look(config, sample);
  changes(report)(snapshot);
  await postStatus(config.project_url, source, snapshot);
  report(`posted: ${snapshot.overall}`);
}

/** Looks and posts every so many seconds until told to stop. */
export async function reportAlways(
  config: AgentConfig,
  source: TokenSource,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const sample = hostSampler();
  const tell = changes(report);
  const posting = postingChanges(report);
  const box = outbox<StatusSnapshot>(
    (snapshot) => postStatus(config.project_url, source, snapshot),
    posting,
  );
  const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => {});
  await pause(FIRST_SAMPLE_MS);
  for (let next = Date.now(); !signal.aborted;) {
    const snapshot = await look(config, sample);
    tell(snapshot);
    box.offer(snapshot);
    // Rounds that took too long, or slept with the machine, are not made up for.
    next = Math.max(next + config.interval_s * 1000, Date.now());
    await pause(next - Date.now());
  }
  await box.stop();
}

async function look(
  config: AgentConfig,
  sample: () => Promise<HostStatus>,
): Promise<StatusSnapshot> {
  const [host, ...components] = await Promise.all([
    sample(),
    ...config.components.map((component) => probe(component, config.probe_timeout_ms)),
  ]);
  return {
    collected_at: new Date().toISOString(),
    overall: overallOf(components),
    host,
    components,
  };
}

/** One line for each component at first, then one for each that changed. */
function changes(report: Report): (snapshot: StatusSnapshot) => void {
  const known = new Map<string, string>();
  return ({ components }) => {
    for (const component of components) {
      const state =
        `${component.up} ${component.unit_state} ${component.version} ${component.build}`;
      if (known.get(component.key) === state) continue;
      known.set(component.key, state);
      report(lineOf(component));
    }
  };
}

function lineOf(component: ComponentStatus): string {
  const { label, up, http_status, latency_ms, version, build, unit_state, error } = component;
  const details = up
    ? [
      `${http_status} in ${latency_ms} ms`,
      ...(version === null ? [] : [`version ${version} build ${build}`]),
    ]
    : [error];
  if (unit_state !== null) details.push(`unit ${unit_state}`);
  return `${label} is ${up ? "up" : "down"}: ${details.join(", ")}`;
}

/** A backend that is away is said once, not every 10 seconds. */
function postingChanges(report: Report): (failure: Error | null) => void {
  let last: string | null | undefined;
  return (failure) => {
    const message = failure?.message ?? null;
    if (message === last) return;
    last = message;
    report(message === null ? "posting works" : `posting fails: ${message}`);
  };
}
