// The fields of the filter language. The compiler to SQL (private.filter_field) has the same list;
// a test compares them.

export type FieldKind = "text" | "number" | "boolean" | "time" | "device" | "tag";

export const FIELDS = {
  host: "text",
  method: "text",
  path: "text",
  url: "text",
  status: "number",
  duration: "number",
  request_size: "number",
  response_size: "number",
  source: "text",
  os: "text",
  country: "text",
  device: "device",
  tag: "tag",
  content_type: "text",
  error: "text",
  secure: "boolean",
  ts: "time",
  header: "text",
  body: "text",
} as const satisfies Record<string, FieldKind>;

export type Field = keyof typeof FIELDS;

export const isField = (name: string): name is Field => Object.hasOwn(FIELDS, name);

const COMPARISONS = ["eq", "neq", "in", "exists"] as const;
const TEXT_MATCHES = ["contains", "prefix", "suffix", "glob", "regex"] as const;
const ORDERINGS = ["gt", "gte", "lt", "lte"] as const;

export type Op =
  | (typeof COMPARISONS)[number]
  | (typeof TEXT_MATCHES)[number]
  | (typeof ORDERINGS)[number];

/** Operators that make sense for each kind of field. */
export const OPS = {
  text: [...COMPARISONS, ...TEXT_MATCHES],
  tag: [...COMPARISONS, ...TEXT_MATCHES],
  number: [...COMPARISONS, ...ORDERINGS],
  time: [...COMPARISONS, ...ORDERINGS],
  boolean: COMPARISONS,
  device: COMPARISONS,
} as const satisfies Record<FieldKind, readonly Op[]>;
