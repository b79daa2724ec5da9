import { z } from "zod";
import type { Json } from "../db/database.types.ts";
import { checkFilter } from "../filter/ast.ts";
import { FilterError } from "../filter/error.ts";
import { parseFilter } from "../filter/parse.ts";
import { AppError } from "../http/errors.ts";

/** A filter as text (`host:*.example.com status>=400 since:1h`) or as the tree it stands for. */
export const filter = z.union([z.string().max(4_000), z.record(z.string(), z.unknown())])
  .describe(
    'text such as \'host:*.example.com status>=400 since:1h\', or the same as a tree {field, op, value}',
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

/** Whether a filter reads headers or bodies, which only a search does. */
export function readsPayloads(tree: Json): boolean {
  return JSON.stringify(tree).match(/"field":"(?:header|body)"/) !== null;
}
