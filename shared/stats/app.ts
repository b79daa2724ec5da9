import { z } from "zod";
import type { Config } from "../config/config.ts";
import { dataOf } from "../db/answer.ts";
import { createCaller } from "../db/caller.ts";
import { withTimeout } from "../db/signal.ts";
import { createApp } from "../http/app.ts";
import type { Runtime } from "../http/app.ts";
import { readJson } from "../http/body.ts";
import { AppError } from "../http/errors.ts";
import { validate } from "../http/validate.ts";
import { createGate, guard } from "../token/guard.ts";
import type { Limit } from "../token/guard.ts";
import { statusSnapshot } from "./status.ts";

export const STATS_VARIABLES = [
  "SUPABASE_URL",
  "SUPABASE_PUBLISHABLE_KEYS",
  "SUPABASE_SECRET_KEYS",
  "BUSYMATE_ISSUER",
] as const;

export const RATE: Limit = { bucket: "stats", capacity: 300, perSeconds: 60 };
/** A post of the most components with the longest texts is half of it. */
export const REQUEST_LIMIT = 65_536;
const TIMEOUT_MS = 10_000;

export const statsQuery = z.object({
  workspace_id: z.guid("give a uuid, or leave it out").optional(),
});
const stats = z.record(z.string(), z.unknown()).nullable();
/** The database's answer to who may not: null, never an error. */
const done = z.literal(true).nullable();

/** The function `stats`: statistics, and where the status agent posts. */
export function statsApp(config: Config<(typeof STATS_VARIABLES)[number]>, runtime: Runtime) {
  const app = createApp("stats", runtime);
  const person = guard(createGate(config, runtime.fetch), { accept: "person", limit: RATE });
  const callerWith = (token: string) =>
    createCaller({
      url: config.SUPABASE_URL,
      publishableKey: config.SUPABASE_PUBLISHABLE_KEYS,
      token,
      fetch: runtime.fetch,
    });

  app.get("/", person, async (c) => {
    const { workspace_id } = validate(statsQuery, c.req.query());
    const { signal } = c.req.raw;
    const call = callerWith(c.var.caller.token)
      .rpc("get_stats", workspace_id === undefined ? {} : { workspace_id })
      .abortSignal(withTimeout(signal, TIMEOUT_MS));
    const snapshot = dataOf(await call, stats, signal);
    if (snapshot) return c.json(snapshot);
    throw workspace_id === undefined
      ? missing(["stats:view", "global:view"], "The statistics of all workspaces need")
      : missing(["entries:view"], "The statistics of a workspace need membership in it and");
  });

  app.post("/refresh", person, async (c) => {
    const { signal } = c.req.raw;
    const call = callerWith(c.var.caller.token)
      .rpc("refresh_stats").abortSignal(withTimeout(signal, TIMEOUT_MS));
    if (!dataOf(await call, done, signal)) throw missing(["status:edit"], "Refreshing needs");
    return c.json({ refreshed: true });
  });

  app.post("/status", person, async (c) => {
    const { signal } = c.req.raw;
    const snapshot = validate(statusSnapshot, await readJson(c.req.raw, { limit: REQUEST_LIMIT }));
    const call = callerWith(c.var.caller.token)
      .rpc("post_status", { snapshot }).abortSignal(withTimeout(signal, TIMEOUT_MS));
    if (!dataOf(await call, done, signal)) throw missing(["status:edit"], "Posting a status needs");
    return c.json({ stored: true });
  });

  return app;
}

/** A capability that edits also needs the scope to write; which of the two is missing is not told. */
function missing(capabilities: string[], what: string): AppError {
  const scope = capabilities.some((name) => name.endsWith(":edit"))
    ? " and a token with the scope mcp:write"
    : "";
  return new AppError(
    "forbidden",
    `${what} the capability ${capabilities.join(" and ")}${scope}.`,
    { details: { capabilities } },
  );
}
