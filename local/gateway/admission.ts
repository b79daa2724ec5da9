import { createLocalJWKSet, jwtVerify } from "jose";
import type { StackKeys } from "../keys.ts";

/** What a request shows at the gateway. */
export interface Credentials {
  apikey?: string | undefined;
  authorization?: string | undefined;
}

/** The Authorization header to pass on, or why the request goes no further. */
export type Admission =
  | { authorization: string }
  | { refused: { code: string; message: string; hint: string } };

export interface Doorkeeper {
  /** For the platform's own APIs: an API key is needed, and is turned into its role's token. */
  admit(credentials: Credentials): Promise<Admission>;
  /** For functions: keys are the function's business, but a person's token may stand in `apikey`. */
  bearerFor(credentials: Credentials): string | undefined;
  /** Whether the project's key signed the token, and it has not expired. */
  verifies(authorization: string | undefined): Promise<boolean>;
}

const BEARER = /^Bearer\s+(.+)$/i;
const bearerOf = (authorization: string | undefined) => BEARER.exec(authorization ?? "")?.[1];
const looksLikeJwt = (text: string) => text.split(".").length === 3;

/**
 * The key check of Supabase's gateway, with two of Busymate's own freedoms: the one access token is
 * accepted in `apikey`, and it needs no `apikey` beside it. Who may do what is not decided here.
 */
export function createDoorkeeper(keys: StackKeys): Doorkeeper {
  const keySet = createLocalJWKSet(keys.jwks);
  const tokens = new Map([
    [keys.publishableKey, keys.anonJwt()],
    [keys.secretKey, keys.serviceJwt()],
  ]);

  const verifies = async (token: string | undefined) =>
    token !== undefined &&
    await jwtVerify(token, keySet, { algorithms: ["ES256"] }).then(() => true, () => false);

  return {
    async admit({ apikey, authorization }) {
      const bearer = bearerOf(authorization);
      const key = apikey ?? bearer;
      if (!key) {
        return refuse(
          "no_api_key",
          "No API key found in request",
          "Send the publishable key, or an access token, in the header `apikey`.",
        );
      }
      const token = tokens.get(key) ?? (looksLikeJwt(key) ? key : undefined);
      // A token in Authorization is verified by whoever acts on it; one that only opens the gate
      // would be verified by nobody else.
      const known = token !== undefined &&
        (tokens.has(key) || key === bearer || await verifies(key));
      if (!known) {
        return refuse(
          "invalid_api_key",
          "Invalid API key",
          "Send this project's publishable or secret key, or a valid access token, in `apikey`.",
        );
      }
      const replaced = authorization === undefined || bearer === key;
      return { authorization: replaced ? `Bearer ${token}` : authorization };
    },

    bearerFor({ apikey, authorization }) {
      const replaceable = authorization === undefined || bearerOf(authorization) === apikey;
      return apikey && looksLikeJwt(apikey) && replaceable ? `Bearer ${apikey}` : authorization;
    },

    verifies: (authorization) => verifies(bearerOf(authorization)),
  };
}

const refuse = (code: string, message: string, hint: string): Admission => ({
  refused: { code, message, hint },
});
