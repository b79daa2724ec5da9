import { etag } from "hono/etag";
import version from "../../version.json" with { type: "json" };
import type { Config } from "../config/config.ts";
import { createService } from "../db/service.ts";
import { createApp } from "../http/app.ts";
import type { Runtime } from "../http/app.ts";
import { publicStatusReader } from "../stats/public-status.ts";
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

/** The function `api`: what anyone may know. */
export function apiApp(config: Config<(typeof API_VARIABLES)[number]>, runtime: Runtime) {
  const running = {
    ...version,
    deployed_at: config.BUSYMATE_DEPLOYED_AT ?? null,
    commit: config.BUSYMATE_COMMIT ?? null,
  };
  const connection = connectionOf(config);
  const status = publicStatusReader(createService({
    url: config.SUPABASE_URL,
    secretKey: config.SUPABASE_SECRET_KEYS,
    fetch: runtime.fetch,
  }));

  const app = createApp("api", runtime);
  app.get("/version", etag(), (c) => c.json(running, 200, { "Cache-Control": PUBLIC_CACHE }));
  app.get("/connection", etag(), (c) => c.json(connection, 200, { "Cache-Control": PUBLIC_CACHE }));
  app.get("/status", async (c) => c.json(await status(), 200, { "Cache-Control": STATUS_CACHE }));
  return app;
}
