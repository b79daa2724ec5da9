import { isDatabaseMark, REDACTED } from "./values.ts";

const PLACEHOLDER = String.raw`<([a-z][a-z0-9_]{0,47})(?:#\d{1,6})?>`;
/** What a placeholder looks like; one that stands already is left alone. */
const WHOLE = new RegExp(`^${PLACEHOLDER}$`);
const EVERY = new RegExp(PLACEHOLDER, "g");
/** Where a secret may be: the whole of a value, or what follows a scheme or `=`. */
const IN_PLACE = new RegExp(String.raw`(?:^|[\s=])${PLACEHOLDER}(?=$|[;&])`);
const LONGEST_LABEL = 48;

/** The labels of all placeholders in a text, in their order. */
export function labelsIn(text: string): string[] {
  return [...text.matchAll(EVERY)].map(([, label]) => label!);
}

/** Whether a header's value or a URL has a placeholder, or the database's mark, where a secret was. */
export function standsForSecret(value: string): boolean {
  return value.includes(REDACTED.slice(0, -1)) || IN_PLACE.test(value);
}

/** Whether something stands here for a secret, here or in the database's answer. */
export function isStruck(value: string): boolean {
  return isPlaceholder(value) || isDatabaseMark(value);
}

/** `api_key` for `X-Api-Key`, `client_secret` for `clientSecret`. */
export function labelOf(name: string): string {
  const words = name.slice(0, 100).replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase()
    .replace(/[^a-z0-9]+/g, "_").replace(/^(?:_|x_|\d)+/, "").slice(0, LONGEST_LABEL)
    .replace(/_+$/, "");
  return words || "secret";
}

export function isPlaceholder(value: string): boolean {
  return value === REDACTED || WHOLE.test(value);
}

/**
 * What stands for secrets within one answer: `<access_token>`, and `<access_token#2>` for another one.
 * The same secret gets the same placeholder wherever it occurs, under whichever name.
 */
export class Placeholders {
  readonly #bySecret = new Map<string, string>();
  readonly #countByLabel = new Map<string, number>();
  readonly #strip: boolean;
  /** How many places were changed. */
  replaced = 0;

  constructor(mode: "mask" | "strip") {
    this.#strip = mode === "strip";
  }

  for(label: string, secret: string): string {
    if (isPlaceholder(secret)) return secret;
    this.replaced++;
    if (this.#strip) return "";
    const known = this.#bySecret.get(secret);
    if (known !== undefined) return known;
    const count = (this.#countByLabel.get(label) ?? 0) + 1;
    this.#countByLabel.set(label, count);
    const placeholder = count === 1 ? `<${label}>` : `<${label}#${count}>`;
    this.#bySecret.set(secret, placeholder);
    return placeholder;
  }
}
