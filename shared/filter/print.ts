// From the filter to its text form; parseFilter reads it back to the same filter.

import { type Condition, type Filter, isCondition, type Value } from "./ast.ts";
import { type Op } from "./fields.ts";

const SIGNS: Record<Exclude<Op, "in" | "exists">, string> = {
  eq: "=",
  neq: "!=",
  contains: "~",
  prefix: "^=",
  suffix: "$=",
  glob: "*=",
  regex: "=~",
  gt: ">",
  gte: ">=",
  lt: "<",
  lte: "<=",
};

/** A value that needs no quotation marks. */
const BARE = /^[^\s()",]+$/;

/**
 * The form that the text form can say: lists of one or none resolved, nested lists of the same kind
 * joined. Means the same as the filter given.
 */
export function normalise(filter: Filter): Filter {
  if (isCondition(filter)) return filter;
  if ("not" in filter) return { not: normalise(filter["not"] as Filter) };
  for (const key of ["and", "or"] as const) {
    if (!(key in filter)) continue;
    const parts = (filter as Record<typeof key, Filter[]>)[key]
      .map(normalise)
      .flatMap((part) => key in part ? (part as Record<typeof key, Filter[]>)[key] : [part]);
    // Nothing is everything to "and" and nothing to "or".
    if (parts.length === 0) return key === "and" ? {} : { not: {} };
    if (parts.length === 1) return parts[0]!;
    return key === "and" ? { and: parts } : { or: parts };
  }
  return {};
}

/** Writes a filter in its text form. */
export function printFilter(filter: Filter): string {
  const whole = normalise(filter);
  return Object.keys(whole).length === 0 ? "" : print(whole, "or");
}

function print(filter: Filter, within: "or" | "and" | "not"): string {
  if (isCondition(filter)) return printCondition(filter);
  if ("not" in filter) return `not ${print(filter["not"] as Filter, "not")}`;
  if ("and" in filter) {
    const text = (filter["and"] as Filter[]).map((part) => print(part, "and")).join(" ");
    return within === "or" ? text : `(${text})`;
  }
  if ("or" in filter) {
    const text = (filter["or"] as Filter[]).map((part) => print(part, "or")).join(" or ");
    return within === "or" ? text : `(${text})`;
  }
  return "()";
}

function printCondition({ field, name, op, value }: Condition): string {
  const subject = name === undefined ? field : `${field}[${name}]`;
  if (op === "exists") return `${value === true ? "has" : "missing"}:${subject}`;
  if (op === "in") return `${subject} in (${(value as Value[]).map(printValue).join(", ")})`;
  return `${subject}${SIGNS[op]}${printValue(value as Value)}`;
}

function printValue(value: Value): string {
  return typeof value === "string" && !BARE.test(value) ? JSON.stringify(value) : String(value);
}
