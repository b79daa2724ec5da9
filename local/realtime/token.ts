import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from "jose";

/** The claims of a token that passed: a role and an expiry are what a channel cannot do without. */
export interface Claims extends Record<string, unknown> {
  role: string;
  exp: number;
}

export interface Credential {
  token: string;
  claims: Claims;
}

/** Why a token does not count, in the words the service uses where the token was shown. */
export class TokenRefused extends Error {
  override name = "TokenRefused";
  /** In the answer to a join. */
  readonly code: string;
  /** In the answer to the upgrade, which does not say when a token expired. */
  readonly atConnect: string;
  /** In the system message that ends a channel, where two faults are shown as the atoms they are. */
  readonly onChannel: string;

  constructor(
    code: string,
    message: string,
    said: { atConnect?: string; onChannel?: string } = {},
  ) {
    super(message);
    this.code = code;
    this.atConnect = said.atConnect ?? message;
    this.onChannel = said.onChannel ?? message;
  }
}

/** Throws TokenRefused unless the token is whole, signed by the stack and not expired. */
export type Verify = (token: string) => Promise<Credential>;

const decoder = new TextDecoder();

/** Only signature, role and expiry count: as hosted, neither aud nor iss is looked at. */
export function tokenVerifier(jwks: JSONWebKeySet): Verify {
  const keys = createLocalJWKSet(jwks);
  return async (token) => {
    const payload = await signedPayload(token, keys);
    const claims = parseClaims(payload);
    assertUnexpired(claims);
    return { token, claims };
  };
}

/** The moment a token ends, inclusive: at exp itself it has expired. */
export function assertUnexpired({ exp }: Claims): void {
  const late = Math.floor(Date.now() / 1000 - exp);
  if (late < 0) return;
  throw new TokenRefused("InvalidJWTToken", `Token has expired ${late} seconds ago`, {
    atConnect: "Token has expired",
  });
}

async function signedPayload(
  token: string,
  keys: ReturnType<typeof createLocalJWKSet>,
): Promise<string> {
  try {
    return decoder.decode((await compactVerify(token, keys)).payload);
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) throw wrongSignature();
    if (error instanceof errors.JWKSNoMatchingKey) throw unknownSigner(token);
    // An algorithm that no public key is for.
    if (error instanceof errors.JOSENotSupported) throw unknownSigner(token);
    if (error instanceof errors.JOSEError) throw malformed();
    throw error;
  }
}

function parseClaims(payload: string): Claims {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    throw malformed();
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed();
  const { role, exp } = value as Record<string, unknown>;
  if (typeof role !== "string" || role === "" || typeof exp !== "number") {
    throw new TokenRefused("InvalidJWTToken", "Fields `role` and `exp` are required in JWT");
  }
  return { ...value, role, exp };
}

const malformed = () => new TokenRefused("MalformedJWT", "The token provided is not a valid JWT");

const wrongSignature = () =>
  new TokenRefused("JwtSignatureError", "Failed to validate JWT signature", {
    onChannel: ":signature_error",
  });

/** A shared-secret token falls back to the project's secret, which never signed it. */
function unknownSigner(token: string): TokenRefused {
  const header = JSON.parse(atob(token.split(".")[0]!.replaceAll("-", "+").replaceAll("_", "/")));
  if (String(header.alg).startsWith("HS")) return wrongSignature();
  return new TokenRefused(
    "JwtSignerError",
    "Failed to generate JWT signer, check your JWT secret or JWKS configuration",
  );
}
