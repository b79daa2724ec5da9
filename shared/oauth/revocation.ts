import { Hono } from "hono";
import type { AppEnv } from "../http/app.ts";
import { limitByAddress } from "../token/guard.ts";
import { authenticateClient } from "./client-authentication.ts";
import { NO_STORE } from "./errors.ts";
import { demand, readForm } from "./form.ts";
import { ENDPOINT } from "./metadata.ts";
import { TOKEN_LIMIT } from "./server.ts";
import type { AuthorizationServer } from "./server.ts";
import { referenceTo } from "./token-reference.ts";

/**
 * `POST /revoke` (RFC 7009): a refresh token ends its grant, an access token only itself. What is
 * unknown or another client's answers 200 as well, and changes nothing.
 */
export function revocation({ service, store, verifier }: AuthorizationServer): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post(ENDPOINT.revoke, limitByAddress(service, TOKEN_LIMIT), async (c) => {
    const form = await readForm(c.req.raw);
    const { client_id } = await authenticateClient(c.req.raw, form, store);
    const reference = await referenceTo(demand(form, "token"), client_id, verifier);
    const { grant_id, jti } = await store.revoke(reference, c.req.raw.signal);
    if (grant_id || jti) {
      c.set("event", {
        name: grant_id ? "grant_revoked" : "token_revoked",
        client_id,
        ...(grant_id && { grant_id }),
        ...(jti && { jti }),
      });
    }
    return c.body(null, 200, NO_STORE);
  });
  return app;
}
