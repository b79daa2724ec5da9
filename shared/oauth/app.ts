import { Hono } from "hono";
import type { Config } from "../config/config.ts";
import { createApp } from "../http/app.ts";
import type { AppEnv, Runtime } from "../http/app.ts";
import { mcpEndpoint } from "../mcp/endpoint.ts";
import { createGate } from "../token/guard.ts";
import { createSigner } from "../token/sign.ts";
import { authorization } from "./authorization.ts";
import { consent } from "./consent.ts";
import { decision } from "./decision.ts";
import { discovery } from "./discovery.ts";
import { oauthOnError } from "./errors.ts";
import { firstPartyToken } from "./first-party-token.ts";
import { introspection } from "./introspection.ts";
import type { Network } from "./network.ts";
import { registration } from "./registration.ts";
import { resourceServer } from "./resource-server.ts";
import { revocation } from "./revocation.ts";
import type { AuthorizationServer } from "./server.ts";
import { token } from "./token.ts";

export const MCP_VARIABLES = [
  "SUPABASE_URL",
  "SUPABASE_PUBLISHABLE_KEYS",
  "SUPABASE_SECRET_KEYS",
  "BUSYMATE_ISSUER",
  "BUSYMATE_WEB_URL",
  "BUSYMATE_SIGNING_KEY",
  "BUSYMATE_ALLOW_LOOPBACK_DOCUMENTS",
] as const;

/** The function `mcp`: the authorization server, and the door of the MCP endpoint. */
export function mcpApp(
  config: Config<(typeof MCP_VARIABLES)[number]>,
  runtime: Runtime & { network: Network },
) {
  const { BUSYMATE_ISSUER: issuer, SUPABASE_URL: url } = config;
  const gate = createGate(config, runtime.fetch);
  const server: AuthorizationServer = {
    ...gate,
    issuer,
    webUrl: config.BUSYMATE_WEB_URL,
    store: gate.service.oauth,
    signer: createSigner(config.BUSYMATE_SIGNING_KEY, issuer),
    documents: {
      network: runtime.network,
      allowLoopback: config.BUSYMATE_ALLOW_LOOPBACK_DOCUMENTS !== undefined,
    },
  };

  // A router of its own, because its errors have the form of RFC 6749 and not of the envelope.
  const oauth = new Hono<AppEnv>().onError(oauthOnError);
  oauth.route("/", discovery(issuer, `${url}/auth/v1`));
  oauth.route("/", registration(server));
  oauth.route("/", authorization(server));
  oauth.route("/", consent(server));
  oauth.route("/", decision(server));
  oauth.route("/", token(server));
  oauth.route("/", revocation(server));
  oauth.route("/", introspection(server));
  oauth.route("/", firstPartyToken(server));

  const app = createApp("mcp", runtime);
  app.route("/", oauth);
  app.route("/", resourceServer(gate, issuer, mcpEndpoint(config, runtime)));
  return app;
}
