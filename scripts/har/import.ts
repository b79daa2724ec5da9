import type { ImportItem } from "../../shared/har/import.ts";
import { backoffMs } from "../../shared/feed/backoff.ts";
import {
  batchLength,
  type Ingest,
  type IngestAnswer,
  serialize,
  type SerializedEntry,
} from "../capture/ingest.ts";
import { Complaint } from "../complaint.ts";

export interface Fault {
  /** Of the entry in the file, from 0. */
  index: number;
  message: string;
}

export interface ImportSummary {
  added: number;
  present: number;
  faults: Fault[];
}

export interface ImportOptions {
  ingest: Ingest;
  onProgress?: (summary: ImportSummary) => void;
  onRetry?: (reason: string, delayMs: number) => void;
  /** How long to go on while the backend does not answer. */
  patienceMs?: number;
  sleep?: (ms: number) => Promise<void>;
}

const PATIENCE_MS = 5 * 60_000;
const BACKOFF = { firstMs: 500, maxMs: 30_000 };

/** Sends the entries of a HAR file to ingest; those that are stored already count as present. */
export async function importItems(
  items: readonly ImportItem[],
  options: ImportOptions,
): Promise<ImportSummary> {
  const summary: ImportSummary = { added: 0, present: 0, faults: [] };
  const entries: SerializedEntry[] = [];
  const indexes: number[] = [];
  for (const item of items) {
    if ("entry" in item) {
      entries.push(serialize(item.entry));
      indexes.push(item.index);
    } else summary.faults.push({ index: item.index, message: item.fault });
  }
  for (let from = 0; from < entries.length;) {
    // An entry that fits no request goes alone: ingest says what is wrong with it.
    const to = from + Math.max(1, batchLength(entries, from));
    const answer = await sendBatch(entries.slice(from, to), options);
    summary.added += answer.accepted;
    summary.present += answer.duplicates;
    for (const { index, message } of answer.rejected) {
      summary.faults.push({ index: indexes[from + index] ?? -1, message });
    }
    options.onProgress?.(summary);
    from = to;
  }
  summary.faults.sort((a, b) => a.index - b.index);
  return summary;
}

async function sendBatch(batch: SerializedEntry[], options: ImportOptions): Promise<IngestAnswer> {
  const sleep = options.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  let waited = 0;
  for (let attempt = 0;; attempt++) {
    const outcome = await options.ingest(batch);
    if (outcome.kind === "stored") return outcome.answer;
    if (outcome.kind === "refused") {
      throw new Complaint(`Ingest refused the entries (HTTP ${outcome.status}): ${outcome.reason}`);
    }
    const delay = Math.max(outcome.afterMs ?? 0, 100 + backoffMs(attempt, BACKOFF));
    waited += delay;
    if (waited > (options.patienceMs ?? PATIENCE_MS)) {
      throw new Complaint(
        `Gave up: ${outcome.reason}. Import the file again; it goes on from here.`,
      );
    }
    options.onRetry?.(outcome.reason, delay);
    await sleep(delay);
  }
}
