import { base64url } from "jose";

/** Tells secret scanners and the log, which strikes it out, what a leaked code is. */
const PREFIX = "bml_";
const RANDOM_BYTES = 16;

/** A new code of 128 random bits, to be shown once. */
export function newLinkCode(): string {
  return PREFIX + base64url.encode(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
}
