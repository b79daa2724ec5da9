import { type Content, contentOf } from "../entries/content.ts";
import { headerValue, isJsonType, mediaTypeOf } from "../entries/exchange.ts";
import type { Message } from "../entries/exchange.ts";
import { boundaryOf, partsOf } from "../entries/multipart.ts";
import { isSecretName } from "../redaction/names.ts";
import { type Budget, type Schema, sortedByKey } from "./schema.ts";
import { Shape } from "./shape.ts";
import { Texts } from "./texts.ts";

const MOST_TYPES = 20;
const MOST_FIELDS = 100;
const MEDIA_TYPE = /^[\w.+-]{1,60}\/[\w.+-]{1,100}$/;
const PATH_DEPTH = 4;

/** Bodies in one place, by media type. */
export class Bodies {
  readonly #budget: Budget;
  readonly #types = new Map<string, Media>();
  /** How many messages had one. */
  count = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  add(message: Message): void {
    const content = contentOf(message);
    const declared = mediaTypeOf(message);
    if (content.kind === "none" || ("text" in content && content.text === "")) return;
    this.count++;
    const type = declared || (content.kind === "json" ? "application/json" : "");
    if (MEDIA_TYPE.test(type)) this.#media(type)?.add(type, content, message);
  }

  absorb(other: Bodies): void {
    this.count += other.count;
    for (const [type, media] of other.#types) this.#media(type)?.absorb(media);
  }

  content(): Record<string, { schema?: Schema }> | null {
    if (this.#types.size === 0) return null;
    return Object.fromEntries(
      sortedByKey(this.#types).map(([type, media]) => [type, media.mediaType()]),
    );
  }

  /** What they are made of: media types, and the properties of JSON. */
  *traits(): Generator<string> {
    for (const [type, media] of this.#types) {
      yield type;
      yield* media.propertyPaths();
    }
  }

  #media(type: string): Media | null {
    const known = this.#types.get(type);
    if (known) return known;
    if (this.#types.size >= MOST_TYPES || !this.#budget.take()) return null;
    const media = new Media(this.#budget);
    this.#types.set(type, media);
    return media;
  }
}

/** Bodies of one media type. */
class Media {
  readonly #budget: Budget;
  #count = 0;
  #shape: Shape | null = null;
  #fields: Map<string, Field> | null = null;
  #isText = false;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  add(type: string, content: Content, message: Message): void {
    this.#count++;
    if (content.kind === "json" && isJsonType(type)) {
      (this.#shape ??= new Shape(this.#budget)).add(content.value);
    } else if (content.kind === "form") {
      for (const [name, values] of grouped(content.fields)) this.#addField(name, values, false);
    } else if (content.kind === "text" && type === "multipart/form-data") {
      const boundary = boundaryOf(headerValue(message, "content-type") ?? "");
      if (boundary === null) return;
      const parts = partsOf(content.text, boundary).filter((part) => typeof part !== "string");
      for (const [name, same] of grouped(parts.map((part) => [part.name, part] as const))) {
        const values = same.map((part) => part.content.replace(/\r?\n$/, ""));
        this.#addField(name, values, same.some((part) => part.isFile));
      }
    } else if ("text" in content && !isJsonType(type)) this.#isText = true;
  }

  absorb(other: Media): void {
    this.#count += other.#count;
    this.#isText ||= other.#isText;
    if (other.#shape) (this.#shape ??= new Shape(this.#budget)).absorb(other.#shape);
    for (const [name, field] of other.#fields ?? []) this.#field(name)?.absorb(field);
  }

  mediaType(): { schema?: Schema } {
    if (this.#shape) return { schema: this.#shape.schema() };
    if (this.#fields) return { schema: this.#formSchema(this.#fields) };
    return this.#isText ? { schema: { type: "string" } } : {};
  }

  propertyPaths(): Iterable<string> {
    return this.#shape?.propertyPaths(PATH_DEPTH) ?? [];
  }

  #formSchema(fields: Map<string, Field>): Schema {
    const sorted = sortedByKey(fields);
    const required = sorted.filter(([, { seen }]) => seen === this.#count).map(([name]) => name);
    return {
      type: "object",
      properties: Object.fromEntries(sorted.map(([name, field]) => [name, field.schema(name)])),
      ...(required.length > 0 && { required }),
    };
  }

  #addField(name: string, values: string[], isFile: boolean): void {
    this.#field(name)?.add(values, isFile);
  }

  #field(name: string): Field | null {
    const fields = this.#fields ??= new Map();
    const known = fields.get(name);
    if (known || fields.size >= MOST_FIELDS || name.length > 100) return known ?? null;
    const field = new Field();
    fields.set(name, field);
    return field;
  }
}

/** A name with texts for values: a field of a form, a query parameter, a header. */
export class Field {
  /** In how many messages. */
  seen = 0;
  readonly #texts = new Texts();
  #repeated = false;
  #isFile = false;

  add(values: string[], isFile = false): void {
    this.seen++;
    this.#repeated ||= values.length > 1;
    this.#isFile ||= isFile;
    if (!isFile) { for (const value of values) this.#texts.add(value); }
  }

  absorb(other: Field): void {
    this.seen += other.seen;
    this.#repeated ||= other.#repeated;
    this.#isFile ||= other.#isFile;
    this.#texts.absorb(other.#texts);
  }

  schema(name: string): Schema {
    const one: Schema = this.#isFile
      ? { type: "string", contentMediaType: "application/octet-stream" }
      : this.#texts.spelledSchema(isSecretName(name));
    return this.#repeated ? { type: "array", items: one } : one;
  }
}

/** Values by name, names in the order they first came. */
export function grouped<T>(pairs: Iterable<readonly [string, T]>): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const [name, value] of pairs) {
    const group = groups.get(name);
    if (group) group.push(value);
    else groups.set(name, [value]);
  }
  return groups;
}
