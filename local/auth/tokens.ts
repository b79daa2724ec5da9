// Access tokens with the claims that hosted Supabase Auth puts in.

import {
  createLocalJWKSet,
  errors as joseErrors,
  importJWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from "jose";
import type { StackKeys } from "../keys.ts";
import { AuthError } from "./errors.ts";
import type { User } from "./users.ts";

const ALGORITHM = "ES256";

/** Seconds an access token lives: Supabase's default. */
export const ACCESS_TOKEN_SECONDS = 3600;

/** How the session was authenticated, as the `amr` claim lists it. */
export type AuthenticationMethod = { method: string; timestamp: number };

export type AccessToken = { token: string; expiresAt: number };

export type TokenIssuer = {
  sign(
    user: User,
    session: { id: string; aal: string; amr: AuthenticationMethod[] },
  ): Promise<AccessToken>;
  verify(token: string): Promise<JWTPayload>;
};

/** Signs and verifies with the stack's key; `url` is the public address of the whole stack. */
export async function createTokenIssuer(keys: StackKeys, url: string): Promise<TokenIssuer> {
  const signingKey = await importJWK(keys.signingKey, ALGORITHM);
  const kid = keys.signingKey.kid;
  if (kid === undefined) throw new Error("the stack's signing key has no kid");
  const publicKeys = createLocalJWKSet(keys.jwks);
  const issuer = `${url}/auth/v1`;

  return {
    async sign(user, session) {
      const issuedAt = Math.floor(Date.now() / 1000);
      const expiresAt = issuedAt + ACCESS_TOKEN_SECONDS;
      const token = await new SignJWT({
        iss: issuer,
        sub: user.id,
        aud: user.aud,
        exp: expiresAt,
        iat: issuedAt,
        email: user.email,
        phone: user.phone,
        app_metadata: user.app_metadata,
        user_metadata: user.user_metadata,
        role: user.role,
        aal: session.aal,
        amr: session.amr,
        session_id: session.id,
        is_anonymous: user.is_anonymous,
      }).setProtectedHeader({ alg: ALGORITHM, kid, typ: "JWT" }).sign(signingKey);
      return { token, expiresAt };
    },

    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, publicKeys, { algorithms: [ALGORITHM] });
        return payload;
      } catch (error) {
        if (!(error instanceof joseErrors.JOSEError)) throw error;
        throw new AuthError(
          403,
          "bad_jwt",
          `invalid JWT: unable to parse or verify signature, ${error.message}`,
        );
      }
    },
  };
}
