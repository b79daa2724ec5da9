/** What a client asks for in `postgres_changes`, and the filters in it. */
export interface ChangeRequest {
  event: string;
  schema: string;
  table: string;
  filters: ChangeFilter[];
  select: string[] | null;
}

/** A condition on one column of a changed row. */
export interface ChangeFilter {
  column: string;
  op: string;
  /** Of `in` the text form of an array. */
  value: string;
  negate: boolean;
}

/** A subscription that cannot be made as it was asked for. The channel goes on without it. */
export class ChangeRefused extends Error {
  override name = "ChangeRefused";
}

const OPERATORS = new Set([
  ..."eq neq lt lte gt gte in like ilike is match imatch isdistinct".split(" "),
]);
const CONDITION = /^([^=]+)=(not\.)?([a-z]+)\.(.*)$/s;

/** Reads one member of `postgres_changes`; throws ChangeRefused. */
export function parseChange(param: unknown): ChangeRequest {
  const { event = "*", schema = "*", table = "*", filter, select } = param as Record<
    string,
    unknown
  >;
  const columns = Array.isArray(select) && select.length > 0 ? select.map(String) : null;
  if (columns && (schema === "*" || table === "*")) {
    throw new ChangeRefused(
      "Column selection is not supported for wildcard subscriptions. Please specify a table.",
    );
  }
  return {
    event: String(event).toUpperCase(),
    schema: String(schema),
    table: String(table),
    filters: filter ? conditionsOf(String(filter)) : [],
    select: columns,
  };
}

/** Conditions are joined by commas, of which those in quotes and in lists are none. */
function conditionsOf(text: string): ChangeFilter[] {
  const parts = text.match(/(?:"(?:\\.|[^"\\])*"|\((?:"(?:\\.|[^"\\])*"|[^)"])*\)|[^,])+/gs) ?? [];
  return parts.map((part) => {
    const [, column, not, op = "", raw = ""] = CONDITION.exec(part.trim()) ?? [];
    const list = /^\((.*)\)$/s.exec(raw);
    if (!column || !OPERATORS.has(op) || (op === "in" && !list)) {
      throw new ChangeRefused(
        `Error parsing \`filter\` params: ${JSON.stringify(part.split("="))}`,
      );
    }
    return {
      column,
      op,
      value: op === "in" ? `{${list![1]}}` : unquoted(raw),
      negate: not !== undefined,
    };
  });
}

function unquoted(text: string): string {
  const quoted = /^"((?:\\.|[^"\\])*)"$/s.exec(text);
  return quoted ? quoted[1]!.replaceAll(/\\(.)/gs, "$1") : text;
}

/** A number that stands for what was asked for in the answer to a join and in every change. */
export function changeId(param: unknown): number {
  let hash = 0x811c9dc5;
  for (const char of JSON.stringify(param)) hash = Math.imul(hash ^ char.codePointAt(0)!, 16777619);
  return hash >>> 5;
}
