import { Hono } from "hono";
import type { Context } from "hono";
import type { AppEnv } from "../http/app.ts";
import { AppError } from "../http/errors.ts";
import { limitByAddress } from "../token/guard.ts";
import { readAuthorizationRequest, redirectUriOf } from "./authorization-request.ts";
import { clientOf } from "./clients.ts";
import { NO_STORE } from "./errors.ts";
import { demand, parameters } from "./form.ts";
import { ENDPOINT } from "./metadata.ts";
import { answerUri } from "./redirect-uri.ts";
import { hashSecret, newSecret } from "./secrets.ts";
import { AUTHORIZATION_LIMIT } from "./server.ts";
import type { AuthorizationServer } from "./server.ts";

/**
 * `GET /authorize`: checks everything, remembers it under an opaque id and sends the browser to the
 * consent page. Until client and redirect URI are known to belong together, nothing is redirected.
 */
export function authorization(server: AuthorizationServer): Hono<AppEnv> {
  const { issuer, webUrl, service, store } = server;
  const app = new Hono<AppEnv>();
  app.get(ENDPOINT.authorize, limitByAddress(service, AUTHORIZATION_LIMIT), async (c) => {
    const query = parameters(new URL(c.req.url).searchParams);
    const ambiguous = query.repeated.find((name) => ["client_id", "redirect_uri"].includes(name));
    if (ambiguous) throw new AppError("invalid_request", `${ambiguous}: must be sent only once.`);
    const client = await clientOf(c, server, demand(query, "client_id"));
    const redirect_uri = redirectUriOf(client.redirect_uris, query.get("redirect_uri"));
    if (redirect_uri === undefined) {
      throw new AppError("invalid_request", "redirect_uri: is not one of the client's.");
    }
    const request = readAuthorizationRequest(query, issuer);
    if ("error" in request) {
      const state = query.repeated.includes("state") ? undefined : query.get("state");
      return seeOther(c, answerUri(redirect_uri, { ...request, state, iss: issuer }));
    }
    const rid = newSecret("request");
    await store.start(
      await hashSecret(rid),
      { ...request, client_id: client.client_id, redirect_uri },
      c.req.raw.signal,
    );
    return seeOther(c, `${webUrl}/consent?rid=${rid}`);
  });
  return app;
}

/** 303: a 307 would have the browser post what it was asked (RFC 9700 section 4.12). */
function seeOther(c: Context, location: string): Response {
  return c.body(null, 303, {
    Location: location,
    "Referrer-Policy": "no-referrer",
    ...NO_STORE,
  });
}
