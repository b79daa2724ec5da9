import { z } from "zod";
import { dataOf } from "../db/answer.ts";
import { createCaller } from "../db/caller.ts";
import type { CallerOptions } from "../db/caller.ts";
import type { Json } from "../db/database.types.ts";
import { withTimeout } from "../db/signal.ts";
import { type Filter, readsPayloads } from "../filter/ast.ts";
import { type Destination, readPolicy } from "../redaction/policy.ts";
import { entryRedactor } from "../redaction/entries.ts";
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
const place = z.object({ ts: z.string(), id: z.string() });
type Place = z.infer<typeof place>;
const searched = z.object({ rows: listed, scanned_to: place.nullable(), complete: z.boolean() });

export interface Selection {
  workspace_id?: string | undefined;
  filter: Filter;
  limit: number;
}

/**
 * Reads entries with the caller's own token: what they may not see does not exist here, and secrets are
 * hidden as the destination's policy says.
 */
export function createReader(options: CallerOptions, destination: Destination = "console") {
  const caller = createCaller(options);
  let redact: Promise<ReturnType<typeof entryRedactor>> | undefined;

  /** Those of the entries that there are, in the order asked. */
  async function byIds(ids: string[], signal: AbortSignal): Promise<StoredEntry[]> {
    const call = caller.rpc("get_entries", { ids });
    const answer = await call.abortSignal(withTimeout(signal, TIMEOUT_MS));
    redact ??= readPolicy(caller, destination, signal).then(entryRedactor);
    return dataOf(answer, storedEntries, signal).map(await redact);
  }

  /** The next lines of a selection, and where to go on; undefined at its end. */
  async function page(selection: Selection, before: Place | undefined, signal: AbortSignal) {
    const { workspace_id, filter, limit } = selection;
    const args = {
      ...(workspace_id !== undefined && { workspace_id }),
      ...(before && { before_ts: before.ts, before_id: before.id }),
      filter: filter as Json,
      page_size: Math.min(limit, PAGE),
    };
    const ends = withTimeout(signal, TIMEOUT_MS);
    if (readsPayloads(filter)) {
      const call = caller.rpc("entries_search", args).abortSignal(ends);
      const { rows, scanned_to, complete } = dataOf(await call, searched, signal);
      return { rows, next: complete ? undefined : scanned_to ?? undefined };
    }
    const call = caller.rpc("entries_filtered_list", args)
      .select("id,ts,request_size,response_size").abortSignal(ends);
    const rows = dataOf(await call, listed, signal);
    return { rows, next: rows.length < args.page_size ? undefined : rows.at(-1) };
  }

  /** The newest entries of a selection, a few at a time. */
  async function* select(selection: Selection, signal: AbortSignal): AsyncGenerator<StoredEntry> {
    let left = selection.limit;
    let before: Place | undefined;
    do {
      const { rows, next } = await page({ ...selection, limit: left }, before, signal);
      for (const batch of batches(rows)) yield* await byIds(batch.map(({ id }) => id), signal);
      left -= rows.length;
      before = next;
    } while (left > 0 && before);
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
