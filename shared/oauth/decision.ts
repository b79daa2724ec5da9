import { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../http/app.ts";
import { readJson } from "../http/body.ts";
import { AppError } from "../http/errors.ts";
import { validate } from "../http/validate.ts";
import { demandClaims, invalidToken } from "../token/challenge.ts";
import { limitByAddress } from "../token/guard.ts";
import { requestGone } from "./consent.ts";
import { NO_STORE } from "./errors.ts";
import { BODY_LIMIT } from "./form.ts";
import { ENDPOINT } from "./metadata.ts";
import { answerUri } from "./redirect-uri.ts";
import { formatScopes, parseScopes } from "./scopes.ts";
import { hashSecret, newSecret } from "./secrets.ts";
import { AUTHORIZATION_LIMIT } from "./server.ts";
import type { AuthorizationServer } from "./server.ts";

export const decisionRequest = z.object({
  rid: z.string().min(1).max(200),
  access_token: z.string().min(1),
  approve: z.boolean(),
  scopes: z.array(z.string().max(100)).max(20).optional(),
});

/**
 * `POST /authorize/resume`: a person's decision. Their session comes in the body and in no cookie, so
 * no other page can decide for them. Answers where the browser goes; the code is made here and now.
 */
export function decision({ issuer, service, store, verifier }: AuthorizationServer): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const path = `${ENDPOINT.authorize}/resume`;
  app.post(path, limitByAddress(service, AUTHORIZATION_LIMIT), async (c) => {
    const request = validate(decisionRequest, await readJson(c.req.raw, { limit: BODY_LIMIT }));
    const session = demandClaims(await verifier.session(request.access_token));
    c.set("actor", `person:${session.sub}`);
    const code = newSecret("code");
    const decided = await store.decide({
      rid_hash: await hashSecret(request.rid),
      user_id: session.sub,
      auth_session_id: session.session_id,
      approve: request.approve,
      scope: request.scopes ? narrowed(request.scopes) : null,
      code_hash: await hashSecret(code),
    }, c.req.raw.signal);
    if ("error" in decided) throw refusal(decided.error);
    const { client_id, redirect_uri, state, grant_id } = decided;
    c.set("event", {
      name: decided.approved ? "grant_made" : "grant_denied",
      client_id,
      ...(grant_id && { grant_id }),
    });
    const answer = decided.approved
      ? { code }
      : { error: "access_denied", error_description: "The person did not allow it." };
    const redirect = answerUri(redirect_uri, { ...answer, state: state ?? undefined, iss: issuer });
    return c.json({ redirect }, 200, NO_STORE);
  });
  return app;
}

/** The scopes a person left in; the database sees to it that they are a part of those asked for. */
function narrowed(names: readonly string[]): string {
  const scopes = parseScopes(names.join(" "));
  if (!scopes || scopes.length === 0) {
    throw new AppError(
      "invalid_scope",
      "scopes: must name scopes of the request; deny it otherwise.",
    );
  }
  return formatScopes(scopes);
}

function refusal(error: "session_gone" | "request_gone" | "invalid_scope"): AppError {
  switch (error) {
    case "session_gone":
      return invalidToken("The session has ended; sign in again.");
    case "request_gone":
      return requestGone();
    case "invalid_scope":
      return new AppError("invalid_scope", "scopes: names one that the client did not ask for.");
  }
}
