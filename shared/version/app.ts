import { etag } from "hono/etag";
import version from "../../version.json" with { type: "json" };
import type { Config } from "../config/config.ts";
import { createApp } from "../http/app.ts";
import type { Runtime } from "../http/app.ts";
import { connectionOf } from "./connection.ts";

export const API_VARIABLES = [
  "SUPABASE_URL",
  "SUPABASE_PUBLISHABLE_KEYS",
  "BUSYMATE_ISSUER",
  "BUSYMATE_DEPLOYED_AT",
  "BUSYMATE_COMMIT",
] as const;

/** Shared caches may keep both answers for a minute, and a stale one while they fetch. */
const PUBLIC_CACHE = "public, max-age=60, stale-while-revalidate=600";

/** The function `api`: what anyone may know. */
export function apiApp(config: Config<(typeof API_VARIABLES)[number]>, runtime: Runtime) {
  const running = {
    ...version,
    deployed_at: config.BUSYMATE_DEPLOYED_AT ?? null,
    commit: config.BUSYMATE_COMMIT ?? null,
  };
  const connection = connectionOf(config);

  const app = createApp("api", runtime);
  app.get("/version", etag(), (c) => c.json(running, 200, { "Cache-Control": PUBLIC_CACHE }));
  app.get("/connection", etag(), (c) => c.json(connection, 200, { "Cache-Control": PUBLIC_CACHE }));
  return app;
}
