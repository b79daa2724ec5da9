import { importJWK, SignJWT } from "jose";
import type { JWK } from "jose";
import { DEVICE_ROLE, PERSON_ROLE } from "./claims.ts";
import type { ActingSurface, DeviceClaims, PersonClaims, Scope } from "./claims.ts";

const ALGORITHM = "ES256";

export interface PersonGrant {
  user_id: string;
  user_role: string;
  client_id: string;
  scope: string;
  jti: string;
  grant_id: string;
  issued_at: Date;
  expires_at: Date;
  /** Who acts for the person, when it is not the person. */
  act?: ActingSurface;
}

export interface DeviceCredential {
  credential_id: string;
  device_uuid: string;
  issued_at: Date;
  expires_at: Date;
}

/** Mints tokens whose rows the database has already made: a token without its row is dead. */
export interface Signer {
  person(grant: PersonGrant): Promise<string>;
  device(credential: DeviceCredential): Promise<string>;
  /**
   * A person's token again, for a function's own calls in their name: it lives a minute at most, says
   * who acts, and leaves out the scopes that the actor must not have.
   */
  acting(claims: PersonClaims, act: ActingSurface, without?: readonly Scope[]): Promise<string>;
}

const ACTING_SECONDS = 60;

export function createSigner(privateKey: JWK & { kid: string }, issuer: string): Signer {
  let key: ReturnType<typeof importJWK> | undefined;

  async function sign(claims: PersonClaims | DeviceClaims): Promise<string> {
    key ??= importJWK(privateKey, ALGORITHM);
    return await new SignJWT(claims)
      .setProtectedHeader({ alg: ALGORITHM, kid: privateKey.kid, typ: "JWT" })
      .sign(await key);
  }

  return {
    person: (grant) =>
      sign({
        iss: issuer,
        sub: grant.user_id,
        aud: [issuer, PERSON_ROLE],
        role: PERSON_ROLE,
        user_role: grant.user_role,
        client_id: grant.client_id,
        scope: grant.scope,
        jti: grant.jti,
        session_id: grant.grant_id,
        iat: seconds(grant.issued_at),
        exp: seconds(grant.expires_at),
        ...(grant.act && { act: grant.act }),
      }),
    device: (credential) =>
      sign({
        iss: issuer,
        sub: credential.credential_id,
        aud: [DEVICE_ROLE, PERSON_ROLE],
        role: DEVICE_ROLE,
        app_metadata: { device_uuid: credential.device_uuid },
        iat: seconds(credential.issued_at),
        exp: seconds(credential.expires_at),
      }),
    acting(claims, act, without = []) {
      const now = seconds(new Date());
      return sign({
        ...claims,
        scope: claims.scope.split(" ").filter((scope) => !without.includes(scope as Scope)).join(
          " ",
        ),
        act,
        iat: now,
        exp: Math.min(claims.exp, now + ACTING_SECONDS),
      });
    },
  };
}

/** Rounded down: a token must never outlive its row. */
function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
