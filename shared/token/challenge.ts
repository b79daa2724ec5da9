import { AppError, unavailable } from "../http/errors.ts";
import { presentedToken } from "./credential.ts";
import type { TokenFailure, Verified } from "./verify.ts";

/** The request's token, or the 401 that asks for one. */
export function demandToken(headers: Headers): string {
  const presented = presentedToken(headers);
  if (presented.kind === "token") return presented.token;
  if (presented.kind === "malformed") {
    throw invalidToken("The Authorization header must be: Bearer <token>.");
  }
  // RFC 6750 section 3.1: no `error` in the challenge when nothing was presented.
  throw new AppError("missing_token", "Send a token as Authorization: Bearer <token>.", {
    headers: { "WWW-Authenticate": "Bearer" },
  });
}

/** What the token says, or the 401; keys that cannot be had are a 503, never a pass. */
export function demandClaims<T>(verified: Verified<T>): T {
  if (verified.ok) return verified.value;
  if (verified.failure === "keys_unavailable") {
    throw unavailable("The project's signing keys", verified.cause);
  }
  throw invalidToken(MESSAGE[verified.failure], verified.cause);
}

export function invalidToken(message: string, cause?: unknown): AppError {
  return new AppError("invalid_token", message, {
    headers: { "WWW-Authenticate": `Bearer error="invalid_token", error_description="${message}"` },
    cause,
  });
}

const NOT_VALID = "The token is not valid here.";
/** Only what a client can act on is told apart; the rest would help a forger alone. */
const MESSAGE: Record<Exclude<TokenFailure, "keys_unavailable">, string> = {
  expired: "The token has expired.",
  not_yet_valid: "The token is not valid yet.",
  malformed: NOT_VALID,
  forged: NOT_VALID,
  foreign: NOT_VALID,
};
