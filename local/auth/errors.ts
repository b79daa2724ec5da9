// The two error shapes of Supabase Auth. A client that sends `x-supabase-api-version: 2024-01-01`
// (supabase-js does) reads `{code, message}`; older ones read `{code: <status>, error_code, msg}`.

import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** The error codes this service answers with: a subset of Supabase Auth's own. */
export type AuthErrorCode =
  | "anonymous_provider_disabled"
  | "bad_json"
  | "bad_jwt"
  | "conflict"
  | "email_exists"
  | "email_not_confirmed"
  | "invalid_credentials"
  | "no_authorization"
  | "not_admin"
  | "phone_provider_disabled"
  | "refresh_token_already_used"
  | "refresh_token_not_found"
  | "same_password"
  | "session_expired"
  | "session_not_found"
  | "unexpected_failure"
  | "user_already_exists"
  | "user_banned"
  | "user_not_found"
  | "validation_failed"
  | "weak_password";

export type AuthErrorDetails = { weak_password?: { reasons: string[] } };

/** A refusal that the client is meant to read. */
export class AuthError extends Error {
  readonly status: ContentfulStatusCode;
  readonly code: AuthErrorCode;
  readonly details: AuthErrorDetails;

  constructor(
    status: ContentfulStatusCode,
    code: AuthErrorCode,
    message: string,
    options: { details?: AuthErrorDetails; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.status = status;
    this.code = code;
    this.details = options.details ?? {};
  }
}

const VERSION_HEADER = "x-supabase-api-version";
const VERSION_2024_01_01 = "2024-01-01";

// Postgres: a NUL or a lone surrogate in text or jsonb, or a value too long for its column.
const UNSTORABLE = new Set(["22021", "22P02", "22P05", "22001"]);

// postgres.js and Postgres while the server is down, starting or going away.
const UNAVAILABLE = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  "CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "53300",
  "57P01",
  "57P02",
  "57P03",
]);

/** The `code` of a Postgres, postgres.js or system error. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

function asAuthError(error: unknown): AuthError {
  if (error instanceof AuthError) return error;
  const code = errorCode(error);
  if (code !== undefined && UNSTORABLE.has(code)) {
    return new AuthError(
      400,
      "validation_failed",
      "The request holds a value that is too long or " +
        "contains a character that cannot be stored",
    );
  }
  // 503 is what supabase-js treats as worth a retry.
  if (code !== undefined && UNAVAILABLE.has(code)) {
    return new AuthError(503, "unexpected_failure", "The database is not available, try again", {
      cause: error,
    });
  }
  return new AuthError(
    500,
    "unexpected_failure",
    "Unexpected failure, please check server logs for more information",
    { cause: error },
  );
}

/** Answers an error in the shape the client asked for; faults of our own go to `report`. */
export function answerError(c: Context, error: unknown, report: (fault: AuthError) => void) {
  const fault = asAuthError(error);
  if (fault.status >= 500) report(fault);

  if ((c.req.header(VERSION_HEADER) ?? "") < VERSION_2024_01_01) {
    const body = { code: fault.status, error_code: fault.code, msg: fault.message };
    return c.json({ ...body, ...fault.details }, fault.status);
  }
  c.header(VERSION_HEADER, VERSION_2024_01_01);
  return c.json({ code: fault.code, message: fault.message, ...fault.details }, fault.status);
}
