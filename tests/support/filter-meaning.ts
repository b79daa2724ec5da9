// What a filter means, said a second time and without SQL: what the compiler is compared with.

import { type Field, type FieldKind, FIELDS } from "../../shared/filter/fields.ts";

export type Row = Record<string, string | number | boolean | null>;
export type Value = string | number | boolean;
export type Leaf = { field: string; name?: string; op: string; value?: unknown };
export type Filter =
  | Leaf
  | { and: Filter[] }
  | { or: Filter[] }
  | { not: Filter }
  | Record<never, never>;

/** An entry with all that a filter may look at. */
export interface Seen {
  /** As `select=*` shows it. */
  row: Row;
  deviceName: string;
  tags?: string[];
  /** Of either side, names in lower case. */
  headers?: [name: string, value: string][];
  /** Of either side, as far as they are text. */
  bodies?: string[];
}

/** The fields that are columns of entries, and which. */
export const COLUMNS = {
  host: "host",
  method: "method",
  path: "path",
  url: "url",
  source: "source",
  os: "os",
  country: "device_country",
  content_type: "content_type",
  error: "error",
  status: "status",
  duration: "duration_ms",
  request_size: "request_size",
  response_size: "response_size",
  secure: "is_secure",
  ts: "ts",
  device: "device_uuid",
} as const satisfies Partial<Record<Field, string>>;

/** A moment in microseconds. */
export function micros(text: string): bigint {
  const [, seconds, fraction = "", zone] = /^(.{10}(?:T.{8})?)(?:\.(\d+))?(.*)$/.exec(text)!;
  const zoned = Date.parse(`${seconds}${zone}`);
  return BigInt(zoned) * 1000n + BigInt(fraction.padEnd(6, "0"));
}

/** Made once and used for every row. */
const patterns = new Map<string, RegExp>();
function patternOf(source: string, flags = ""): RegExp {
  const key = `${flags} ${source}`;
  const pattern = patterns.get(key) ?? new RegExp(source, flags);
  patterns.set(key, pattern);
  return pattern;
}

const globbed = (glob: string) =>
  patternOf(
    `^${glob.replace(/[\\^$.+()[\]{}|]/g, "\\$&").replace(/\*+/g, "[^]*").replaceAll("?", "[^]")}$`,
    "iu",
  );

/** Whether an entry meets a filter. */
export function matches(filter: Filter, seen: Seen): boolean {
  if ("and" in filter) return filter.and.every((part) => matches(part, seen));
  if ("or" in filter) return filter.or.some((part) => matches(part, seen));
  if ("not" in filter) return !matches(filter.not, seen);
  if (!("field" in filter)) return true;
  const found = valuesOf(filter, seen);
  if (filter.op === "exists") return (found.length > 0) === (filter.value ?? true);
  // Of several values one is enough; a missing one never matches.
  return found.some((one) => meets(FIELDS[filter.field as Field], filter.op, filter.value, one));
}

function valuesOf({ field, name }: Leaf, seen: Seen): Value[] {
  switch (field) {
    case "tag":
      return seen.tags ?? [];
    case "header":
      return (seen.headers ?? []).filter(([known]) => known === name!.toLowerCase())
        .map(([, value]) => value);
    case "body":
      return seen.bodies ?? [];
    case "device":
      return [`${seen.row["device_uuid"]} ${seen.deviceName}`];
    default: {
      const found = seen.row[COLUMNS[field as keyof typeof COLUMNS]] ?? null;
      return found === null ? [] : [found];
    }
  }
}

function meets(kind: FieldKind, op: string, value: unknown, found: Value): boolean {
  if (op === "in") return (value as Value[]).some((one) => meets(kind, "eq", one, found));
  if (kind === "device") {
    const [uuid, name] = [String(found).slice(0, 36), String(found).slice(37).toLowerCase()];
    const same = [uuid, name].includes(String(value).toLowerCase());
    return op === "neq" ? !same : same;
  }
  if (kind === "text" || kind === "tag") {
    const [text, given] = [String(found), String(value)];
    const contained = (holds: "includes" | "startsWith" | "endsWith") =>
      text.toLowerCase()[holds](given.toLowerCase());
    switch (op) {
      case "contains":
        return contained("includes");
      case "prefix":
        return contained("startsWith");
      case "suffix":
        return contained("endsWith");
      case "glob":
        return globbed(given).test(text);
      case "regex":
        return patternOf(given).test(text);
    }
    const same = kind === "tag" ? text.toLowerCase() === given.toLowerCase() : text === given;
    if (op === "eq" || op === "neq") return same === (op === "eq");
    throw new Error(`no meaning of ${op}`);
  }
  const order = kind === "time"
    ? Number(micros(String(found)) - micros(String(value)))
    : kind === "number"
    ? Number(found) - Number(value)
    : found === value
    ? 0
    : NaN;
  switch (op) {
    case "eq":
      return order === 0;
    case "neq":
      return order !== 0;
    case "gt":
      return order > 0;
    case "gte":
      return order >= 0;
    case "lt":
      return order < 0;
    case "lte":
      return order <= 0;
  }
  throw new Error(`no meaning of ${op}`);
}

/** The ids of those that meet a filter, newest first. */
export const expectedOf = (filter: Filter, all: readonly Seen[]): string[] =>
  all.filter((seen) => matches(filter, seen)).map(({ row }) => String(row["id"])).sort().reverse();
