import { z } from "zod";
import { dataOf } from "../db/answer.ts";
import { createCaller } from "../db/caller.ts";
import type { CallerOptions } from "../db/caller.ts";
import type { Json } from "../db/database.types.ts";
import { withTimeout } from "../db/signal.ts";
import type { Filter } from "../filter/ast.ts";
import { AppError } from "../http/errors.ts";
import type { StoredEntry } from "./exchange.ts";

const TIMEOUT_MS = 20_000;
const PAGE = 500;
/** Of payloads read at once: bodies are up to 1 MiB each, and a function has 256 MB in all. */
const BYTES_AT_ONCE = 8 * 1_048_576;
const ENTRIES_AT_ONCE = 100;
/** Where an entry does not say how large it is. */
const USUAL_BYTES = 65_536;

const storedEntry = z.looseObject({
  id: z.string(),
  ts: z.string(),
  method: z.string().nullable(),
  url: z.string().nullable(),
  status: z.number().nullable(),
  duration_ms: z.number().nullable(),
  request_size: z.number().nullable(),
  response_size: z.number().nullable(),
  error: z.string().nullable(),
  redacted: z.boolean(),
  payload: z.record(z.string(), z.unknown()),
});
const storedEntries: z.ZodType<StoredEntry[]> = z.array(storedEntry);
const listed = z.array(z.object({
  id: z.string(),
  ts: z.string(),
  request_size: z.number().nullable(),
  response_size: z.number().nullable(),
}));
type Listed = z.infer<typeof listed>[number];

export interface Selection {
  workspace_id?: string | undefined;
  filter: Filter;
  limit: number;
}

/** Reads entries with the caller's own token: what they may not see does not exist here. */
export function createReader(options: CallerOptions) {
  const caller = createCaller(options);

  /** Those of the entries that there are, in the order asked. */
  async function byIds(ids: string[], signal: AbortSignal): Promise<StoredEntry[]> {
    const call = caller.rpc("get_entries", { ids });
    return dataOf(await call.abortSignal(withTimeout(signal, TIMEOUT_MS)), storedEntries, signal);
  }

  async function page(selection: Selection, after: Listed | undefined, signal: AbortSignal) {
    const { workspace_id, filter, limit } = selection;
    const call = caller.rpc("entries_filtered_list", {
      ...(workspace_id !== undefined && { workspace_id }),
      ...(after && { before_ts: after.ts, before_id: after.id }),
      filter: filter as Json,
      page_size: Math.min(limit, PAGE),
    }).select("id,ts,request_size,response_size");
    const answer = await call.abortSignal(withTimeout(signal, TIMEOUT_MS));
    // Raised by the filter's compiler for the one who wrote the filter.
    if (answer.error?.code === "PT400") {
      throw new AppError("invalid_request", answer.error.message);
    }
    return dataOf(answer, listed, signal);
  }

  /** The newest entries of a selection, a few at a time. */
  async function* select(selection: Selection, signal: AbortSignal): AsyncGenerator<StoredEntry> {
    let left = selection.limit;
    let last: Listed | undefined;
    while (left > 0) {
      const rows = await page({ ...selection, limit: left }, last, signal);
      for (const batch of batches(rows)) yield* await byIds(batch.map(({ id }) => id), signal);
      if (rows.length < Math.min(left, PAGE)) return;
      left -= rows.length;
      last = rows.at(-1);
    }
  }

  return { byIds, select };
}

export type Reader = ReturnType<typeof createReader>;

function batches(rows: Listed[]): Listed[][] {
  const found: Listed[][] = [];
  let bytes = Infinity;
  for (const row of rows) {
    const size = (row.request_size ?? USUAL_BYTES) + (row.response_size ?? USUAL_BYTES);
    const batch = found.at(-1);
    if (!batch || bytes + size > BYTES_AT_ONCE || batch.length >= ENTRIES_AT_ONCE) {
      found.push([row]);
      bytes = size;
    } else {
      batch.push(row);
      bytes += size;
    }
  }
  return found;
}
