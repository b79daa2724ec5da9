import { backoffMs } from "../../shared/feed/backoff.ts";
import {
  batchLength,
  fits,
  type Ingest,
  type IngestAnswer,
  serialize,
  type SerializedEntry,
} from "./ingest.ts";

export interface UploaderOptions {
  ingest: Ingest;
  /** The bounds of the buffer. */
  maxEntries?: number;
  maxBytes?: number;
  random?: () => number;
  onStored?: (answer: IngestAnswer) => void;
  /** Entries that will never be stored, and why. */
  onLost?: (count: number, reason: string) => void;
  /** The backend does not take entries at the moment. */
  onRetry?: (reason: string, delayMs: number) => void;
}

export interface UploaderCounts {
  accepted: number;
  duplicates: number;
  rejected: number;
  dropped: number;
  buffered: number;
  bufferedBytes: number;
}

/** At most 4 requests a second. */
const FLUSH_INTERVAL_MS = 250;
const BACKOFF = { firstMs: 500, maxMs: 30_000 };

/**
 * Sends entries in batches and holds them while the backend is away. An entry leaves the buffer only
 * when the backend has answered for it, and is sent again unchanged until then: its ts and request_id
 * never change, so that sending twice stores once.
 *
 * When the buffer is full the newest entry is dropped: whatever was taken in is delivered, and no
 * batch that may be stored already is torn apart. Dropping the oldest would break both promises.
 */
export class Uploader {
  readonly #options: UploaderOptions;
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #buffer: SerializedEntry[] = [];
  #bytes = 0;
  #counts = { accepted: 0, duplicates: 0, rejected: 0, dropped: 0 };
  #timer: NodeJS.Timeout | undefined;
  #sending = false;
  #attempt = 0;
  #nextAt = 0;
  #stopped = false;
  #idle: (() => void)[] = [];

  constructor(options: UploaderOptions) {
    this.#options = options;
    this.#maxEntries = options.maxEntries ?? 20_000;
    this.#maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
  }

  get counts(): UploaderCounts {
    return { ...this.#counts, buffered: this.#buffer.length, bufferedBytes: this.#bytes };
  }

  /** Takes an entry in; false when it had to be dropped. */
  add(entry: object): boolean {
    const serialized = serialize(entry);
    const reason = this.#refusal(serialized);
    if (reason !== null) {
      this.#counts.dropped += 1;
      this.#options.onLost?.(1, reason);
      return false;
    }
    this.#buffer.push(serialized);
    this.#bytes += serialized.bytes;
    this.#schedule();
    return true;
  }

  /** Stops taking entries and sends what is buffered; what is left after the time limit is counted. */
  async stop(timeoutMs = 5_000): Promise<UploaderCounts> {
    this.#stopped = true;
    if (this.#buffer.length > 0) {
      const emptied = new Promise<void>((resolve) => this.#idle.push(resolve));
      let limit: NodeJS.Timeout | undefined;
      const limited = new Promise<void>((resolve) => limit = setTimeout(resolve, timeoutMs));
      this.#schedule();
      await Promise.race([emptied, limited]);
      clearTimeout(limit);
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.counts;
  }

  #refusal(entry: SerializedEntry): string | null {
    if (this.#stopped) return "the uploader was stopped";
    if (!fits(entry)) return `the entry has ${entry.bytes} bytes and fits no request`;
    const full = this.#buffer.length >= this.#maxEntries ||
      this.#bytes + entry.bytes > this.#maxBytes;
    return full ? `the buffer is full (${this.#buffer.length} entries)` : null;
  }

  #schedule(): void {
    if (this.#sending || this.#timer !== undefined || this.#buffer.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#flush();
    }, Math.max(0, this.#nextAt - Date.now()));
  }

  async #flush(): Promise<void> {
    const batch = this.#buffer.slice(0, batchLength(this.#buffer));
    this.#sending = true;
    this.#nextAt = Date.now() + FLUSH_INTERVAL_MS;
    const outcome = await this.#options.ingest(batch);
    this.#sending = false;

    if (outcome.kind === "retry") {
      const delay = Math.max(
        FLUSH_INTERVAL_MS,
        outcome.afterMs ?? 0,
        backoffMs(this.#attempt, { ...BACKOFF, random: this.#options.random ?? Math.random }),
      );
      this.#attempt += 1;
      this.#nextAt = Date.now() + delay;
      this.#options.onRetry?.(outcome.reason, delay);
    } else {
      this.#attempt = 0;
      this.#acknowledge(batch);
      if (outcome.kind === "stored") this.#count(outcome.answer);
      else {
        this.#counts.dropped += batch.length;
        this.#options.onLost?.(batch.length, outcome.reason);
      }
    }
    if (this.#buffer.length === 0) this.#idle.splice(0).forEach((resolve) => resolve());
    this.#schedule();
  }

  #acknowledge(batch: SerializedEntry[]): void {
    this.#buffer = this.#buffer.slice(batch.length);
    for (const entry of batch) this.#bytes -= entry.bytes;
  }

  #count(answer: IngestAnswer): void {
    this.#counts.accepted += answer.accepted;
    this.#counts.duplicates += answer.duplicates;
    this.#counts.rejected += answer.rejected.length;
    this.#options.onStored?.(answer);
    for (const { code, message } of answer.rejected) {
      this.#options.onLost?.(1, `${code}: ${message}`);
    }
  }
}
