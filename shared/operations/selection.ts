import { z } from "zod";
import type { Json } from "../db/database.types.ts";
import { checkFilter, type Filter, readsPayloads } from "../filter/ast.ts";
import { FilterError } from "../filter/error.ts";
import { parseFilter } from "../filter/parse.ts";
import { AppError } from "../http/errors.ts";
import { ANSWER_ROOM } from "./answer.ts";
import type { Call } from "./call.ts";
import { rowsOf } from "./failure.ts";
import { pageOf } from "./paging.ts";

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
    const { message, position } = error;
    const at = position === undefined || position === "" ? "" : ` (at ${position})`;
    const such = typeof given === "string"
      ? "such as path:/login* status>=400 since:1h"
      : 'such as {"field":"status","op":"gte","value":400}';
    throw new AppError("invalid_request", `filter: ${message}${at}; ${such}`);
  }
}

interface Listed {
  id: string;
  ts: string;
  [column: string]: unknown;
}

interface Cursor {
  ts: string;
  id: string;
}

/** What goes on after a page; nothing at the end. */
interface Next {
  next?: Cursor;
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
  before?: Cursor | undefined;
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
    return pageOf<Listed, Next>(
      rows.map(line),
      (shown, whole) => whole && rows.length < selection.limit ? {} : after(shown),
    );
  }
  const { rows, scanned_to, complete } = rowsOf(
    await call.db.rpc("entries_search", args).abortSignal(call.signal),
  ) as unknown as {
    rows: Listed[];
    scanned_to: Cursor | null;
    complete: boolean;
  };
  return pageOf<Listed, Next>(
    rows.map(line),
    (shown, whole) => whole ? !complete && scanned_to ? { next: scanned_to } : {} : after(shown),
  );
}

/** The cursor of what comes after a row. */
function after(shown: readonly Listed[]): Next {
  const last = shown.at(-1);
  return last ? { next: { ts: last.ts, id: last.id } } : {};
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

/**
 * Entries in order of arrival. The cursor is that of a whole page: one that is too long for an answer
 * is asked for again, shorter, so that nothing between two cursors goes unseen.
 */
export async function listChanges(call: Call, { workspace_id, after, page_size }: {
  workspace_id?: string | undefined;
  after?: string | undefined;
  page_size: number;
}) {
  for (let size = page_size;;) {
    const page = rowsOf(
      await call.db.rpc("entries_changes", {
        page_size: size,
        ...(workspace_id !== undefined && { workspace_id }),
        ...(after !== undefined && { after }),
      }).abortSignal(call.signal),
    ) as unknown as { rows: Listed[]; cursor: string; more: boolean };
    const rows = page.rows.map(line);
    const written = JSON.stringify(rows).length;
    if (written <= ANSWER_ROOM || rows.length <= 1) return { ...page, rows };
    size = Math.max(1, Math.floor(rows.length * 0.9 * ANSWER_ROOM / written));
  }
}
