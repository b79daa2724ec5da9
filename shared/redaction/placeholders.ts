import { isDatabaseMark, REDACTED } from "./values.ts";

/** What a placeholder looks like; one that stands already is left alone. */
const PLACEHOLDER = /^<[a-z][a-z0-9_]{0,47}(?:#\d{1,6})?>$/;
const LONGEST_LABEL = 48;

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
  return value === REDACTED || PLACEHOLDER.test(value);
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
