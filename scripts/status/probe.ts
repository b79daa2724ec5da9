// One look at one component.

import { z } from "zod";
import type { ComponentStatus } from "../../shared/stats/status.ts";
import type { ComponentConfig } from "./config.ts";
import { reasonOf } from "./request.ts";
import { unitState } from "./units.ts";

type Reachability = Pick<ComponentStatus, "up" | "http_status" | "latency_ms" | "error">;
type Deployed = Pick<ComponentStatus, "version" | "build">;

const VERSION_BYTES = 262_144;
const release = z.object({ version: z.string().max(40), build: z.int().nonnegative() });
const versionFile = release.extend({ components: z.record(z.string(), release).optional() });

/** Whether it answers, what is deployed there and what its unit does, all at once; never throws. */
export async function probe(
  component: ComponentConfig,
  timeoutMs: number,
): Promise<ComponentStatus> {
  const { key, label, core, unit } = component;
  const checked_at = new Date().toISOString();
  const [reached, deployed, unit_state] = await Promise.all([
    reach(component.url, timeoutMs),
    deployedAt(component.version, timeoutMs),
    unit === undefined ? null : unitState(unit),
  ]);
  return { key, label, core, ...reached, unit_state, ...deployed, checked_at };
}

async function reach(url: string, timeoutMs: number): Promise<Reachability> {
  const started = performance.now();
  try {
    const response = await fetch(url, {
      // A component that sends elsewhere is up only if that is.
      redirect: "follow",
      signal: AbortSignal.timeout(timeoutMs),
      headers: { "User-Agent": "busymate-status", Connection: "close" },
    });
    const latency_ms = Math.round(performance.now() - started);
    await response.body?.cancel();
    const { ok: up, status: http_status } = response;
    return { up, http_status, latency_ms, error: up ? null : `answered ${http_status}` };
  } catch (error) {
    return { up: false, http_status: null, latency_ms: null, error: faultOf(error, timeoutMs) };
  }
}

/** Additional: what it cannot find out does not make the component down. */
async function deployedAt(
  source: ComponentConfig["version"],
  timeoutMs: number,
): Promise<Deployed> {
  const unknown = { version: null, build: null };
  if (!source) return unknown;
  try {
    const response = await fetch(source.url, { signal: AbortSignal.timeout(timeoutMs) });
    const text = await response.text();
    if (!response.ok || text.length > VERSION_BYTES) return unknown;
    const { components, ...whole } = versionFile.parse(JSON.parse(text));
    if (source.component === undefined) return whole;
    return components?.[source.component] ?? unknown;
  } catch {
    return unknown;
  }
}

function faultOf(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === "TimeoutError") {
    return `no answer within ${timeoutMs} ms`;
  }
  return reasonOf(error).slice(0, 200);
}
