import { decodeBody, textBody } from "../entries/body.ts";
import type { StoredBody } from "../entries/exchange.ts";
import { Sieve } from "./candidates.ts";
import { addressIn, isAddress, pairsIn, type Parts } from "./addresses.ts";
import { ENCODED, encodedAt } from "./encoded.ts";
import { headerIn } from "./headers.ts";
import { isCountName, isSecretName } from "./names.ts";
import { compilePattern } from "./pattern.ts";
import { labelOf, Placeholders } from "./placeholders.ts";
import type { RedactionPolicy } from "./policy.ts";
import { type Named, namedSecrets, schemeLabel, WORDS } from "./scan.ts";
import { BEGINNINGS, escaped, shapedSecrets } from "./values.ts";

/** What of an entry may hold secrets, in whatever form the entry is read. */
export interface ReadableEntry {
  url: string | null;
  /** Whether secrets were taken out for the one who reads. */
  redacted: boolean;
  payload: Record<string, unknown>;
}

/**
 * Takes the secrets out of one answer. Personal data (e-mail addresses, telephone numbers) is none of
 * its business: what it takes for a secret is what gives access, and card numbers.
 */
export interface Redactor {
  /** Whether anything is replaced at all. Off gives back what it is given. */
  readonly on: boolean;
  /** How many places were changed so far. */
  readonly replaced: number;
  entry<E extends ReadableEntry>(entry: E): E;
  payload(payload: Record<string, unknown>): Record<string, unknown>;
  /** In any form that payloads have: an object, or a list of [name, value]. */
  headers<T>(headers: T): T;
  header(name: string, value: string): string;
  url(url: string): string;
  body(body: StoredBody, contentType?: string): StoredBody;
  /** The text of a body, by its type. */
  content(text: string, contentType?: string): string;
  /** `a=1&token=…`, as a query or a form has it. */
  pairs(text: string): string;
  text(text: string): string;
  json<T>(value: T): T;
}

export function createRedactor(policy: RedactionPolicy): Redactor {
  return policy.enabled ? new ActiveRedactor(policy) : OFF;
}

const same = <T>(value: T): T => value;
const OFF: Redactor = {
  on: false,
  replaced: 0,
  entry: same,
  payload: same,
  headers: same,
  header: (_, value) => value,
  url: same,
  body: same,
  content: same,
  pairs: same,
  text: same,
  json: same,
};

const FORM = /^\s*application\/x-www-form-urlencoded/i;
/** `a=1&b=2`, whatever its type says. */
const LIKE_FORM = /^[\w.%+[\]~-]{1,200}=[^\s"<>{}]*$/;
/** A letter, digit or sign of a name spelled as an escape, in JSON within JSON too. */
const SPELLED_OUT = /\\+u00([46][1-9a-f]|[57][0-9a]|3\d|5f|2d)/gi;
/** Of JWK (RFC 7518): what is private of a key. */
const PRIVATE_MEMBER = /\\*"(?:d|p|q|dp|dq|qi|k)\\*"\s{0,20}:\s{0,20}\\*"(?=([\w-]{16,}))/g;
const KNOWN_NAMES = 10_000;

/** Names seen so far; the same few come again and again. */
const verdicts = new Map<string, boolean>();

function isSecretNameOnce(name: string): boolean {
  let verdict = verdicts.get(name);
  if (verdict === undefined) {
    if (verdicts.size >= KNOWN_NAMES) verdicts.clear();
    verdicts.set(name, verdict = isSecretName(name));
  }
  return verdict;
}

const SIEVE = new Sieve(WORDS, BEGINNINGS, ENCODED);

class ActiveRedactor implements Redactor {
  readonly on = true;
  readonly #placeholders: Placeholders;
  readonly #extraNames: ReadonlySet<string>;
  readonly #patterns: ReturnType<typeof compilePattern>[];
  /** Names that the sieve does not know. */
  readonly #extraNamePattern: RegExp | null;
  readonly #parts: Parts = {
    text: (text) => this.text(text),
    isSecret: (name) => this.#isSecret(name),
    secret: (label, secret) => this.#secret(label, secret),
  };

  constructor({ mode, extraNames, extraPatterns }: RedactionPolicy) {
    this.#placeholders = new Placeholders(mode);
    this.#extraNames = new Set(extraNames.map((name) => name.toLowerCase()).filter(Boolean));
    this.#patterns = extraPatterns.map(compilePattern);
    this.#extraNamePattern = this.#extraNames.size === 0
      ? null
      : new RegExp([...this.#extraNames].map(escaped).join("|"), "gi");
  }

  get replaced(): number {
    return this.#placeholders.replaced;
  }

  entry<E extends ReadableEntry>(entry: E): E {
    const { url, payload, ...rest } = entry;
    return {
      ...this.json(rest),
      url: url === null ? null : this.url(url),
      redacted: true,
      payload: this.payload(payload),
    } as E;
  }

  payload(payload: Record<string, unknown>): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(payload).map(([name, value]) => [name, this.#field(name, value, payload)]),
    );
  }

  headers<T>(headers: T): T {
    if (headers === null || typeof headers !== "object") return headers;
    const values = (name: string, value: unknown): unknown =>
      Array.isArray(value)
        ? value.map((one) => values(name, one))
        : typeof value === "string"
        ? this.header(name, value)
        : this.#member(name, value);
    const list = Array.isArray(headers)
      ? headers.map((pair) =>
        Array.isArray(pair) ? [pair[0], values(String(pair[0]), pair[1])] : this.json(pair)
      )
      : Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, values(name, value)]),
      );
    return list as T;
  }

  header(name: string, value: string): string {
    return headerIn(name, value, this.#parts);
  }

  url(url: string): string {
    return addressIn(url, this.#parts);
  }

  pairs(text: string): string {
    return pairsIn(text, this.#parts);
  }

  body(body: StoredBody, contentType = ""): StoredBody {
    if (body === null || (typeof body !== "string" && "omitted" in body)) return body;
    const content = decodeBody(body);
    if (typeof content !== "string") {
      // Bytes cannot be searched; the database leaves them out in the same way.
      return { text: "", encoding: "base64", omitted: true };
    }
    const shown = this.content(content, contentType);
    if (shown === content) return body;
    if (typeof body === "string") return textBody(shown);
    const { truncated, size } = body;
    return textBody(shown, {
      ...(truncated && { truncated }),
      ...(size !== undefined && { size }),
    });
  }

  content(text: string, contentType = ""): string {
    return FORM.test(contentType) || LIKE_FORM.test(text) ? this.pairs(text) : this.text(text);
  }

  text(text: string): string {
    // Shorter than any secret with its name.
    if (text.length < 6) return text;
    // As its reader will read it, since names are found as they are spelled.
    const plain = text.includes("\\u00")
      ? text.replace(SPELLED_OUT, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
      : text;
    const found = this.#find(plain);
    return found.length === 0 ? text : this.#replace(plain, found);
  }

  json<T>(value: T): T {
    if (typeof value === "string") {
      return (isAddress(value) ? this.url(value) : this.text(value)) as T;
    }
    if (value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) return this.#list(value) as T;
    const members = value as Record<string, unknown>;
    const named = members["name"] ?? members["key"];
    return Object.fromEntries(
      Object.entries(members).map(([name, inner]) => {
        // A list of {name, value}: HAR's headers, cookies, query and form.
        const subject = name === "value" && typeof named === "string" ? named : name;
        return [
          name,
          subject !== name && typeof inner === "string"
            ? this.header(subject, inner)
            : this.#member(subject, inner),
        ];
      }),
    ) as T;
  }

  #field(name: string, value: unknown, payload: Record<string, unknown>): unknown {
    switch (name) {
      case "url":
        return typeof value === "string" ? this.url(value) : this.json(value);
      case "requestHeaders":
      case "responseHeaders":
        return this.headers(value);
      case "requestBody":
        return this.body((value ?? null) as StoredBody, contentTypeOf(payload["requestHeaders"]));
      case "responseBody":
        return this.body((value ?? null) as StoredBody, contentTypeOf(payload["responseHeaders"]));
      default:
        return this.#member(name, value);
    }
  }

  #find(text: string): Named[] {
    const [names, beginnings, encoded] = SIEVE.sift(text) as [number[], number[], number[]];
    if (this.#extraNamePattern) {
      for (const { index } of text.matchAll(this.#extraNamePattern)) names.push(index);
      names.sort((a, b) => a - b);
    }
    const found: Named[] = namedSecrets(text, names, (name) => this.#isSecret(name));
    found.push(...shapedSecrets(text, beginnings));
    for (const pattern of this.#patterns) {
      for (const match of pattern(text)) found.push({ ...match, label: "secret" });
    }
    if (text.includes("kty")) {
      for (const match of text.matchAll(PRIVATE_MEMBER)) {
        const start = match.index + match[0].length;
        found.push({ start, end: start + match[1]!.length, label: "private_key" });
      }
    }
    for (const start of encoded) {
      const run = encodedAt(text, start);
      if (run && this.#find(run.inner).length > 0) {
        found.push({ start, end: run.end, label: "encoded_secret" });
      }
    }
    return found;
  }

  /** Headers as lists are: of a name and its value. */
  #list(list: readonly unknown[]): unknown[] {
    const [name, value] = list;
    return list.length === 2 && typeof name === "string" && typeof value === "string" &&
        this.#isSecret(name) && !/^[A-Za-z_ ]*$/.test(value)
      ? [name, this.header(name, value)]
      : list.map((item) => this.json(item));
  }

  /** Everything within what a secret's name has is secret. */
  #member(name: string, value: unknown): unknown {
    if (!this.#isSecret(name)) return this.json(value);
    return this.#hidden(labelOf(name), value, isCountName(name));
  }

  #hidden(label: string, value: unknown, counts: boolean): unknown {
    if (typeof value === "string") {
      const scheme = /^(?:bearer|basic)\s+(?=\S)/i.exec(value)?.[0];
      return scheme === undefined
        ? this.#secret(label, value)
        : scheme + this.#secret(schemeLabel(scheme.trim()), value.slice(scheme.length));
    }
    if (typeof value === "number") return counts ? value : this.#secret(label, String(value));
    if (Array.isArray(value)) return value.map((item) => this.#hidden(label, item, false));
    if (value === null || typeof value !== "object") return value;
    if (isSchema(value as Record<string, unknown>)) return this.json(value);
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, this.#hidden(label, inner, false)]),
    );
  }

  #isSecret(name: string): boolean {
    return isSecretNameOnce(name) ||
      (this.#extraNames.size > 0 && this.#extraNames.has(name.toLowerCase()));
  }

  #secret(label: string, secret: string): string {
    return /^\s*(?:true|false|null|undefined|none)?\s*$/i.test(secret)
      ? secret
      : this.#placeholders.for(label, secret);
  }

  #replace(text: string, found: Named[]): string {
    found.sort((a, b) => a.start - b.start || b.end - a.end);
    const pieces: string[] = [];
    let done = 0;
    for (const { start, end, label, quotes } of found) {
      const from = Math.max(start, done);
      if (end <= from) continue;
      const shown = this.#placeholders.for(label, text.slice(from, end));
      pieces.push(text.slice(done, from), quotes === undefined ? shown : quotes + shown + quotes);
      done = end;
    }
    pieces.push(text.slice(done));
    return pieces.join("");
  }
}

function contentTypeOf(headers: unknown): string | undefined {
  if (headers === null || typeof headers !== "object") return undefined;
  const named: [string, unknown][] = Array.isArray(headers) ? headers : Object.entries(headers);
  const found = named.find(([name]) => /^content-type$/i.test(name))?.[1];
  return found === undefined ? undefined : String(found);
}

const JSON_TYPES = new Set(
  "string number integer boolean object array null apiKey http oauth2 openIdConnect".split(" "),
);

/** What a schema says of a secret is none. */
function isSchema(value: Record<string, unknown>): boolean {
  return "$ref" in value || JSON_TYPES.has(String(value["type"]));
}
