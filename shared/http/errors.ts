import type { ContentfulStatusCode } from "hono/utils/http-status";

/** Every error code a function answers with, and its HTTP status. Codes are API: never rename one. */
export const ERROR_STATUS = {
  invalid_request: 400,
  invalid_json: 400,
  invalid_utf8: 400,
  invalid_compression: 400,
  invalid_pairing_code: 400,
  invalid_grant: 400,
  invalid_scope: 400,
  invalid_target: 400,
  invalid_redirect_uri: 400,
  invalid_client_metadata: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  request_aborted: 400,
  missing_token: 401,
  invalid_token: 401,
  invalid_client: 401,
  wrong_credential: 403,
  insufficient_scope: 403,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  name_taken: 409,
  proposal_changed: 409,
  proposal_used: 409,
  proposal_expired: 410,
  conflict: 409,
  body_too_large: 413,
  too_many_entries: 413,
  unsupported_media_type: 415,
  unsupported_encoding: 415,
  rate_limited: 429,
  internal: 500,
  model_failed: 502,
  unavailable: 503,
  model_rate_limited: 503,
  model_unavailable: 503,
  model_timeout: 504,
} as const satisfies Record<string, ContentfulStatusCode>;

export type ErrorCode = keyof typeof ERROR_STATUS;

export interface AppErrorOptions {
  /** Machine-readable particulars for the caller; part of the answer. */
  details?: unknown;
  headers?: Record<string, string>;
  /** For the log alone; never part of the answer. */
  cause?: unknown;
}

/** An error whose message is written for the caller: it names the field and the fix. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly status: ContentfulStatusCode;
  readonly details: unknown;
  readonly headers: Record<string, string>;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.status = ERROR_STATUS[code];
    this.details = options.details;
    this.headers = options.headers ?? {};
  }
}

/** Any thrown value as an AppError: what was not meant for the caller becomes a plain `internal`. */
export function toAppError(thrown: unknown): AppError {
  return thrown instanceof AppError ? thrown : internal(thrown);
}

/** A fault of ours: the caller learns that much, the log the rest. */
export function internal(cause: unknown): AppError {
  return new AppError("internal", "Something went wrong on our side; the request id finds it.", {
    cause,
  });
}

/** A dependency is away. Never answered as an empty or allowed result. */
export function unavailable(what: string, cause: unknown): AppError {
  return new AppError("unavailable", `${what} is not reachable right now; try again shortly.`, {
    headers: { "Retry-After": "1" },
    cause,
  });
}
