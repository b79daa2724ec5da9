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

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null;

function typeOf(schema: JsonSchema): string {
  const parts = KEYWORDS.filter((keyword) => schema[keyword] !== undefined).map((keyword) => {
    const value = JSON.stringify(schema[keyword]);
    return keyword === "type" ? value.replaceAll('"', "") : `${keyword} ${value}`;
  });
  return parts.join(" ") || "anything";
}
