import { etag } from "hono/etag";
import { z } from "zod";
import version from "../../version.json" with { type: "json" };
import type { Config } from "../config/config.ts";
import { dataOf } from "../db/answer.ts";
import { createCaller } from "../db/caller.ts";
import { withTimeout } from "../db/signal.ts";
import { createApp } from "../http/app.ts";
import type { Runtime } from "../http/app.ts";
import { AppError } from "../http/errors.ts";
import { PROMETHEUS_TYPE, prometheusText } from "../metrics/prometheus.ts";
import { publicStatusReader } from "../stats/public-status.ts";
import { createGate, guard } from "../token/guard.ts";
import type { Limit } from "../token/guard.ts";
import { connectionOf } from "./connection.ts";

export const API_VARIABLES = [
  "SUPABASE_URL",
  "SUPABASE_PUBLISHABLE_KEYS",
  "SUPABASE_SECRET_KEYS",
  "BUSYMATE_ISSUER",
  "BUSYMATE_DEPLOYED_AT",
  "BUSYMATE_COMMIT",
] as const;

/** Shared caches may keep what a deployment fixes for a minute, and a stale one while they fetch. */
const PUBLIC_CACHE = "public, max-age=60, stale-while-revalidate=600";
/** With the agent's 10 seconds and its probes' 2, a failure is public within 15. */
const STATUS_CACHE = "public, max-age=2";

const metrics = z.array(z.object({
  surface: z.string(),
  status: z.int(),
  code: z.string(),
  requests: z.int(),
  seconds: z.number(),
  buckets: z.array(z.int()),
})).nullable();
export const METRICS_LIMIT: Limit = { bucket: "metrics", capacity: 60, perSeconds: 60 };
const METRICS_TIMEOUT_MS = 5_000;

/** The function `api`: what anyone may know, and for those who watch over it how it is used. */
export function apiApp(config: Config<(typeof API_VARIABLES)[number]>, runtime: Runtime) {
  const running = {
    ...version,
    deployed_at: config.BUSYMATE_DEPLOYED_AT ?? null,
    commit: config.BUSYMATE_COMMIT ?? null,
  };
  const connection = connectionOf(config);
  const gate = createGate(config, runtime.fetch);
  const status = publicStatusReader(gate.service);

  const app = createApp("api", runtime);
  app.get("/version", etag(), (c) => c.json(running, 200, { "Cache-Control": PUBLIC_CACHE }));
  app.get("/connection", etag(), (c) => c.json(connection, 200, { "Cache-Control": PUBLIC_CACHE }));
  app.get("/status", async (c) => c.json(await status(), 200, { "Cache-Control": STATUS_CACHE }));
  app.get("/metrics", guard(gate, { accept: "person", limit: METRICS_LIMIT }), async (c) => {
    const { signal } = c.req.raw;
    const call = createCaller({
      url: config.SUPABASE_URL,
      publishableKey: config.SUPABASE_PUBLISHABLE_KEYS,
      token: c.var.caller.token,
      fetch: runtime.fetch,
    }).rpc("get_request_metrics").abortSignal(withTimeout(signal, METRICS_TIMEOUT_MS));
    const samples = dataOf(await call, metrics, signal);
    if (samples === null) {
      throw new AppError("forbidden", "The metrics need the capability status:view.");
    }
    return c.text(prometheusText(samples), 200, {
      "Content-Type": PROMETHEUS_TYPE,
      "Cache-Control": "no-store",
    });
  });
  return app;
}
