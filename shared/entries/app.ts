import { z } from "zod";
import type { Config } from "../config/config.ts";
import { dataOf } from "../db/answer.ts";
import { createCaller } from "../db/caller.ts";
import { withTimeout } from "../db/signal.ts";
import { createApp } from "../http/app.ts";
import type { Runtime } from "../http/app.ts";
import { readJson } from "../http/body.ts";
import { createGate, guard } from "../token/guard.ts";
import type { Limit } from "../token/guard.ts";
import { mergeRejected, readBatch } from "./batch.ts";
import type { IncomingEntry } from "./entry.ts";

export const INGEST_VARIABLES = [
  "SUPABASE_URL",
  "SUPABASE_PUBLISHABLE_KEYS",
  "SUPABASE_SECRET_KEYS",
  "BUSYMATE_ISSUER",
] as const;

export const REQUEST_LIMIT = 4 * 1_048_576;
export const RATE: Limit = { bucket: "ingest", capacity: 600, perSeconds: 60 };
const TIMEOUT_MS = 20_000;

const count = z.int().nonnegative();
const stored = z.object({
  accepted: count,
  duplicates: count,
  rejected: z.array(z.object({ index: count, code: z.string(), message: z.string() })),
});

/** The function `ingest`: a device's batch of captured exchanges, each stored at most once. */
export function ingestApp(config: Config<(typeof INGEST_VARIABLES)[number]>, runtime: Runtime) {
  const app = createApp("ingest", runtime);
  const device = guard(createGate(config, runtime.fetch), { accept: "device", limit: RATE });

  app.post("/", device, async (c) => {
    const batch = readBatch(await readJson(c.req.raw, { limit: REQUEST_LIMIT }));
    const answer = batch.entries.length === 0
      ? { accepted: 0, duplicates: 0, rejected: [] }
      : await store(c.var.caller.token, batch.entries, c.req.raw.signal);
    return c.json({ ...answer, rejected: mergeRejected(batch, answer.rejected) });
  });

  /** With the device's own token: what it may write is decided where it is written. */
  async function store(token: string, entries: IncomingEntry[], signal: AbortSignal) {
    const caller = createCaller({
      url: config.SUPABASE_URL,
      publishableKey: config.SUPABASE_PUBLISHABLE_KEYS,
      token,
      fetch: runtime.fetch,
    });
    const call = caller.rpc("ingest_entries", { entries: entries as never });
    return dataOf(await call.abortSignal(withTimeout(signal, TIMEOUT_MS)), stored, signal);
  }

  return app;
}
