import { z } from "zod";
import type { Json } from "../db/database.types.ts";
import { checkFilter, type Filter, readsPayloads } from "../filter/ast.ts";
import { FilterError } from "../filter/error.ts";
import { parseFilter } from "../filter/parse.ts";
import { AppError } from "../http/errors.ts";
import type { Call } from "./call.ts";
import { rowsOf } from "./failure.ts";

/** A filter as text (`host:*.example.com status>=400 since:1h`) or as the tree it stands for. */
export const filter = z.union([z.string().max(4_000), z.record(z.string(), z.unknown())])
  .describe(
    "text such as 'host:*.example.com status>=400 since:1h', or the same as a tree {field, op, value}",
  );

/** The tree of a filter in either form; a fault names the position. */
export function filterTree(given: z.infer<typeof filter> | undefined): Json {
  if (given === undefined) return {};
  try {
    return (typeof given === "string" ? parseFilter(given) : checkFilter(given)) as Json;
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    const at = error.position === undefined ? "" : ` (at ${error.position})`;
    throw new AppError("invalid_request", `filter: ${error.message}${at}`);
  }
}

interface Listed {
  id: string;
  ts: string;
  [column: string]: unknown;
}

/** What a line of a list shows; the rest is in the entry. */
const LINE = [
  "id",
  "ts",
  "method",
  "url",
  "status",
  "duration_ms",
  "response_size",
  "content_type",
  "device_uuid",
  "error",
] as const;
const URL_LIMIT = 200;

/** The newest entries of a selection as lines, and the cursor of what comes after them. */
export async function listEntries(call: Call, selection: {
  workspace_id?: string | undefined;
  filter?: z.infer<typeof filter> | undefined;
  before?: { ts: string; id: string } | undefined;
  limit: number;
}) {
  const tree = filterTree(selection.filter);
  const args = {
    ...(selection.workspace_id !== undefined && { workspace_id: selection.workspace_id }),
    ...(selection.before && { before_ts: selection.before.ts, before_id: selection.before.id }),
    filter: tree,
    page_size: selection.limit,
  };
  if (!readsPayloads(tree as Filter)) {
    const rows = (rowsOf(
      await call.db.rpc("entries_filtered_list", args).select(LINE.join(","))
        .abortSignal(call.signal),
    ) ?? []) as unknown as Listed[];
    const last = rows.at(-1);
    return {
      rows: rows.map(line),
      ...(rows.length === selection.limit && last && { next: { ts: last.ts, id: last.id } }),
    };
  }
  const { rows, scanned_to, complete } = rowsOf(
    await call.db.rpc("entries_search", args).abortSignal(call.signal),
  ) as unknown as {
    rows: Listed[];
    scanned_to: { ts: string; id: string } | null;
    complete: boolean;
  };
  return { rows: rows.map(line), ...(!complete && scanned_to && { next: scanned_to }) };
}

function line(row: Listed): Listed {
  const shown: Record<string, unknown> = {};
  for (const column of LINE) {
    const value = row[column];
    if (value === null || value === undefined) continue;
    shown[column] = column === "url" && String(value).length > URL_LIMIT
      ? `${String(value).slice(0, URL_LIMIT)}…`
      : value;
  }
  return shown as Listed;
}
