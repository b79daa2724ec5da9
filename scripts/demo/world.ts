import type { FeedEntry } from "busymate-client";
import type { CapturedEntry } from "../capture/exchange.ts";
import type { Origin } from "../capture/origin.ts";
import type { CaptureProxy } from "../capture/proxy.ts";
import type { Uploader } from "../capture/uploader.ts";
import type { DeviceCredential } from "../device.ts";
import type { Person } from "../person.ts";
import type { StackInfo } from "../stack-info.ts";

/** An entry on the feed, and how long after its capture it came. */
export interface Arrival {
  entry: FeedEntry;
  latencyMs: number;
}

/** What the steps of the demo hand on to each other. */
export interface World {
  stack: StackInfo;
  dataDir: string;
  /** Whose traffic it is, and somebody of another workspace. */
  owner: Person;
  stranger: Person;
  device: DeviceCredential;
  origin: Origin;
  proxy: CaptureProxy;
  uploader: Uploader;
  /** By request id, with the moment of capture. */
  captured: Map<string, { entry: CapturedEntry; at: number }>;
  arrivals: Map<string, Arrival>;
  /** What went wrong in the background. */
  troubles: string[];
  say(line: string): void;
  /** Called in reverse order at the end, whatever happened. */
  onEnd(action: () => Promise<unknown>): void;
}

/** The demo's own failure: one clear line, no trace. */
export class StepFailure extends Error {
  override name = "StepFailure";
}

export interface Step {
  title: string;
  run(world: World): Promise<void>;
}

export function ensure(condition: boolean, failure: string): asserts condition {
  if (!condition) throw new StepFailure(failure);
}

/** Polls until the condition holds. */
export async function until(
  condition: () => boolean,
  timeoutMs: number,
  failure: () => string,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    ensure(Date.now() < deadline, failure());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
