// Filters made in code, where the compiler knows which operators and values a field takes.

import { checkFilter, type Condition, type Filter } from "./ast.ts";
import { type Field, type FieldKind, FIELDS, OPS } from "./fields.ts";

type KindOf<Name extends Field> = (typeof FIELDS)[Name];
type OpOf<Name extends Field> = (typeof OPS)[KindOf<Name>][number];

type ScalarOf<Kind extends FieldKind> = Kind extends "number" ? number
  : Kind extends "boolean" ? boolean
  : Kind extends "time" ? string | Date
  : string;

type Operand<Name extends Field, Op> = Op extends "in" ? readonly ScalarOf<KindOf<Name>>[]
  : Op extends "exists" ? boolean
  : ScalarOf<KindOf<Name>>;

/**
 * One condition: `where("status", "gte", 500)`.
 * @throws FilterError where the value is none the language takes, as NaN.
 */
export function where<Name extends Exclude<Field, "header">, Op extends OpOf<Name>>(
  field: Name,
  op: Op,
  value: Operand<Name, Op>,
): Condition {
  return checked({ field, op, value: plain(value) });
}

/** A condition on a header, whose name's case does not matter; reads payloads, which searches do. */
export function header<Op extends OpOf<"header">>(
  name: string,
  op: Op,
  value: Operand<"header", Op>,
): Condition {
  return checked({ field: "header", name, op, value });
}

export const and = (...filters: Filter[]): Filter => ({ and: filters });
export const or = (...filters: Filter[]): Filter => ({ or: filters });
export const not = (filter: Filter): Filter => ({ not: filter });

function checked(condition: Record<string, unknown>): Condition {
  return checkFilter(condition) as Condition;
}

/** Times as the language writes them. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return value instanceof Date ? value.toISOString() : value;
}
