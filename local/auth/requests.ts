// What a request carries: its JSON body, who sends it, and from where.

import { isIP } from "node:net";
import type { Context } from "hono";
import type { JWTPayload } from "jose";
import type { Sql } from "postgres";
import { z } from "zod";
import { AuthError } from "./errors.ts";
import { findSession, type Origin } from "./sessions.ts";
import type { TokenIssuer } from "./tokens.ts";
import { findUser, type User } from "./users.ts";

/** What every route works with. */
export type AuthService = { sql: Sql; tokens: TokenIssuer };

const EMAIL = z.email({ pattern: z.regexes.html5Email }).max(255);
const UUID = z.guid();

/** The body, checked. Unknown members are ignored; clients of several versions send them. */
export async function readBody<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  let body: unknown;
  try {
    body = JSON.parse(await c.req.text());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw badJson(error.message);
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw badJson(issue ? `${issue.path.join(".") || "body"}: ${issue.message}` : "invalid");
}

function badJson(reason: string): AuthError {
  return new AuthError(400, "bad_json", `Could not parse request body as JSON: ${reason}`);
}

/** An e-mail as it is stored: valid and in lower case. */
export function checkEmail(email: string): string {
  if (!EMAIL.safeParse(email).success) {
    throw new AuthError(
      400,
      "validation_failed",
      "Unable to validate email address: invalid format",
    );
  }
  return email.toLowerCase();
}

/** Whether a string can be compared with a uuid column. */
export function isUuid(value: string): boolean {
  return UUID.safeParse(value).success;
}

/** The claims of the bearer token, whose signature and times are right. */
export function readClaims(c: Context, tokens: TokenIssuer): Promise<JWTPayload> {
  const token = /^Bearer (\S+)$/i.exec(c.req.header("Authorization") ?? "")?.[1];
  if (token === undefined) {
    throw new AuthError(
      401,
      "no_authorization",
      "This endpoint requires a valid Bearer token",
    );
  }
  return tokens.verify(token);
}

/**
 * The person a bearer token speaks for. Only a token of a session that still exists will do: a token
 * that the same key signed for something else (a device, an OAuth grant) carries no such session_id.
 */
export async function requireUser(
  c: Context,
  { sql, tokens }: AuthService,
): Promise<{ user: User; sessionId: string }> {
  const { sub, session_id } = await readClaims(c, tokens);
  if (sub === undefined) {
    throw new AuthError(403, "bad_jwt", "invalid claim: missing sub claim");
  }
  if (!isUuid(sub)) {
    throw new AuthError(403, "bad_jwt", "invalid claim: sub claim must be a UUID");
  }
  const user = await findUser(sql, sub);
  if (user === undefined) {
    throw new AuthError(403, "user_not_found", "User from sub claim in JWT does not exist");
  }
  if (
    typeof session_id !== "string" || !isUuid(session_id) ||
    await findSession(sql, session_id, user.id) === undefined
  ) {
    throw new AuthError(
      403,
      "session_not_found",
      "Session from session_id claim in JWT does not exist",
    );
  }
  return { user, sessionId: session_id };
}

/** Where a request comes from; the last forwarded address is the one the gateway wrote. */
export function originOf(c: Context): Origin {
  const address = c.req.header("X-Forwarded-For")?.split(",").at(-1)?.trim() ?? "";
  return {
    userAgent: c.req.header("User-Agent") ?? null,
    ip: isIP(address) === 0 ? null : address,
  };
}
