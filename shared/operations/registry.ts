import { z } from "zod";
import { ACCESS_OPERATIONS } from "./access.ts";
import { AGENT_OPERATIONS } from "./agents.ts";
import { BREAKPOINT_OPERATIONS } from "./breakpoints.ts";
import { DEVICE_OPERATIONS } from "./devices.ts";
import { ENTRY_OPERATIONS } from "./entries.ts";
import { EXPORT_OPERATIONS } from "./exports.ts";
import { INSIGHT_OPERATIONS } from "./insight.ts";
import { LIVE_OPERATIONS } from "./live.ts";
import { inputOf, type Operation } from "./operation.ts";
import { PEOPLE_OPERATIONS } from "./people.ts";
import { PROXY_OPERATIONS } from "./proxies.ts";
import { RELEASE_OPERATIONS } from "./releases.ts";
import { SCRIPT_OPERATIONS } from "./scripts.ts";
import { SERVICE_OPERATIONS } from "./services.ts";
import { SETTINGS_OPERATIONS } from "./settings.ts";
import { TABLE_OPERATIONS } from "./tables.ts";
import { TAG_OPERATIONS } from "./tags.ts";
import { TELEGRAM_OPERATIONS } from "./telegram.ts";
import { WORKSPACE_OPERATIONS } from "./workspaces.ts";

/** Every operation of the product, by name. MCP, BusyBro, the documentation and the tests go by it. */
export const OPERATIONS: ReadonlyMap<string, Operation> = byName([
  ...ENTRY_OPERATIONS,
  ...EXPORT_OPERATIONS,
  ...DEVICE_OPERATIONS,
  ...BREAKPOINT_OPERATIONS,
  ...SETTINGS_OPERATIONS,
  ...SERVICE_OPERATIONS,
  ...SCRIPT_OPERATIONS,
  ...PROXY_OPERATIONS,
  ...TAG_OPERATIONS,
  ...WORKSPACE_OPERATIONS,
  ...AGENT_OPERATIONS,
  ...PEOPLE_OPERATIONS,
  ...ACCESS_OPERATIONS,
  ...INSIGHT_OPERATIONS,
  ...RELEASE_OPERATIONS,
  ...TELEGRAM_OPERATIONS,
  ...TABLE_OPERATIONS,
  ...LIVE_OPERATIONS,
]);

function byName(operations: Operation[]): Map<string, Operation> {
  const found = new Map<string, Operation>();
  for (const one of operations.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
    if (found.has(one.name)) throw new Error(`two operations are called ${one.name}`);
    found.set(one.name, one);
  }
  return found;
}

export type JsonSchema = Record<string, unknown> & { type: "object" };

/** A schema as it is published: patterns left out, which some providers refuse and all pay for. */
export function publishedSchema(schema: z.ZodObject, io: "input" | "output"): JsonSchema {
  const json = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return strip(json) as JsonSchema;
}

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

/** Input schemas by operation, made once when the module is loaded: making them is what costs. */
export const INPUT_SCHEMAS: ReadonlyMap<string, JsonSchema> = new Map(
  [...OPERATIONS].map(([name, one]) => [name, publishedSchema(inputOf(one), "input")]),
);
