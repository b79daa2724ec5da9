import { AppError } from "../http/errors.ts";
import { readEntry } from "./entry.ts";
import type { IncomingEntry } from "./entry.ts";

export const BATCH_LIMIT = 500;

export interface Rejection {
  /** Position in the list that the caller sent. */
  index: number;
  code: string;
  message: string;
}

export interface Batch {
  entries: IncomingEntry[];
  /** Where each of `entries` stood in the list that the caller sent. */
  positions: number[];
  rejected: Rejection[];
}

/** Splits a request body `{entries}` into what can be stored and what cannot. */
export function readBatch(body: unknown): Batch {
  const batch: Batch = { entries: [], positions: [], rejected: [] };
  for (const [index, element] of elementsOf(body).entries()) {
    const read = readEntry(element);
    if ("fault" in read) {
      batch.rejected.push({ index, ...read.fault });
    } else {
      batch.entries.push(read.entry);
      batch.positions.push(index);
    }
  }
  return batch;
}

/** All rejections by the caller's positions; the database counts among the entries it was given. */
export function mergeRejected(batch: Batch, byDatabase: Rejection[]): Rejection[] {
  const moved = byDatabase.map((rejection) => {
    const index = batch.positions[rejection.index];
    if (index === undefined) {
      throw new RangeError(
        `rejected index ${rejection.index} of ${batch.positions.length} entries`,
      );
    }
    return { ...rejection, index };
  });
  return [...batch.rejected, ...moved].sort((a, b) => a.index - b.index);
}

function elementsOf(body: unknown): unknown[] {
  const entries = (body as { entries?: unknown } | null | undefined)?.entries;
  if (!Array.isArray(entries) || entries.length === 0) {
    throw new AppError("invalid_request", `entries: give a list of 1 to ${BATCH_LIMIT} entries.`);
  }
  if (entries.length > BATCH_LIMIT) {
    throw new AppError(
      "too_many_entries",
      `entries: ${entries.length} are over the limit of ${BATCH_LIMIT}; send them in batches.`,
      { details: { limit: BATCH_LIMIT } },
    );
  }
  return entries;
}
