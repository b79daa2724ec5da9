import type { Config } from "../../config/config.ts";
import { createApp } from "../../http/app.ts";
import type { Runtime } from "../../http/app.ts";
import type { Destination } from "../../redaction/policy.ts";
import { createGate } from "../../token/guard.ts";
import { createReader } from "../reader.ts";
import { diffRoute } from "./diff.ts";
import { openApiRoute } from "./openapi.ts";
import { snippetRoute } from "./snippet.ts";

export const ENTRIES_VARIABLES = [
  "SUPABASE_URL",
  "SUPABASE_PUBLISHABLE_KEYS",
  "SUPABASE_SECRET_KEYS",
  "BUSYMATE_ISSUER",
] as const;

/** The function `entries`: what is made of captured entries, as the caller may see them. */
export function entriesApp(config: Config<(typeof ENTRIES_VARIABLES)[number]>, runtime: Runtime) {
  const gate = createGate(config, runtime.fetch);
  const readerFor = (destination: Destination) => (token: string) =>
    createReader({
      url: config.SUPABASE_URL,
      publishableKey: config.SUPABASE_PUBLISHABLE_KEYS,
      token,
      fetch: runtime.fetch,
    }, destination);

  const app = createApp("entries", runtime);
  app.route("/", diffRoute(gate, readerFor("console")));
  app.route("/", snippetRoute(gate, readerFor("console")));
  app.route("/", openApiRoute(gate, readerFor("export")));
  return app;
}
