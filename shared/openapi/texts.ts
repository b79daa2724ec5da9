import { isStruck } from "../redaction/placeholders.ts";
import { looksRandom, looksSecret } from "../redaction/values.ts";
import { formatOf } from "./formats.ts";
import type { Format } from "./formats.ts";
import type { Schema } from "./schema.ts";

const MOST_VALUES = 8;
const SEEN_PER_VALUE = 10;
/** What an enumeration's values look like: a word, not a sentence and no number. */
const WORD = /^[A-Za-z][\w.-]{0,39}$/;
const INTEGER = /^(?:0|-?[1-9]\d{0,14})$/;
const NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,14})?$/;
const BOOLEAN = /^(?:true|false)$/;
const LONGEST_EXAMPLE = 60;
// deno-lint-ignore no-control-regex
const CONTROL = /[\0-\x1f\x7f]/;

/** What texts in one place have in common. The order they came in makes no difference. */
export class Texts {
  count = 0;
  #integers = true;
  #numbers = true;
  #booleans = true;
  /** Of all so far; null when they have none in common. */
  #format: Format | null = null;
  /** How often each was seen; null once they are no closed set. */
  #values: Map<string, number> | null = new Map();
  /** The shortest that can be shown. */
  #example: string | null = null;

  add(text: string): void {
    this.#combine({
      count: 1,
      integers: INTEGER.test(text),
      numbers: NUMBER.test(text),
      booleans: BOOLEAN.test(text),
      format: formatOf(text),
      values: WORD.test(text) && isShowable(text) ? new Map([[text, 1]]) : null,
      example: text.length <= LONGEST_EXAMPLE && isShowable(text) ? text : null,
    });
  }

  absorb(other: Texts): void {
    if (other.count === 0) return;
    this.#combine({
      count: other.count,
      integers: other.#integers,
      numbers: other.#numbers,
      booleans: other.#booleans,
      format: other.#format,
      values: other.#values,
      example: other.#example,
    });
  }

  /** As JSON strings. */
  stringSchema(secret: boolean): Schema {
    const closed = secret ? null : this.#closedSet();
    return {
      type: "string",
      ...(this.#format && { format: this.#format }),
      ...(closed && { enum: closed }),
      ...(!closed && !secret && this.#example !== null && { examples: [this.#example] }),
    };
  }

  /** As texts in a URL, a header or a form, where numbers and booleans are spelled. */
  spelledSchema(secret: boolean): Schema {
    if (this.count === 0) return { type: "string" };
    const example = secret ? null : this.#example;
    const shown = (value: number | boolean) => example === null ? {} : { examples: [value] };
    if (this.#booleans) return { type: "boolean", ...shown(example === "true") };
    if (this.#integers) return { type: "integer", ...shown(Number(example)) };
    if (this.#numbers) return { type: "number", ...shown(Number(example)) };
    return this.stringSchema(secret);
  }

  #closedSet(): string[] | null {
    const values = this.#values;
    if (!values || values.size < 2 || this.count < values.size * SEEN_PER_VALUE) return null;
    // One that came once tells that others may come.
    if ([...values.values()].some((seen) => seen < 2)) return null;
    return [...values.keys()].sort();
  }

  #combine(other: {
    count: number;
    integers: boolean;
    numbers: boolean;
    booleans: boolean;
    format: Format | null;
    values: Map<string, number> | null;
    example: string | null;
  }): void {
    const first = this.count === 0;
    this.count += other.count;
    this.#integers &&= other.integers;
    this.#numbers &&= other.numbers;
    this.#booleans &&= other.booleans;
    this.#format = first || this.#format === other.format ? other.format : null;
    this.#values = this.#values && other.values && union(this.#values, other.values);
    this.#example = preferred(this.#example, other.example);
  }
}

/** Null when there are more than an enumeration has. */
function union(a: Map<string, number>, b: Map<string, number>): Map<string, number> | null {
  const all = new Map(a);
  for (const [value, seen] of b) all.set(value, (all.get(value) ?? 0) + seen);
  return all.size > MOST_VALUES ? null : all;
}

function preferred(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  if (a.length !== b.length) return a.length < b.length ? a : b;
  return a < b ? a : b;
}

function isShowable(text: string): boolean {
  return text !== "" && !CONTROL.test(text) && !looksSecret(text) && !looksRandom(text) &&
    !isStruck(text);
}
