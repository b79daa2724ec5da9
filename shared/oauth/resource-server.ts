import { Hono } from "hono";
import type { ErrorHandler } from "hono";
import type { AppEnv } from "../http/app.ts";
import { AppError, toAppError } from "../http/errors.ts";
import { guard } from "../token/guard.ts";
import type { Gate, Limit } from "../token/guard.ts";
import type { CallerEnv } from "../mcp/endpoint.ts";
import { WELL_KNOWN } from "./metadata.ts";
import { BASELINE, formatScopes } from "./scopes.ts";

export const MCP_LIMIT: Limit = { bucket: "mcp", capacity: 300, perSeconds: 60 };

/** The MCP endpoint's door: who comes without a good token is told where to get one. */
export function resourceServer(
  gate: Gate,
  issuer: string,
  endpoint: Hono<CallerEnv>,
): Hono<AppEnv> {
  const app = new Hono<AppEnv>().onError(challenging(issuer));
  const person = guard(gate, { accept: "person", limit: MCP_LIMIT, withRights: true });
  app.use("/", person);
  app.route("/", endpoint);
  return app;
}

/**
 * Adds to a challenge what RFC 9728 section 5.1 and RFC 6750 section 3 have for it: where to learn of
 * the authorization server, and the scopes to ask for unless the challenge names them.
 */
function challenging(issuer: string): ErrorHandler<AppEnv> {
  const discovery = `resource_metadata="${issuer}${WELL_KNOWN.resource}"`;
  const scope = `scope="${formatScopes(BASELINE)}"`;
  return (thrown) => {
    const error = toAppError(thrown);
    const challenge = error.headers["WWW-Authenticate"] ??
      (error.status === 401 ? "Bearer" : undefined);
    if (challenge === undefined) throw error;
    const parts = [discovery, ...(challenge.includes("scope=") ? [] : [scope])].join(", ");
    const separator = challenge === "Bearer" ? " " : ", ";
    throw new AppError(error.code, error.message, {
      details: error.details,
      cause: error.cause,
      headers: { ...error.headers, "WWW-Authenticate": `${challenge}${separator}${parts}` },
    });
  };
}
