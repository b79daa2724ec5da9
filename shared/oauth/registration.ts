import { Hono } from "hono";
import type { AppEnv } from "../http/app.ts";
import { readJson } from "../http/body.ts";
import { limitByAddress } from "../token/guard.ts";
import { readRegistration } from "./client-metadata.ts";
import { NO_STORE } from "./errors.ts";
import { BODY_LIMIT } from "./form.ts";
import { ENDPOINT } from "./metadata.ts";
import { hashSecret, newSecret } from "./secrets.ts";
import { REGISTRATION_LIMIT } from "./server.ts";
import type { AuthorizationServer } from "./server.ts";

/** `POST /register` (RFC 7591), open to anybody: a client is nobody until a person approves it. */
export function registration({ service, store }: AuthorizationServer): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post(ENDPOINT.register, limitByAddress(service, REGISTRATION_LIMIT), async (c) => {
    const metadata = readRegistration(await readJson(c.req.raw, { limit: BODY_LIMIT }));
    const isPublic = metadata.token_endpoint_auth_method === "none";
    const secret = isPublic ? undefined : newSecret("client");
    const registered = await store.register({
      client: metadata,
      // Some clients register anew on every connection: the same registration is the same client.
      // One with a secret is not, or the second would be handed the first one's.
      fingerprint: isPublic ? await hashSecret(JSON.stringify(metadata)) : null,
      secret_hash: secret ? await hashSecret(secret) : null,
    }, c.req.raw.signal);
    c.set("event", { name: "client_registered", client_id: registered.client_id });
    return c.json(
      {
        client_id: registered.client_id,
        client_id_issued_at: Math.floor(registered.created_at.getTime() / 1000),
        ...(secret && { client_secret: secret, client_secret_expires_at: 0 }),
        ...registered.metadata,
      },
      201,
      NO_STORE,
    );
  });
  return app;
}
