// The filter as REST, MCP, saved filters and the console carry it: jsonb of and, or, not and
// conditions. `{}` is no filter.

import { FilterError } from "./error.ts";
import { type Field, type FieldKind, FIELDS, isField, type Op, OPS } from "./fields.ts";

export type Value = string | number | boolean;

export type Condition = {
  field: Field;
  /** For field "header" alone: which one; its case does not matter. */
  name?: string;
  op: Op;
  /** For "in" a list, for "exists" true or false. */
  value: Value | Value[];
};

export type Filter =
  | Record<string, never>
  | { and: Filter[] }
  | { or: Filter[] }
  | { not: Filter }
  | Condition;

// The compiler to SQL has the same bounds.
const MOST_LEVELS = 20;
const MOST_CHARACTERS = 1_000;
const MOST_VALUES = 100;
/** RFC 9110 section 5.6.2: a token. */
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/;
const TIME = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?)?$/;

export const isCondition = (filter: Filter): filter is Condition => "field" in filter;

/** Whether a filter reads headers or bodies, which only a search does (`entries_search`). */
export function readsPayloads(filter: Filter): boolean {
  if ("and" in filter) return (filter.and as Filter[]).some(readsPayloads);
  if ("or" in filter) return (filter.or as Filter[]).some(readsPayloads);
  if ("not" in filter) return readsPayloads(filter.not as Filter);
  return filter.field === "header" || filter.field === "body";
}

/**
 * Checks a filter that came from outside and returns it with `exists` spelled out.
 * @throws FilterError with the position of the node, as `.and[0].not`.
 */
export function checkFilter(value: unknown, position = "", level = 0): Filter {
  if (!isObject(value)) {
    throw new FilterError(
      "give an object: {}, {and: […]}, {or: […]}, {not: {…}} or {field, op, value}",
      position,
    );
  }
  if (level > MOST_LEVELS) {
    throw new FilterError(`nested deeper than ${MOST_LEVELS} levels`, position);
  }
  if ("field" in value) return checkCondition(value, position);
  const [key, ...more] = Object.keys(value);
  if (key === undefined) return {};
  if (more.length > 0) throw new FilterError("a node has exactly one of and, or, not", position);
  const inner = value[key];
  switch (key) {
    case "not":
      return { not: checkFilter(inner, `${position}.not`, level + 1) };
    case "and":
      return { and: checkAll(inner, `${position}.and`, level) };
    case "or":
      return { or: checkAll(inner, `${position}.or`, level) };
    default:
      throw new FilterError(
        `unknown node ${JSON.stringify(key)}; use and, or, not or a condition`,
        position,
      );
  }
}

function checkAll(nodes: unknown, position: string, level: number): Filter[] {
  if (!Array.isArray(nodes)) throw new FilterError("must be a list", position);
  return nodes.map((node, index) => checkFilter(node, `${position}[${index}]`, level + 1));
}

function checkCondition(node: Record<string, unknown>, position: string): Condition {
  const { field, name, op, value, ...unknown } = node;
  if (typeof field !== "string" || !isField(field)) {
    throw new FilterError(
      `unknown field ${JSON.stringify(field)}; use ${Object.keys(FIELDS).join(" ")}`,
      position,
    );
  }
  if (Object.keys(unknown).length > 0) {
    throw new FilterError("a condition has field, op and value, nothing else", position);
  }
  if (field === "header" ? typeof name !== "string" || !HEADER.test(name) : name !== undefined) {
    throw new FilterError(
      field === "header" ? "name must be the name of a header" : `${field} takes no name`,
      position,
    );
  }
  const kind: FieldKind = FIELDS[field];
  if (!OPS[kind].some((known) => known === op)) {
    throw new FilterError(`op of ${field} must be one of ${OPS[kind].join(" ")}`, position);
  }
  const checked = { field, op: op as Op, value: checkValue(kind, op as Op, value, position) };
  return field === "header" ? { ...checked, name: name as string } : checked;
}

function checkValue(kind: FieldKind, op: Op, value: unknown, position: string): Value | Value[] {
  if (op === "exists") {
    if (value !== undefined && typeof value !== "boolean") {
      throw new FilterError("value of exists must be true or false", position);
    }
    return value ?? true;
  }
  if (op === "in") {
    if (!Array.isArray(value) || value.length < 1 || value.length > MOST_VALUES) {
      throw new FilterError(`value of in must be a list of 1 to ${MOST_VALUES} values`, position);
    }
    return value.map((one) => checkScalar(kind, one, position));
  }
  return checkScalar(kind, value, position);
}

function checkScalar(kind: FieldKind, value: unknown, position: string): Value {
  switch (kind) {
    case "number":
      if (typeof value === "number" && Number.isFinite(value)) return value;
      throw new FilterError("value must be a number", position);
    case "boolean":
      if (typeof value === "boolean") return value;
      throw new FilterError("value must be true or false", position);
    case "time":
      if (typeof value === "string" && TIME.test(value) && !Number.isNaN(Date.parse(value))) {
        return value;
      }
      throw new FilterError("value must be an ISO 8601 time", position);
    default:
      if (typeof value !== "string") throw new FilterError("value must be a text", position);
      if (value.length > MOST_CHARACTERS) {
        throw new FilterError(
          `value must have at most ${MOST_CHARACTERS} characters`,
          position,
        );
      }
      return value;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
