import { Hono } from "hono";
import type { Config } from "../config/config.ts";
import { createApp } from "../http/app.ts";
import type { AppEnv, Runtime } from "../http/app.ts";
import { createGate } from "../token/guard.ts";
import { createSigner } from "../token/sign.ts";
import { oauthOnError } from "./errors.ts";
import { firstPartyToken } from "./first-party-token.ts";

export const MCP_VARIABLES = [
  "SUPABASE_URL",
  "SUPABASE_SECRET_KEYS",
  "BUSYMATE_ISSUER",
  "BUSYMATE_SIGNING_KEY",
] as const;

/** The function `mcp`, as far as it is the authorization server. */
export function mcpApp(config: Config<(typeof MCP_VARIABLES)[number]>, runtime: Runtime) {
  const gate = createGate(config, runtime.fetch);
  const signer = createSigner(config.BUSYMATE_SIGNING_KEY, config.BUSYMATE_ISSUER);

  // A router of its own, because its errors have the form of RFC 6749 and not of the envelope.
  const oauth = new Hono<AppEnv>().onError(oauthOnError);
  oauth.route("/", firstPartyToken(gate, signer));

  const app = createApp("mcp", runtime);
  app.route("/", oauth);
  return app;
}
