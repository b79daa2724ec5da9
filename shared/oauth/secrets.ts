import { base64url } from "jose";

/** A prefix tells what a leaked string is, to secret scanners and to the log, which strikes it out. */
const PREFIX = { request: "bmr_", code: "bmc_", client: "bms_", refresh: "bmt_" } as const;

/** A new secret of 256 random bits, to be shown once. */
export function newSecret(kind: keyof typeof PREFIX): string {
  return PREFIX[kind] + base64url.encode(crypto.getRandomValues(new Uint8Array(32)));
}

/** What is stored of a secret: SHA-256 in hex. Enough for random bits (RFC 9700 section 4.10). */
export async function hashSecret(text: string): Promise<string> {
  return Array.from(await sha256(text), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The S256 challenge of a PKCE verifier (RFC 7636 section 4.2). */
export async function challengeOf(verifier: string): Promise<string> {
  return base64url.encode(await sha256(verifier));
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}
