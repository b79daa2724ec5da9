import type { Json } from "../entries/text.ts";
import { isSecretName } from "../redaction/names.ts";
import { isStruck } from "../redaction/placeholders.ts";
import { type Budget, type JsonType, type Schema, sortedByKey } from "./schema.ts";
import { isIdLike } from "./segments.ts";
import { Texts } from "./texts.ts";

/** An object with more names than these is a map: its names are data. */
const MOST_PROPERTIES = 150;

/** What JSON values in one place have in common: a schema that accepts all of them. */
export class Shape {
  readonly #budget: Budget;
  readonly #types = new Set<JsonType>();
  readonly #texts = new Texts();
  #items: Shape | null = null;
  #members: Members | null = null;
  /** Of some values the type is not known. */
  #redacted = false;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  add(value: Json): void {
    if (typeof value === "string" && isStruck(value)) this.#redacted = true;
    else if (value === null) this.#types.add("null");
    else if (typeof value === "string") {
      this.#types.add("string");
      this.#texts.add(value);
    } else if (typeof value === "boolean") this.#types.add("boolean");
    else if (typeof value === "number") {
      this.#types.add(Number.isInteger(value) ? "integer" : "number");
    } else if (Array.isArray(value)) {
      this.#types.add("array");
      for (const item of value) this.#ownItems()?.add(item);
    } else {
      this.#types.add("object");
      (this.#members ??= new Members(this.#budget)).add(value);
    }
  }

  absorb(other: Shape): void {
    for (const type of other.#types) this.#types.add(type);
    this.#texts.absorb(other.#texts);
    this.#redacted ||= other.#redacted;
    if (other.#items) this.#ownItems()?.absorb(other.#items);
    if (other.#members) (this.#members ??= new Members(this.#budget)).absorb(other.#members);
  }

  /** `name` is the property it stands in: of a secret one, no value is shown. */
  schema(name = ""): Schema {
    if (this.#redacted) return { description: "Redacted for the one who read it." };
    const types = this.#typeList();
    if (types.length === 0) return {};
    const text = this.#types.has("string") ? this.#texts.stringSchema(isSecretName(name)) : {};
    const { enum: closed, ...rest } = text;
    const alone = types.every((type) => type === "string" || type === "null");
    return {
      ...rest,
      type: types.length === 1 ? types[0]! : types,
      ...(closed && alone && { enum: types.includes("null") ? [...closed, null] : closed }),
      ...(this.#types.has("array") && { items: this.#items?.schema(name) ?? {} }),
      ...this.#members?.schema(name),
    };
  }

  /** The paths of its properties to a depth, lists seen through: by these two shapes are compared. */
  *propertyPaths(depth: number, prefix = ""): Generator<string> {
    if (depth === 0) return;
    if (this.#items) yield* this.#items.propertyPaths(depth, `${prefix}[]`);
    if (this.#members) yield* this.#members.propertyPaths(depth, prefix);
  }

  /** Numbers are integers among others. */
  #typeList(): JsonType[] {
    return [...this.#types].filter((type) => type !== "integer" || !this.#types.has("number"))
      .sort();
  }

  #ownItems(): Shape | null {
    if (!this.#items && this.#budget.take()) this.#items = new Shape(this.#budget);
    return this.#items;
  }
}

/** The members of objects in one place. */
class Members {
  readonly #budget: Budget;
  #objects = 0;
  #named = new Map<string, { shape: Shape; seen: number }>();
  /** Of names that are data: ids, dates, or too many to be anything else. */
  #others: Shape | null = null;
  #isMap = false;
  /** Some properties found no place. */
  #incomplete = false;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  add(object: { [name: string]: Json }): void {
    this.#objects++;
    for (const [name, value] of Object.entries(object)) {
      this.#shapeOf(name, 1)?.add(value);
    }
  }

  absorb(other: Members): void {
    this.#objects += other.#objects;
    this.#incomplete ||= other.#incomplete;
    if (other.#isMap) this.#becomeMap();
    for (const [name, { shape, seen }] of other.#named) this.#shapeOf(name, seen)?.absorb(shape);
    if (other.#others) this.#ownOthers()?.absorb(other.#others);
  }

  schema(name: string): Schema {
    const named = sortedByKey(this.#named);
    const required = named.filter(([, { seen }]) => seen === this.#objects).map(([name]) => name);
    // Under a secret name all is secret.
    const inner = (member: string) => isSecretName(name) ? name : member;
    return {
      ...(named.length > 0 && {
        properties: Object.fromEntries(
          named.map(([member, { shape }]) => [member, shape.schema(inner(member))]),
        ),
      }),
      ...(required.length > 0 && { required }),
      // It would speak of the properties that found no place, too.
      ...(this.#others && !this.#incomplete && {
        additionalProperties: this.#others.schema(name),
      }),
    };
  }

  *propertyPaths(depth: number, prefix: string): Generator<string> {
    for (const [name, { shape }] of this.#named) {
      yield `${prefix}.${name}`;
      yield* shape.propertyPaths(depth - 1, `${prefix}.${name}`);
    }
    if (this.#others) yield* this.#others.propertyPaths(depth - 1, `${prefix}.*`);
  }

  #shapeOf(name: string, seen: number): Shape | null {
    const known = this.#named.get(name);
    if (known) {
      known.seen += seen;
      return known.shape;
    }
    // Validators in JavaScript find these in every object, or pass over them.
    if (this.#isMap || name in Object.prototype || isIdLike(name)) return this.#ownOthers();
    if (this.#named.size >= MOST_PROPERTIES) {
      this.#becomeMap();
      return this.#ownOthers();
    }
    if (!this.#budget.take()) {
      this.#incomplete = true;
      return null;
    }
    const shape = new Shape(this.#budget);
    this.#named.set(name, { shape, seen });
    return shape;
  }

  #becomeMap(): void {
    this.#isMap = true;
    for (const { shape } of this.#named.values()) this.#ownOthers()?.absorb(shape);
    this.#named.clear();
  }

  #ownOthers(): Shape | null {
    if (!this.#others) {
      if (this.#budget.take()) this.#others = new Shape(this.#budget);
      else this.#incomplete = true;
    }
    return this.#others;
  }
}
