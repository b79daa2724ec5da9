// Tokens nobody is ever given: the stack's own signing key, its public half, and other people's keys.

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { decodeJwt, generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT } from "jose";
import { database } from "./world.ts";

type PrivateKey = Parameters<SignJWT["sign"]>[0];

/** The embedded stack's private key, from the file beside its database. */
export async function stackKey(): Promise<JWK & { kid: string }> {
  const [row] = await database()<{ directory: string }[]>`
    select current_setting('data_directory') as directory`;
  const file = join(dirname(row!.directory), "keys.json");
  return JSON.parse(await readFile(file, "utf8")).signingKey;
}

/** A token like another, with some claims changed (undefined: left out), validly signed. */
export async function resigned(token: string, changes: Record<string, unknown>): Promise<string> {
  const key = await stackKey();
  return await signed({ ...decodeJwt(token), ...changes }, await importJWK(key, "ES256"), {
    alg: "ES256",
    kid: key.kid,
  });
}

/** The claims of a token under the right kid, signed with a key that is not the stack's. */
export async function signedByAnother(token: string): Promise<string> {
  const { privateKey } = await generateKeyPair("ES256");
  return await signed(decodeJwt(token), privateKey, { alg: "ES256", kid: (await stackKey()).kid });
}

/** The oldest trick: HS256 with the public key, which everybody knows, as the secret. */
export async function signedWithPublicKey(token: string): Promise<string> {
  const { kty, crv, x, y, kid } = await stackKey();
  const secret = new TextEncoder().encode(JSON.stringify({ kty, crv, x, y }));
  return await signed(decodeJwt(token), secret, { alg: "HS256", kid });
}

/** No signature at all. */
export function unsigned(token: string): string {
  const header = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");
  return `${header}.${token.split(".")[1]}.`;
}

async function signed(
  claims: JWTPayload,
  key: PrivateKey,
  header: { alg: string; kid: string },
): Promise<string> {
  return await new SignJWT(claims).setProtectedHeader({ ...header, typ: "JWT" }).sign(key);
}
