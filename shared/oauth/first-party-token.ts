import { Hono } from "hono";
import { Refusal } from "../db/errors.ts";
import type { AppEnv } from "../http/app.ts";
import { demandClaims, demandToken, invalidToken } from "../token/challenge.ts";
import { limitByAddress } from "../token/guard.ts";
import { NO_STORE } from "./errors.ts";
import { TOKEN_LIMIT } from "./server.ts";
import type { AuthorizationServer } from "./server.ts";

/** The product's own web app, as the claim `client_id` names it. */
const DASHBOARD_CLIENT = "dashboard";
const LIFETIME_SECONDS = 3_600;

/**
 * `POST /first-party-token`: a live session of Supabase Auth against an access token. The token hangs
 * on the session: signing out ends it.
 */
export function firstPartyToken(
  { verifier, service, signer }: AuthorizationServer,
): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post("/first-party-token", limitByAddress(service, TOKEN_LIMIT), async (c) => {
    const session = demandClaims(await verifier.session(demandToken(c.req.raw.headers)));
    const issued = await service.issueFirstPartyToken(
      { user_id: session.sub, auth_session_id: session.session_id },
      c.req.raw.signal,
    ).catch(sessionGone);
    c.set("actor", `person:${session.sub}`);
    const access_token = await signer.person({
      ...issued,
      user_id: session.sub,
      client_id: DASHBOARD_CLIENT,
      // The database's clock: two clocks in one token could disagree.
      issued_at: new Date(issued.expires_at.getTime() - LIFETIME_SECONDS * 1000),
    });
    return c.json(
      {
        access_token,
        token_type: "Bearer",
        expires_in: LIFETIME_SECONDS,
        scope: issued.scope,
      },
      200,
      NO_STORE,
    );
  });
  return app;
}

/** The one refusal of the exchange: a session that has ended, or is an anonymous user's. */
function sessionGone(error: unknown): never {
  throw error instanceof Refusal
    ? invalidToken("The session has ended; sign in again.", error)
    : error;
}
