import { isSecretSegment } from "../redaction/names.ts";
import { looksRandom, looksSecret } from "../redaction/values.ts";

/** Texts that name one thing among many by their own look. */
const ID_LIKE = [
  /^-?\d+(?:\.\d+)?(?:,-?\d+(?:\.\d+)?)*$/,
  /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i,
  /^\d{4}-\d\d(?:-\d\d)?(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?$/i,
  // A hash, of which one digit is a letter's chance.
  /^(?=[a-f]*\d)[0-9a-f]{12,}$/i,
  // A ULID.
  /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/,
  // What Stripe, Slack and others call things: a short kind and a key.
  /^[a-z]{2,7}_(?=[A-Za-z]*\d)[A-Za-z0-9]{8,}$/,
  // A file with a hash in its name.
  /[.-](?=[a-f]*\d)[0-9a-f]{8,}\.[a-z0-9.]+$/i,
  /^[^@]+@[^@]+\.[^@]+$/,
];
const LONGEST_NAME = 80;

/** Whether a path segment or a property's name is data rather than a name. */
export function isIdLike(text: string): boolean {
  return text.length > LONGEST_NAME || ID_LIKE.some((pattern) => pattern.test(text)) ||
    looksRandom(text) || looksSecret(text);
}

/** Whether a path segment is data: by its own look, or as what may be the secret it stands behind. */
export function isDataSegment(segment: string, before: string): boolean {
  return isIdLike(segment) || isSecretSegment(segment, before);
}

/** The segments of a URL's path, decoded where that can be. Matrix parameters often hold sessions. */
export function segmentsOf(pathname: string): string[] {
  return pathname.split("/").slice(1).map((segment) => segment.split(";")[0]!);
}

const VERSION = /^v\d+(?:[._]\d+)*$/i;
const WORD = /^[A-Za-z][A-Za-z0-9_-]*$/;

/**
 * A parameter's name, from the literal before it alone, so that other traffic does not change it:
 * `userId` behind `users`. `taken` are the names before it in the same path.
 */
export function parameterName(before: string | undefined, taken: ReadonlySet<string>): string {
  const speaks = before !== undefined && WORD.test(before) && !VERSION.test(before) &&
    before.toLowerCase() !== "api";
  const name = speaks ? `${singular(camelCase(before))}Id` : "id";
  if (!taken.has(name)) return name;
  let n = 2;
  while (taken.has(`${name}${n}`)) n++;
  return `${name}${n}`;
}

export function camelCase(text: string): string {
  const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const [first = "", ...rest] = words;
  return first.charAt(0).toLowerCase() + first.slice(1) + rest.map(capitalised).join("");
}

export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function singular(word: string): string {
  if (/[^aeiou]ies$/.test(word)) return word.replace(/ies$/, "y");
  if (/(?:ss|x|ch|sh)es$/.test(word)) return word.slice(0, -2);
  return /[^sui]s$/.test(word) ? word.slice(0, -1) : word;
}
