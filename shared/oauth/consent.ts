import { Hono } from "hono";
import type { PendingRequest } from "../db/oauth.ts";
import type { AppEnv } from "../http/app.ts";
import { AppError } from "../http/errors.ts";
import { demandClaims } from "../token/challenge.ts";
import { presentedToken } from "../token/credential.ts";
import { limitByAddress } from "../token/guard.ts";
import { NO_STORE } from "./errors.ts";
import { isLoopback, redirectHost } from "./redirect-uri.ts";
import { parseScopes, SCOPES, usableScopes } from "./scopes.ts";
import { hashSecret } from "./secrets.ts";
import { AUTHORIZATION_LIMIT } from "./server.ts";
import type { AuthorizationServer } from "./server.ts";

/**
 * `GET /consent/<rid>`: what a person is asked to allow. With their session it offers only what they
 * can use. Shown as text: every name in it is the client's own word.
 */
export function consent({ service, store, verifier }: AuthorizationServer): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get("/consent/:rid", limitByAddress(service, AUTHORIZATION_LIMIT), async (c) => {
    const presented = presentedToken(c.req.raw.headers);
    const session = presented.kind === "token"
      ? demandClaims(await verifier.session(presented.token))
      : undefined;
    const rid_hash = await hashSecret(c.req.param("rid"));
    const pending = await store.pending(rid_hash, session?.sub ?? null, c.req.raw.signal);
    if (!pending) throw requestGone();
    return c.json(describe(pending), 200, NO_STORE);
  });
  return app;
}

/** One answer for unknown, expired and decided: which of them is nobody's business. */
export function requestGone(): AppError {
  return new AppError("not_found", "rid: this request has expired or was decided; start again.");
}

function describe(pending: PendingRequest) {
  const { client_id, kind, client_name, redirect_uri, user_role, sees_secrets } = pending;
  const requested = parseScopes(pending.scope) ?? [];
  const offered = user_role === null ? requested : usableScopes(requested, {
    isAdmin: user_role === "admin",
    seesSecrets: sees_secrets,
  });
  return {
    client: {
      id: client_id,
      name: client_name,
      // A document vouches for the host it is on, and for nothing else.
      ...(kind === "document" && { host: new URL(client_id).host }),
      redirect_host: redirectHost(redirect_uri),
      loopback: isLoopback(redirect_uri),
      verified: false,
    },
    scopes: offered.map((name) => ({ name, description: SCOPES[name], requested: true })),
    resource: pending.resource,
    expires_at: pending.expires_at.toISOString(),
  };
}
