import { createRemoteJWKSet, customFetch, decodeProtectedHeader, errors, jwtVerify } from "jose";
import type { ZodType } from "zod";
import { DEVICE_ROLE, deviceClaims, personClaims, sessionClaims } from "./claims.ts";
import type { DeviceClaims, PersonClaims, SessionClaims } from "./claims.ts";

/** Why a token is not accepted. Told apart for logs and tests; a caller learns only "expired" or "not valid". */
export type TokenFailure =
  | "malformed"
  | "forged"
  | "foreign"
  | "expired"
  | "not_yet_valid"
  | "keys_unavailable";

export type Verified<T> = { ok: true; value: T } | {
  ok: false;
  failure: TokenFailure;
  cause: unknown;
};

export type Credential =
  | { kind: "person"; token: string; claims: PersonClaims }
  | { kind: "device"; token: string; claims: DeviceClaims };

/** The one verifier of every function. Liveness (revocation) is the database's, asked by the guard. */
export interface Verifier {
  /** A token of ours: a person's access token or a device's credential. */
  credential(token: string): Promise<Verified<Credential>>;
  /** A session token of Supabase Auth: for the exchange alone, never a credential for data. */
  session(token: string): Promise<Verified<SessionClaims>>;
}

export interface VerifierOptions {
  issuer: string;
  /** `<project url>/auth/v1`: the issuer of session tokens, and where the project's keys are published. */
  authUrl: string;
  fetch: typeof fetch;
}

const ALGORITHMS = ["ES256"];
export const TOKEN_LIMIT = 8_192;

export function createVerifier({ issuer, authUrl, fetch }: VerifierOptions): Verifier {
  // Keys are kept 10 minutes; an unknown kid fetches anew, at most every 30 s.
  const keys = createRemoteJWKSet(new URL(`${authUrl}/.well-known/jwks.json`), {
    [customFetch]: fetch,
  });

  async function verify(token: string, iss: string): Promise<Verified<unknown>> {
    try {
      if (token.length > TOKEN_LIMIT) return failed("malformed", "token too long");
      // Without a kid the key set would pick by algorithm: one of ours always names its key.
      if (!decodeProtectedHeader(token).kid) return failed("malformed", "header without kid");
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ALGORITHMS,
        issuer: iss,
        typ: "JWT",
        requiredClaims: ["sub", "aud", "exp", "iat"],
      });
      return { ok: true, value: payload };
    } catch (cause) {
      return failed(failureOf(cause), cause);
    }
  }

  return {
    async credential(token) {
      const verified = await verify(token, issuer);
      if (!verified.ok) return verified;
      // The role decides the kind: a token that says "device" is never tried as a person's.
      if (roleOf(verified.value) === DEVICE_ROLE) {
        const device = shaped(deviceClaims, verified.value);
        return device.ok
          ? { ok: true, value: { kind: "device", token, claims: device.value } }
          : device;
      }
      const person = shaped(personClaims, verified.value);
      return person.ok
        ? { ok: true, value: { kind: "person", token, claims: person.value } }
        : person;
    },
    async session(token) {
      const verified = await verify(token, authUrl);
      return verified.ok ? shaped(sessionClaims, verified.value) : verified;
    },
  };
}

function shaped<T>(schema: ZodType<T>, claims: unknown): Verified<T> {
  const result = schema.safeParse(claims);
  return result.success ? { ok: true, value: result.data } : failed("foreign", result.error);
}

function roleOf(claims: unknown): unknown {
  return (claims as { role?: unknown }).role;
}

function failed(failure: TokenFailure, cause: unknown): Verified<never> {
  return { ok: false, failure, cause };
}

function failureOf(cause: unknown): TokenFailure {
  if (cause instanceof errors.JWTExpired) return "expired";
  if (cause instanceof errors.JWTClaimValidationFailed) {
    return cause.claim === "nbf" ? "not_yet_valid" : "foreign";
  }
  if (
    cause instanceof errors.JWSSignatureVerificationFailed ||
    cause instanceof errors.JWKSNoMatchingKey
  ) return "forged";
  if (
    cause instanceof errors.JWSInvalid || cause instanceof errors.JWTInvalid ||
    cause instanceof errors.JOSEAlgNotAllowed || cause instanceof errors.JOSENotSupported
  ) return "malformed";
  // jose's own parser of the protected header throws a bare TypeError.
  if (
    cause instanceof TypeError && cause.message === "Invalid Token or Protected Header formatting"
  ) {
    return "malformed";
  }
  return "keys_unavailable";
}
