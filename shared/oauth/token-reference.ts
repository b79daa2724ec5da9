import type { TokenReference } from "../db/oauth.ts";
import type { Verifier } from "../token/verify.ts";
import { hashSecret } from "./secrets.ts";

/**
 * What a presented token is to the database: the jti when it is an access token of ours, and the hash
 * it would have as a refresh token. A type hint is not needed and not read (RFC 7009 section 2.1).
 */
export async function referenceTo(
  token: string,
  clientId: string,
  verifier: Verifier,
): Promise<TokenReference> {
  const [verified, refresh_hash] = await Promise.all([
    verifier.credential(token),
    hashSecret(token),
  ]);
  const jti = verified.ok && verified.value.kind === "person" ? verified.value.claims.jti : null;
  return { client_id: clientId, jti, refresh_hash };
}
