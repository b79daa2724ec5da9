// How a snapshot gets to the backend.

import { setTimeout as sleep } from "node:timers/promises";
import type { StatusSnapshot } from "../../shared/stats/status.ts";
import { Complaint } from "../complaint.ts";
import { post } from "./request.ts";
import type { TokenSource } from "./token.ts";

/** Posts a snapshot, or complains. A token that was revoked meanwhile is replaced once. */
export async function postStatus(
  projectUrl: string,
  source: TokenSource,
  snapshot: StatusSnapshot,
): Promise<void> {
  const url = `${projectUrl}/functions/v1/stats/status`;
  let response = await send(url, await source.token(), snapshot);
  if (response.status === 401) {
    await response.body?.cancel();
    source.forget();
    response = await send(url, await source.token(), snapshot);
  }
  const text = await response.text();
  if (!response.ok) {
    throw new Complaint(`POST ${url} answered ${response.status}: ${messageIn(text)}`);
  }
}

function send(url: string, token: string, snapshot: StatusSnapshot): Promise<Response> {
  return post(url, {
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify(snapshot),
  });
}

/** The message of an error envelope, or the start of whatever else answered. */
function messageIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } };
    if (typeof error?.message === "string") return error.message;
  } catch {
    // Not of the backend: a gateway on the way, perhaps.
  }
  return text.slice(0, 200);
}

export interface Outbox<T> {
  /** Takes the place of what still waits: nobody wants to know how things were. */
  offer(item: T): void;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 10_000;

/** Sends one at a time, again until it succeeds, always the newest; `report` hears of every outcome. */
export function outbox<T>(
  send: (item: T) => Promise<void>,
  report: (failure: Error | null) => void,
  retryMs = FIRST_RETRY_MS,
): Outbox<T> {
  const stopped = new AbortController();
  let waiting: { item: T } | undefined;
  let working: Promise<void> | undefined;

  async function work(): Promise<void> {
    let pause = retryMs;
    while (waiting && !stopped.signal.aborted) {
      const current = waiting;
      waiting = undefined;
      try {
        await send(current.item);
        report(null);
        pause = retryMs;
      } catch (error) {
        report(error instanceof Error ? error : new Error(String(error)));
        waiting ??= current;
        await sleep(pause, undefined, { signal: stopped.signal }).catch(() => {});
        pause = Math.min(pause * 2, LAST_RETRY_MS);
      }
    }
    working = undefined;
  }

  return {
    offer(item) {
      if (stopped.signal.aborted) return;
      waiting = { item };
      working ??= work();
    },
    async stop() {
      stopped.abort();
      await working;
    },
  };
}
