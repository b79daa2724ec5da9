import { Hono } from "hono";
import type { AppEnv } from "../http/app.ts";
import { PERSON_ROLE } from "../token/claims.ts";
import { limitByAddress } from "../token/guard.ts";
import { authenticateConfidential } from "./client-authentication.ts";
import { NO_STORE } from "./errors.ts";
import { demand, readForm } from "./form.ts";
import { ENDPOINT } from "./metadata.ts";
import { INTROSPECTION_LIMIT } from "./server.ts";
import type { AuthorizationServer } from "./server.ts";
import { referenceTo } from "./token-reference.ts";

/**
 * `POST /introspect` (RFC 7662), for confidential clients: about their own tokens, and for services
 * about any. Everything else is `{active: false}`.
 */
export function introspection(server: AuthorizationServer): Hono<AppEnv> {
  const { issuer, service, store, verifier } = server;
  const app = new Hono<AppEnv>();
  app.post(ENDPOINT.introspect, limitByAddress(service, INTROSPECTION_LIMIT), async (c) => {
    const form = await readForm(c.req.raw);
    const { client_id } = await authenticateConfidential(c.req.raw, form, store);
    const reference = await referenceTo(demand(form, "token"), client_id, verifier);
    const found = await store.introspect(reference, c.req.raw.signal);
    const answer = found.active ? { ...found, iss: issuer, aud: [issuer, PERSON_ROLE] } : found;
    return c.json(answer, 200, NO_STORE);
  });
  return app;
}
