import type { Runtime } from "../http/app.ts";
import { toAppError } from "../http/errors.ts";
import { describeError } from "../http/log.ts";

/** What the bot runs in: work may go on after the answer. */
export interface BackgroundRuntime extends Runtime {
  background(work: Promise<void>): void;
}

/** The request whose answer is out when the work begins. */
export interface Origin {
  requestId: string;
  caller: string;
  path: string;
}

/** Lets work go on after the answer. The request's own log line is out by then: a failure gets one of its own, with its id. */
export function inBackground(
  runtime: BackgroundRuntime,
  origin: Origin,
  work: Promise<void>,
): void {
  const started = performance.now();
  runtime.background(work.catch((thrown: unknown) => {
    const error = toAppError(thrown);
    runtime.log({
      time: new Date().toISOString(),
      level: "error",
      surface: "telegram-bot",
      request_id: origin.requestId,
      caller: origin.caller,
      method: "POST",
      path: origin.path,
      status: error.status,
      duration_ms: Math.round(performance.now() - started),
      error: describeError(error),
    });
  }));
}
