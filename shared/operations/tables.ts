import { z } from "zod";
import { AppError } from "../http/errors.ts";
import type { Call } from "./call.ts";
import { found, rowsOf } from "./failure.ts";
import { object } from "./fields.ts";
import { type Operation, operation } from "./operation.ts";
import { anyTable, offsetPage, page } from "./rows.ts";

const identifier = z.string().regex(
  /^[a-z_][a-z0-9_]{0,62}$/,
  "give a name as list_tables shows it",
);
const OPERATORS = ["eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "in", "is"] as const;
const filters = z.array(z.strictObject({
  column: identifier,
  op: z.enum(OPERATORS).default("eq"),
  value: z.union([
    z.string(),
    z.number(),
    z.boolean(),
    z.null(),
    z.array(z.union([z.string(), z.number()])),
  ])
    .describe("a list for in; null, true or false for is"),
})).max(20);
const someFilters = filters.min(1, "give at least one: without any it would be every row");
const row = object;
const common = { toolset: "tables", needs: null, content: "captured" } as const;
const confirmed = z.union([z.literal(true), z.literal("all")])
  .describe('true for one row, "all" for several, once the person has agreed');

type Filters = z.infer<typeof filters>;

/** Any table and RPC by name, for what has no operation of its own. Row-level security decides as everywhere. */
export const TABLE_OPERATIONS: Operation[] = [
  operation({
    ...common,
    content: "product",
    name: "list_tables",
    title: "List tables and RPCs",
    summary:
      "Every table with its columns and every RPC with its arguments, for db_select and the like.",
    effect: "read",
    top: true,
    input: () =>
      z.strictObject({
        name: identifier.optional().describe("only this one, with its columns"),
      }),
    async run(call, { name }) {
      const catalogue = rowsOf(
        await call.db.rpc("list_tables", name === undefined ? {} : { name })
          .abortSignal(call.signal),
      );
      return found(catalogue, "table or RPC");
    },
  }),
  operation({
    ...common,
    name: "db_select",
    title: "Read a table",
    summary: "Rows of any table that you may see, filtered, ordered and in pages.",
    effect: "read",
    top: true,
    input: () =>
      z.strictObject({
        table: identifier,
        columns: z.array(identifier).max(50).optional().describe("all, if left out"),
        filters: filters.optional(),
        order: identifier.optional(),
        ascending: z.boolean().default(true),
        ...page,
      }),
    async run(call, { table, columns, filters, order, ascending, limit, offset }) {
      let query = filtered(anyTable(call, table).select(columns?.join(",") ?? "*"), filters ?? []);
      if (order !== undefined) query = query.order(order, { ascending });
      const rows = rowsOf(await query.range(offset, offset + limit).abortSignal(call.signal)) ?? [];
      return offsetPage(rows, { limit, offset });
    },
  }),
  operation({
    ...common,
    name: "db_insert",
    title: "Add rows to a table",
    summary: "Adds up to 100 rows to any table that you may write. Answers them.",
    effect: "write",
    peopleOnly: true,
    input: () => z.strictObject({ table: identifier, rows: z.array(row).min(1).max(100) }),
    async run(call, { table, rows }) {
      return {
        rows: rowsOf(
          await anyTable(call, table).insert(rows).select().abortSignal(call.signal),
        ),
      };
    },
  }),
  operation({
    ...common,
    name: "db_update",
    title: "Change rows of a table",
    summary: "Changes the rows of a table that match; at least one filter.",
    effect: "destructive",
    confirm: "rows",
    peopleOnly: true,
    input: () =>
      z.strictObject({
        table: identifier,
        filters: someFilters,
        values: row,
        confirm: confirmed,
      }),
    async run(call, { table, filters, values, confirm }) {
      await agree(call, table, filters, confirm);
      const rows = rowsOf(
        await filtered(anyTable(call, table).update(values), filters).select().abortSignal(
          call.signal,
        ),
      ) as unknown[] | null;
      found(rows?.length, "row");
      return { changed: rows?.length, rows };
    },
  }),
  operation({
    ...common,
    name: "db_delete",
    title: "Delete rows of a table",
    summary: "Deletes the rows of a table that match; at least one filter.",
    effect: "destructive",
    confirm: "rows",
    peopleOnly: true,
    input: () => z.strictObject({ table: identifier, filters: someFilters, confirm: confirmed }),
    async run(call, { table, filters, confirm }) {
      await agree(call, table, filters, confirm);
      const rows = rowsOf(
        await filtered(anyTable(call, table).delete(), filters).select().abortSignal(call.signal),
      ) as unknown[] | null;
      found(rows?.length, "row");
      return { deleted: rows?.length, rows };
    },
  }),
  operation({
    ...common,
    name: "db_rpc",
    title: "Call an RPC",
    summary:
      "Calls any RPC by name. What it does is not known here, so it is confirmed like the worst of them.",
    effect: "destructive",
    openWorld: true,
    peopleOnly: true,
    input: () => z.strictObject({ name: identifier, args: object.default({}) }),
    async run(call, { name, args }) {
      return {
        answer: rowsOf(await call.db.rpc(name as never, args as never).abortSignal(call.signal)),
      };
    },
  }),
];

interface Filterable {
  filter(column: string, op: string, value: unknown): this;
}

function filtered<Query>(query: Query, filters: Filters): Query {
  for (const { column, op, value } of filters) {
    if ((op === "in") !== Array.isArray(value)) {
      throw new AppError(
        "invalid_request",
        `filters: "${op}" on ${column} takes ${op === "in" ? "a list" : "one value"}.`,
      );
    }
    (query as Filterable).filter(column, op, op === "in" ? listOf(value as unknown[]) : value);
  }
  return query;
}

/** PostgREST's list: each value quoted, so that commas and brackets in one are its own. */
const listOf = (values: unknown[]) =>
  `(${values.map((value) => `"${String(value).replaceAll(/["\\]/g, "\\$&")}"`).join(",")})`;

/** Refuses what would touch several rows when only one was agreed to. */
async function agree(call: Call, table: string, filters: Filters, confirm: true | "all") {
  if (confirm === "all") return;
  const { count, ...answer } = await filtered(
    anyTable(call, table).select("*", { count: "exact", head: true }),
    filters,
  ).abortSignal(call.signal);
  rowsOf(answer);
  if ((count ?? 0) > 1) {
    throw new AppError(
      "invalid_request",
      `${count} rows match, and nothing was done. Ask the person, then call it again with confirm: "all".`,
    );
  }
}
