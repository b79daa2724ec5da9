/** A multiple of three, so that pieces join without padding; small enough for one call's arguments. */
const PIECE = 24_576;
const ALPHABET = /^[A-Za-z0-9+/]*$/;

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + PIECE)));
  }
  return text;
}

export function fromBase64(text: string): Uint8Array {
  const chars = atob(text);
  const bytes = new Uint8Array(chars.length);
  for (let at = 0; at < chars.length; at++) bytes[at] = chars.charCodeAt(at);
  return bytes;
}

/** Base64 without line breaks and with its padding, or null when the text is none. */
export function canonicalBase64(text: string): string | null {
  const digits = text.replace(/\s+/g, "").replace(/={1,2}$/, "");
  if (!ALPHABET.test(digits) || digits.length % 4 === 1) return null;
  return digits.padEnd(Math.ceil(digits.length / 4) * 4, "=");
}

/** How many bytes canonical base64 stands for. */
export function base64Size(text: string): number {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return text.length / 4 * 3 - padding;
}

/** The first `limit` bytes of canonical base64. */
export function cutBase64(text: string, limit: number): string {
  if (base64Size(text) <= limit) return text;
  const whole = Math.floor(limit / 3) * 4;
  const rest = fromBase64(text.slice(whole, whole + 4)).subarray(0, limit % 3);
  return text.slice(0, whole) + toBase64(rest);
}
