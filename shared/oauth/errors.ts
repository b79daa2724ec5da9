import type { ErrorHandler } from "hono";
import type { AppEnv } from "../http/app.ts";
import { toAppError } from "../http/errors.ts";
import type { ErrorCode } from "../http/errors.ts";

/** RFC 6749 section 5.2 and 4.1.2.1, RFC 6750 section 3.1. */
export type OAuthErrorCode =
  | "invalid_request"
  | "invalid_token"
  | "insufficient_scope"
  | "access_denied"
  | "server_error"
  | "temporarily_unavailable";

const OAUTH_CODE: Partial<Record<ErrorCode, OAuthErrorCode>> = {
  missing_token: "invalid_token",
  invalid_token: "invalid_token",
  insufficient_scope: "insufficient_scope",
  forbidden: "access_denied",
  rate_limited: "temporarily_unavailable",
  unavailable: "temporarily_unavailable",
  internal: "server_error",
};

/** OAuth endpoints answer `{error, error_description}`; the codes of the envelope map onto the RFC's. */
export const oauthOnError: ErrorHandler<AppEnv> = (thrown, c) => {
  const { code, message, status, headers } = toAppError(thrown);
  const error = OAUTH_CODE[code] ?? "invalid_request";
  return c.json({ error, error_description: message }, status, {
    "Cache-Control": "no-store",
    ...headers,
  });
};
