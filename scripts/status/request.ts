// Requests whose failure is told to the person who runs the agent.

import { Complaint } from "../complaint.ts";

/** Longer than a backend at work takes, shorter than a round. */
const TIMEOUT_MS = 5_000;

/** A POST's answer, whatever its status; complains when there is none. */
export async function post(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, method: "POST", signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    throw new Complaint(`POST ${url} got no answer (${reasonOf(error)})`, { cause: error });
  }
}

/** Why a fetch failed, in a word: fetch itself says no more than that it did. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause ?? error : error;
  if (!(cause instanceof Error)) return String(cause);
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}
