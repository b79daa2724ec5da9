/** Without 0 O 1 I. 32 characters: a random byte's low five bits pick one, so none is likelier. */
const ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const LENGTH = 8;

/** A new code of 40 random bits, to be shown once. */
export function createPairingCode(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(LENGTH));
  return Array.from(bytes, (byte) => ALPHABET[byte & 31]).join("");
}

/** A code as people type it (any case, dashes and spaces anywhere), or null when it cannot be one. */
export function readPairingCode(typed: string): string | null {
  const code = typed.replace(/[-\s]/g, "").toUpperCase();
  const possible = code.length === LENGTH && [...code].every((char) => ALPHABET.includes(char));
  return possible ? code : null;
}

/** What is stored of a code: SHA-256 in hex. */
export async function hashPairingCode(code: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(code));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
