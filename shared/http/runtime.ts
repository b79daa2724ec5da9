import type { Config } from "../config/config.ts";
import { createService } from "../db/service.ts";
import { createMeter } from "../metrics/meter.ts";
import type { Runtime } from "./app.ts";
import { toAppError } from "./errors.ts";
import { describeError, writeLog } from "./log.ts";

const FLUSH_AFTER_MS = 5_000;

/** What hosted functions have and plain Deno has not: a process lives until the work is done. */
interface Platform {
  EdgeRuntime?: { waitUntil(work: Promise<void>): void };
}

/** The outside as a deployed function has it: the network, the log, and the log's sums as metrics. */
export function productionRuntime(
  config: Config<"SUPABASE_URL" | "SUPABASE_SECRET_KEYS">,
): Runtime {
  const service = createService({
    url: config.SUPABASE_URL,
    secretKey: config.SUPABASE_SECRET_KEYS,
    fetch,
  });
  const meter = createMeter({
    record: (samples) => service.recordRequests(samples, new AbortController().signal),
    refused: (error) =>
      writeLog({
        time: new Date().toISOString(),
        level: "error",
        surface: "metrics",
        request_id: crypto.randomUUID(),
        caller: "anonymous",
        method: "POST",
        path: "/rest/v1/rpc/record_requests",
        status: 503,
        duration_ms: 0,
        error: describeError(toAppError(error)),
      }),
    keepAlive: (work) => (globalThis as Platform).EdgeRuntime?.waitUntil(work),
    flushAfterMs: FLUSH_AFTER_MS,
  });
  return {
    fetch,
    log(line) {
      writeLog(line);
      meter(line);
    },
  };
}
