import { Hono } from "hono";
import type { Context } from "hono";
import type { IssuedToken, OAuthClient } from "../db/oauth.ts";
import type { AppEnv } from "../http/app.ts";
import { AppError } from "../http/errors.ts";
import { limitByAddress } from "../token/guard.ts";
import { authenticateClient } from "./client-authentication.ts";
import { NO_STORE } from "./errors.ts";
import { demand, readForm } from "./form.ts";
import type { Parameters } from "./form.ts";
import { ENDPOINT, GRANT_TYPES } from "./metadata.ts";
import { namesResource } from "./resource.ts";
import { formatScopes, parseScopes } from "./scopes.ts";
import { challengeOf, hashSecret, newSecret } from "./secrets.ts";
import { TOKEN_LIMIT } from "./server.ts";
import type { AuthorizationServer } from "./server.ts";

type GrantType = (typeof GRANT_TYPES)[number];

/** RFC 7636 section 4.1. */
const VERIFIER = /^[\w.~-]{43,128}$/;

interface TokenRequest {
  c: Context<AppEnv>;
  server: AuthorizationServer;
  client: OAuthClient;
  form: Parameters;
}

/** A token, and the refresh token that goes with it if there is one. */
interface Issued {
  token: IssuedToken;
  refreshToken?: string | undefined;
}

/** `POST /token`. */
export function token(server: AuthorizationServer): Hono<AppEnv> {
  const { service, store, signer } = server;
  const app = new Hono<AppEnv>();
  app.post(ENDPOINT.token, limitByAddress(service, TOKEN_LIMIT), async (c) => {
    const form = await readForm(c.req.raw);
    const type = demand(form, "grant_type");
    if (!isGrantType(type)) {
      throw new AppError(
        "unsupported_grant_type",
        `grant_type: must be ${GRANT_TYPES.join(", ")}.`,
      );
    }
    const client = await authenticateClient(c.req.raw, form, store);
    requireGrantType(client, type);
    requireResource(server.issuer, form);
    const { token, refreshToken } = await GRANT[type]({ c, server, client, form });
    c.set("actor", `${client.kind === "service" ? "service" : "person"}:${token.sub}`);
    return c.json(
      {
        access_token: await signer.person({ ...token, user_id: token.sub }),
        token_type: "Bearer",
        expires_in: Math.floor((token.expires_at.getTime() - token.issued_at.getTime()) / 1000),
        scope: token.scope,
        ...(refreshToken && { refresh_token: refreshToken }),
      },
      200,
      NO_STORE,
    );
  });
  return app;
}

const GRANT: Record<GrantType, (request: TokenRequest) => Promise<Issued>> = {
  async authorization_code({ c, server, client, form }) {
    const verifier = demand(form, "code_verifier");
    if (!VERIFIER.test(verifier)) {
      throw new AppError(
        "invalid_grant",
        "code_verifier: must be 43 to 128 unreserved characters.",
      );
    }
    const refreshToken = refreshes(client) ? newSecret("refresh") : undefined;
    const redeemed = await server.store.redeemCode({
      code_hash: await hashSecret(demand(form, "code")),
      client_id: client.client_id,
      redirect_uri: form.get("redirect_uri") ?? null,
      code_challenge: await challengeOf(verifier),
      resource: server.issuer,
      refresh_hash: refreshToken ? await hashSecret(refreshToken) : null,
    }, c.req.raw.signal);
    if ("error" in redeemed) {
      logRevoked(c, "code_replayed", client, redeemed.revoked_grant);
      throw new AppError(
        "invalid_grant",
        "code: is not valid for this client, redirect_uri and code_verifier, or no longer.",
      );
    }
    return { token: redeemed, refreshToken };
  },

  async refresh_token({ c, server, client, form }) {
    const refreshToken = newSecret("refresh");
    const rotated = await server.store.rotateRefresh({
      refresh_hash: await hashSecret(demand(form, "refresh_token")),
      client_id: client.client_id,
      scope: scopeOf(form),
      new_refresh_hash: await hashSecret(refreshToken),
    }, c.req.raw.signal);
    if ("error" in rotated) {
      logRevoked(c, "refresh_token_reused", client, rotated.revoked_grant);
      throw rotated.error === "invalid_scope" ? wrongScope() : new AppError(
        "invalid_grant",
        "refresh_token: is not valid for this client, or no longer.",
      );
    }
    return { token: rotated, refreshToken: rotated.rotated ? refreshToken : undefined };
  },

  async client_credentials({ c, server, client, form }) {
    const args = { client_id: client.client_id, scope: scopeOf(form) };
    const issued = await server.store.serviceToken(args, c.req.raw.signal);
    if (!("error" in issued)) return { token: issued };
    throw issued.error === "invalid_scope"
      ? wrongScope()
      : new AppError("unauthorized_client", "The service account is switched off.");
  },
};

function isGrantType(type: string): type is GrantType {
  return (GRANT_TYPES as readonly string[]).includes(type);
}

function requireGrantType(client: OAuthClient, type: GrantType): void {
  const allowed = client.kind === "service"
    ? type === "client_credentials"
    : type === "authorization_code" || (type === "refresh_token" && refreshes(client));
  if (!allowed) {
    throw new AppError("unauthorized_client", `grant_type: not ${type} for this client.`);
  }
}

function refreshes(client: OAuthClient): boolean {
  return client.metadata.grant_types?.includes("refresh_token") ?? false;
}

/** Before anything is redeemed: a wrong target must not use up a code. */
function requireResource(issuer: string, form: Parameters): void {
  if (form.all("resource").every((indicator) => namesResource(issuer, indicator))) return;
  throw new AppError("invalid_target", `resource: must be ${issuer}.`);
}

/** The scopes asked for, null for all there are to have. */
function scopeOf(form: Parameters): string | null {
  const scopes = parseScopes(form.get("scope") ?? "");
  if (!scopes) throw wrongScope();
  return scopes.length > 0 ? formatScopes(scopes) : null;
}

function wrongScope(): AppError {
  return new AppError(
    "invalid_scope",
    "scope: names one that there is not or that was not granted.",
  );
}

function logRevoked(
  c: Context<AppEnv>,
  name: string,
  client: OAuthClient,
  grantId: string | null | undefined,
): void {
  if (grantId) c.set("event", { name, client_id: client.client_id, grant_id: grantId });
}
