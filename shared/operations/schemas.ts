import { z } from "zod";
import { inputOf, type Operation } from "./operation.ts";

export type JsonSchema = Record<string, unknown> & { type: "object" };

// Made when first asked for, then kept: to make those of all operations takes longer than a function
// may take to start, and most starts need a few of them.
const made = {
  input: new WeakMap<z.ZodObject, JsonSchema>(),
  output: new WeakMap<z.ZodObject, JsonSchema>(),
};

/** A schema as it is published: patterns left out, which some providers refuse and all pay for. */
export function publishedSchema(schema: z.ZodObject, io: "input" | "output"): JsonSchema {
  let published = made[io].get(schema);
  if (!published) {
    published = strip(z.toJSONSchema(schema, { io, unrepresentable: "any" })) as JsonSchema;
    made[io].set(schema, published);
  }
  return published;
}

/** What an operation takes, `confirm` with it. */
export const inputSchemaOf = (operation: Operation): JsonSchema =>
  publishedSchema(inputOf(operation), "input");

/** Words of JSON Schema that cost tokens, or make a provider refuse the whole list of tools. */
const LEFT_OUT = new Set(["$schema", "pattern", "propertyNames"]);

function strip(value: unknown, isProperties = false): unknown {
  if (Array.isArray(value)) return value.map((one) => strip(one));
  if (value === null || typeof value !== "object") return value;
  const kept = Object.fromEntries(
    Object.entries(value).filter(([key, inner]) =>
      isProperties || !(LEFT_OUT.has(key) || isUnbounded(key, inner))
    ).map(([key, inner]) => [
      key,
      // "Anything" as a schema reads like a schema that was forgotten.
      !isProperties && key === "additionalProperties" && isEmpty(inner)
        ? true
        : strip(inner, key === "properties"),
    ]),
  );
  const { type, ...rest } = kept;
  // A list of types is good JSON Schema, and more than some providers read.
  return !isProperties && Array.isArray(type)
    ? { ...rest, anyOf: type.map((one) => ({ type: one })) }
    : kept;
}

const isEmpty = (value: unknown) =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;

/** zod names the limits of a safe integer on every integer. */
const isUnbounded = (key: string, value: unknown) =>
  (key === "maximum" || key === "minimum") && Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER;
