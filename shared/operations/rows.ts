import type { PostgrestClient } from "@supabase/postgrest-js";
import { z } from "zod";
import type { Database } from "../db/database.types.ts";
import { AppError } from "../http/errors.ts";
import type { Call } from "./call.ts";
import { found, rowsOf } from "./failure.ts";
import {
  type Content,
  type Operation,
  operation,
  type Section,
  type Toolset,
} from "./operation.ts";
import { pageOf } from "./paging.ts";

export type Table = keyof Database["public"]["Tables"];
type Row = Record<string, unknown>;

/** A table as rows of any shape: what the operations of a table have in common. */
export const anyTable = (call: Call, table: string) =>
  (call.db as unknown as PostgrestClient).from(table);

export const page = {
  limit: z.int().min(1).max(200).default(50).describe("rows at once"),
  offset: z.int().min(0).default(0).describe("rows to skip"),
};

/** A page of rows of which one more than `limit` was asked for. */
export function offsetPage(
  rows: readonly unknown[],
  { limit, offset }: { limit: number; offset: number },
) {
  return pageOf(
    rows.slice(0, limit),
    (shown, whole) => whole && rows.length <= limit ? {} : { next_offset: offset + shown.length },
  );
}

/** What a table's operations are, declared once: names, words, rights and columns. */
export interface TableOperations {
  readonly table: Table;
  readonly one: string;
  readonly many: string;
  /** Names of single operations where verb_noun would read badly. */
  readonly names?: Partial<Record<"list" | "get" | "create" | "update" | "remove", string>>;
  /** What a row is, as a half sentence. */
  readonly about: string;
  readonly toolset: Toolset;
  /** The section that the table's policies ask for; null for rows of the caller's own. */
  readonly section: Section | null;
  readonly content: Content;
  readonly key: z.ZodRawShape;
  /** Columns that list may be narrowed by. */
  readonly filters?: z.ZodRawShape;
  readonly order: string;
  readonly newestFirst?: true;
  readonly select?: string;
  /** No list where an operation of its own makes it. */
  readonly list?: false;
  /** Single rows only where they are more than a list shows. */
  readonly get?: false;
  /** The columns that come of what was given, where those differ. */
  readonly columnsOf?: (given: Row) => Row;
  readonly create?: z.ZodRawShape;
  readonly update?: z.ZodRawShape;
  /** What deleting takes along, as a sentence; absent where nobody deletes. */
  readonly remove?: string;
  /** Changed by admins and global holders alone: said in the summary, decided by the policies. */
  readonly peopleOnly?: true;
}

/** list, get, create, update and delete of a table, as far as its declaration goes. */
export function tableOperations(spec: TableOperations): Operation[] {
  const { table, one, many, toolset, section, content, key } = spec;
  const view = section && { section, action: "view" as const };
  const edit = section && { section, action: "edit" as const };
  const common = { toolset, content, ...(spec.peopleOnly && { peopleOnly: true as const }) };
  const noun = one.replaceAll("_", " ");
  const nouns = many.replaceAll("_", " ");
  const columns = spec.select ?? "*";
  const columnsOf = spec.columnsOf ?? ((given: Row) => given);
  const keyOf = (input: Row): Row =>
    Object.fromEntries(Object.keys(key).map((column) => [column, input[column]]));

  const operations: Operation[] = [];
  if (spec.list !== false) {
    operations.push(operation({
      ...common,
      name: spec.names?.list ?? `list_${many}`,
      title: `List ${nouns}`,
      summary: `Lists ${nouns} that you may see: ${spec.about}.`,
      needs: view,
      effect: "read",
      input: () => z.strictObject({ ...optional(spec.filters ?? {}), ...page }),
      async run(call, { limit, offset, ...filters }) {
        let query = anyTable(call, table).select(columns);
        for (const [column, value] of Object.entries(filters)) {
          if (value !== undefined) query = query.eq(column, value as string);
        }
        const rows = rowsOf(
          await query.order(spec.order, { ascending: !spec.newestFirst })
            .range(offset, offset + limit).abortSignal(call.signal),
        ) ?? [];
        return offsetPage(rows, { limit, offset });
      },
    }));
  }

  if (spec.get !== false) {
    operations.push(operation({
      ...common,
      name: spec.names?.get ?? `get_${one}`,
      title: `Get a ${noun}`,
      summary: `One ${noun} by its key: ${spec.about}.`,
      needs: view,
      effect: "read",
      input: () => z.strictObject(key),
      async run(call, input) {
        const row = rowsOf(
          await anyTable(call, table).select(columns).match(keyOf(input)).abortSignal(call.signal)
            .maybeSingle(),
        );
        return found(row, noun);
      },
    }));
  }

  const { create, update } = spec;
  if (create) {
    operations.push(operation({
      ...common,
      name: spec.names?.create ?? `create_${one}`,
      title: `Create a ${noun}`,
      summary: `Adds a ${noun}: ${spec.about}. Answers the new row.`,
      needs: edit,
      effect: "write",
      input: () => z.strictObject(create),
      async run(call, input) {
        return rowsOf(
          await anyTable(call, table).insert(columnsOf(input)).select(columns).abortSignal(
            call.signal,
          )
            .single(),
        );
      },
    }));
  }

  if (update) {
    const changes = Object.keys(update);
    operations.push(operation({
      ...common,
      name: spec.names?.update ?? `update_${one}`,
      title: `Change a ${noun}`,
      summary: `Changes a ${noun}; fields left out stay as they are. Answers the changed row.`,
      needs: edit,
      effect: "write",
      idempotent: true,
      input: () => z.strictObject({ ...key, ...optional(update) }),
      async run(call, input) {
        const given = Object.fromEntries(
          changes.filter((column) => !(column in key) && input[column] !== undefined)
            .map((column) => [column, input[column]]),
        );
        const changed = columnsOf(given);
        if (Object.keys(changed).length === 0) {
          throw new AppError("invalid_request", `Give at least one of ${changes.join(", ")}.`);
        }
        const row = rowsOf(
          await anyTable(call, table).update(changed).match(keyOf(input)).select(columns)
            .abortSignal(call.signal).maybeSingle(),
        );
        return found(row, noun);
      },
    }));
  }

  if (spec.remove !== undefined) {
    operations.push(operation({
      ...common,
      name: spec.names?.remove ?? `delete_${one}`,
      title: `Delete a ${noun}`,
      summary: `Deletes a ${noun} for good. ${spec.remove}`.trim(),
      needs: edit,
      effect: "destructive",
      input: () => z.strictObject(key),
      async run(call, input) {
        const rows = rowsOf(
          await anyTable(call, table).delete().match(keyOf(input)).select(
            Object.keys(key).join(","),
          )
            .abortSignal(call.signal),
        );
        found(rows?.length, noun);
        return { deleted: keyOf(input) };
      },
    }));
  }
  return operations;
}

function optional(shape: z.ZodRawShape): z.ZodRawShape {
  return Object.fromEntries(
    Object.entries(shape).map(([name, type]) => [name, (type as z.ZodType).optional()]),
  );
}
