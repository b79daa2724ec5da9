import type { ErrorHandler } from "hono";
import type { AppEnv } from "../http/app.ts";
import { toAppError } from "../http/errors.ts";
import type { ErrorCode } from "../http/errors.ts";

/**
 * What codes of ours are called in OAuth (RFC 6749 section 5.2, RFC 6750 section 3.1, RFC 7591 section
 * 3.2.2, RFC 8707 section 2). Those that are missing are faults of the request.
 */
export const OAUTH_CODE: Partial<Record<ErrorCode, string>> = {
  missing_token: "invalid_token",
  invalid_token: "invalid_token",
  insufficient_scope: "insufficient_scope",
  invalid_client: "invalid_client",
  invalid_grant: "invalid_grant",
  invalid_scope: "invalid_scope",
  invalid_target: "invalid_target",
  invalid_redirect_uri: "invalid_redirect_uri",
  invalid_client_metadata: "invalid_client_metadata",
  unauthorized_client: "unauthorized_client",
  unsupported_grant_type: "unsupported_grant_type",
  forbidden: "access_denied",
  rate_limited: "temporarily_unavailable",
  unavailable: "temporarily_unavailable",
  internal: "server_error",
};

/** Nothing an authorization server answers may be kept by a cache, errors included. */
export const NO_STORE = { "Cache-Control": "no-store" };

/** OAuth endpoints answer `{error, error_description}`; the codes of the envelope map onto the RFCs'. */
export const oauthOnError: ErrorHandler<AppEnv> = (thrown, c) => {
  const { code, message, status, headers } = toAppError(thrown);
  const error = OAUTH_CODE[code] ?? "invalid_request";
  return c.json({ error, error_description: message }, status, { ...NO_STORE, ...headers });
};
