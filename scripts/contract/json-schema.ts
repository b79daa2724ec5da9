// A JSON Schema as facts by path: `entries[].status` is an integer.

export type JsonSchema = { readonly [keyword: string]: unknown };

/** What restricts a value here, apart from what is inside it. Descriptions are no promise. */
const KEYWORDS = ["type", "format", "enum", "const", "minimum", "maximum", "maxLength"];

export interface Fact {
  readonly path: string;
  readonly type: string;
  /** Always there. */
  readonly required: boolean;
}

/** Every value that the schema describes, by its path. */
export function factsOf(schema: JsonSchema, path = "", required = true): Fact[] {
  const alternatives = (schema["anyOf"] ?? schema["oneOf"]) as JsonSchema[] | undefined;
  const type = alternatives ? alternatives.map(typeOf).sort().join(" or ") : typeOf(schema);
  const facts: Fact[] = path === "" ? [] : [{ path, type, required }];
  for (const inner of [schema, ...(alternatives ?? [])]) {
    const always = new Set(inner["required"] as string[] | undefined);
    for (const [name, property] of Object.entries((inner["properties"] ?? {}) as object)) {
      facts.push(...factsOf(property, path === "" ? name : `${path}.${name}`, always.has(name)));
    }
    if (isSchema(inner["items"])) facts.push(...factsOf(inner["items"], `${path}[]`));
    if (isSchema(inner["additionalProperties"])) {
      facts.push(...factsOf(inner["additionalProperties"], `${path}{}`));
    }
  }
  return facts;
}

/** What may be sent, a fact for each alternative, so that accepting one more is an addition. */
export interface Accepted {
  readonly path: string;
  /** Types, and values where only some are accepted. */
  readonly alternatives: readonly string[];
  /** Whether whoever sends what is around it must send it. */
  readonly required: boolean;
  /** The path of what is around it. */
  readonly within: string;
}

/** Every value that may be sent, by its path; the whole has the path "". */
export function acceptedBy(
  schema: JsonSchema,
  path = "",
  required = true,
  within = "",
): Accepted[] {
  const alternatives = alternativesOf(schema);
  const kinds = [...new Set(alternatives.flatMap(kindsOf))].sort();
  const accepted: Accepted[] = [{ path, alternatives: kinds, required, within }];
  for (const inner of alternatives) {
    const always = new Set(inner["required"] as string[] | undefined);
    for (const [name, property] of Object.entries((inner["properties"] ?? {}) as object)) {
      const place = path === "" ? name : `${path}.${name}`;
      accepted.push(...acceptedBy(property, place, always.has(name), path));
    }
    if (isSchema(inner["items"])) {
      accepted.push(...acceptedBy(inner["items"], `${path}[]`, false, path));
    }
    if (isSchema(inner["additionalProperties"])) {
      accepted.push(...acceptedBy(inner["additionalProperties"], `${path}{}`, false, path));
    }
  }
  return accepted;
}

function alternativesOf(schema: JsonSchema): JsonSchema[] {
  const some = (schema["anyOf"] ?? schema["oneOf"]) as JsonSchema[] | undefined;
  return some ? some.flatMap(alternativesOf) : [schema];
}

function kindsOf(schema: JsonSchema): string[] {
  if ("const" in schema) return [JSON.stringify(schema["const"])];
  const values = (schema["enum"] ?? []) as unknown[];
  if (values.length > 0) return values.map((value) => JSON.stringify(value));
  return [schema["type"] ?? "anything"].flat() as string[];
}

/** zod names the bounds of a safe integer on every integer, which says no more than `integer`. */
const isSaid = (schema: JsonSchema, keyword: string) =>
  schema[keyword] !== undefined && Math.abs(Number(schema[keyword])) !== Number.MAX_SAFE_INTEGER;

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null;

function typeOf(schema: JsonSchema): string {
  const parts = KEYWORDS.filter((keyword) => isSaid(schema, keyword)).map((keyword) => {
    const value = JSON.stringify(schema[keyword]);
    return keyword === "type" ? value.replaceAll('"', "") : `${keyword} ${value}`;
  });
  return parts.join(" ") || "anything";
}
