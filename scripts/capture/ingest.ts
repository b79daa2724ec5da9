import { gzip } from "node:zlib";
import { promisify } from "node:util";
import { z } from "zod";

const compress = promisify(gzip);

/** What one request to ingest may carry. */
export const BATCH_ENTRIES = 500;
export const BATCH_BYTES = 4 * 1024 * 1024;

/** An entry in the form it travels in: its JSON, made once and measured once. */
export interface SerializedEntry {
  json: string;
  bytes: number;
}

const answerSchema = z.object({
  accepted: z.number(),
  duplicates: z.number(),
  rejected: z.array(z.object({ index: z.number(), code: z.string(), message: z.string() })),
});

const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

export type IngestAnswer = z.infer<typeof answerSchema>;

/** What became of a request: stored, worth sending again as it is, or refused for good. */
export type IngestOutcome =
  | { kind: "stored"; answer: IngestAnswer }
  | { kind: "retry"; reason: string; afterMs?: number }
  | { kind: "refused"; status: number; reason: string };

export type Ingest = (batch: SerializedEntry[]) => Promise<IngestOutcome>;

export function serialize(entry: object): SerializedEntry {
  const json = JSON.stringify(entry);
  return { json, bytes: Buffer.byteLength(json) };
}

const ENVELOPE = Buffer.byteLength('{"entries":[]}');

/** How many entries from the front of the list fit one request; 0 when not even the first does. */
export function batchLength(entries: readonly SerializedEntry[], from = 0): number {
  let bytes = ENVELOPE;
  let count = 0;
  while (count < BATCH_ENTRIES) {
    const entry = entries[from + count];
    if (entry === undefined) break;
    bytes += entry.bytes + 1;
    if (bytes > BATCH_BYTES) break;
    count += 1;
  }
  return count;
}

/** Whether the entry fits a request at all. */
export function fits(entry: SerializedEntry): boolean {
  return batchLength([entry]) === 1;
}

/** Sends batches to `POST /functions/v1/ingest` with a device's credential. */
export function ingestClient(url: string, token: string, timeoutMs = 30_000): Ingest {
  return async (batch) => {
    let response: Response;
    try {
      response = await fetch(`${url}/functions/v1/ingest`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          "content-encoding": "gzip",
        },
        body: new Uint8Array(await compress(requestBody(batch))),
        signal: AbortSignal.timeout(timeoutMs),
      });
    } catch (error) {
      return { kind: "retry", reason: `cannot reach ${url}: ${causeOf(error)}` };
    }
    return await outcomeOf(response);
  };
}

function requestBody(batch: SerializedEntry[]): string {
  return `{"entries":[${batch.map((entry) => entry.json).join(",")}]}`;
}

async function outcomeOf(response: Response): Promise<IngestOutcome> {
  const { status } = response;
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    // An answer that broke off says nothing about what was stored; sending again is harmless.
    return { kind: "retry", reason: `HTTP ${status} with an unreadable answer` };
  }
  if (response.ok) {
    const answer = answerSchema.safeParse(body);
    if (answer.success) return { kind: "stored", answer: answer.data };
    return { kind: "refused", status, reason: "this is not the answer of an ingest function" };
  }
  const error = errorSchema.safeParse(body);
  const reason = error.success ? error.data.error.message : `HTTP ${status}`;
  if (status !== 408 && status !== 429 && status < 500) return { kind: "refused", status, reason };
  const afterMs = retryAfterMs(response.headers.get("retry-after"), Date.now());
  return { kind: "retry", reason, ...(afterMs === null ? {} : { afterMs }) };
}

/** `Retry-After` as seconds or as a date (RFC 9110 section 10.2.3). */
export function retryAfterMs(header: string | null, now: number): number | null {
  if (header === null || header.trim() === "") return null;
  const at = /^\d+$/.test(header.trim()) ? now + Number(header) * 1000 : Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause;
  if (cause instanceof AggregateError) return causeOf(cause.errors[0]);
  return cause instanceof Error ? cause.message : error.message;
}
