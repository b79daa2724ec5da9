/** What the database puts in the place of a secret for those who may not see it. */
export const REDACTED = "[redacted]";

/**
 * A JWT: its first part is base64url of a JSON object, so it begins with eyJ. Where a run of its
 * characters begins, not at every eyJ in it: that would read the run as often again.
 */
const JWT = /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/;
const CREDENTIAL = /\b(?:bearer|basic)\s+[\w.~+/=-]{8,}/i;
/** Prefixes that providers give their keys so that scanners find them. */
const PROVIDER_KEY =
  /\b(?:sk|pk|rk)_(?:live|test)_\w{10,}|\bsb_secret_\w{10,}|\bgh[opsru]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bxox[abeoprs]-[\w-]{10,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}|\bsk-[\w-]{20,}/;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** Whether a value is a secret by its own look, whatever its name. */
export function looksSecret(value: string): boolean {
  return JWT.test(value) || CREDENTIAL.test(value) || PROVIDER_KEY.test(value) ||
    PRIVATE_KEY.test(value) || value.includes(REDACTED);
}

const IN_TEXT = new RegExp(
  `(\\b(?:bearer|basic)\\s+)[\\w.~+/=-]{8,}|${JWT.source}|${PROVIDER_KEY.source}`,
  "gi",
);

/** A text with `by` in the place of what looks like a secret in it. */
export function replaceSecrets(text: string, by: string): string {
  return text.replace(IN_TEXT, (_, scheme: string | undefined) => `${scheme ?? ""}${by}`);
}

const OPAQUE = /^[\w~+/=-]{20,}$/;

/** Whether a value reads like a random key: long, of one piece, digits among letters of both cases. */
export function looksRandom(value: string): boolean {
  if (!OPAQUE.test(value)) return false;
  return /[a-z]/.test(value) && /[A-Z]/.test(value) && /\d/.test(value);
}
