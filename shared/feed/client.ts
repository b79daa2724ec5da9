import type { RealtimeChannel, SupabaseClient } from "@supabase/supabase-js";
import { z } from "zod";
import {
  entriesEventSchema,
  type ThinEntry,
  thinEntrySchema,
  workspaceChannel,
} from "../realtime/channels.ts";
import { backoffMs } from "./backoff.ts";
import { SeenIds } from "./seen.ts";

/** An entry of the feed, and how it came. */
export type FeedEntry = ThinEntry & { via: "live" | "catch-up" };

export type FeedState =
  | { kind: "connecting" }
  | { kind: "subscribed" }
  | { kind: "caught-up"; cursor: string }
  | { kind: "disconnected"; reason: string; retryMs: number }
  /** A read failed, a message could not be understood, or `onEntries` threw: what it concerns is read again. */
  | { kind: "error"; error: unknown; retryMs: number };

export interface FollowOptions {
  /** With the option `accessToken`. One feed a workspace and client: supabase-js shares channels by name. */
  client: SupabaseClient;
  workspaceId: string;
  /** Where to go on: the cursor of an earlier subscription, null for the oldest entry kept; by default now. */
  cursor?: string | null | undefined;
  /** Called with one batch at a time and awaited. When it throws, the batch is delivered again. */
  onEntries: (entries: FeedEntry[]) => void | Promise<void>;
  onState?: (state: FeedState) => void;
  /** How often to read what may have been missed while connected; delivery over Realtime is at most once. */
  catchUpEveryMs?: number;
}

export interface Feed {
  /** Everything that arrived up to here has been delivered; null before the first read. */
  readonly cursor: string | null;
  /** Leaves the channel and waits for the delivery under way (so `onEntries` must not await this). */
  stop(): Promise<void>;
}

const PAGE_SIZE = 500;
/** Live rows that wait for `onEntries`; beyond, they are dropped and read again by a catch-up. */
const MAX_QUEUED = 5_000;
const REJOIN = { firstMs: 500, maxMs: 10_000 };
const RETRY = { firstMs: 500, maxMs: 30_000 };
const CATCH_UP_EVERY_MS = 30_000;

const pageSchema = z.object({
  rows: z.array(thinEntrySchema),
  cursor: z.string(),
  /** Not said in the answer to "now", which never has rows. */
  more: z.boolean().default(false),
});

/**
 * Follows the entries of a workspace without a gap: subscribes to its channel, reads what was missed
 * after every (re)connection from the cursor of the last read, and delivers every entry once.
 */
export function followEntries(options: FollowOptions): Feed {
  const feed = new EntryFeed(options);
  feed.start();
  return feed;
}

class EntryFeed implements Feed {
  readonly #options: FollowOptions;
  readonly #seen = new SeenIds();
  #cursor: string | null;
  #stopped = false;

  #channel: RealtimeChannel | undefined;
  #joins = 0;
  #joinFailures = 0;
  #joinTimer: ReturnType<typeof setTimeout> | undefined;

  #queue: ThinEntry[] = [];
  #mustCatchUp = true;
  #readFailures = 0;
  #readTimer: ReturnType<typeof setTimeout> | undefined;
  #working: Promise<void> | undefined;
  #rotatedAt = Date.now();

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#cursor = options.cursor === undefined ? "now" : options.cursor;
  }

  get cursor(): string | null {
    return this.#cursor === "now" ? null : this.#cursor;
  }

  start(): void {
    this.#work();
    void this.#join();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#joinTimer);
    clearTimeout(this.#readTimer);
    this.#joins += 1;
    const channel = this.#channel;
    this.#channel = undefined;
    if (channel) await this.#options.client.removeChannel(channel);
    await this.#working;
  }

  // --- the channel -------------------------------------------------------------------------------

  /**
   * Every attempt has a channel of its own: supabase-js does not join again a channel that the server
   * closed. Callbacks of former channels are told apart by the number of the attempt.
   */
  async #join(): Promise<void> {
    this.#joins += 1;
    const attempt = this.#joins;
    const current = () => !this.#stopped && attempt === this.#joins;
    this.#report({ kind: "connecting" });
    const { client, workspaceId } = this.#options;
    try {
      // Before the token is there, a private channel would be joined as anon and refused.
      await client.realtime.setAuth();
    } catch (error) {
      if (current()) this.#rejoin(`no access token: ${String(error)}`);
      return;
    }
    if (!current()) return;
    const channel = client.channel(workspaceChannel(workspaceId), { config: { private: true } });
    this.#channel = channel;
    channel.on("broadcast", { event: "entries" }, ({ payload }) => {
      if (current()) this.#receive(payload);
    });
    channel.subscribe((status, error) => {
      if (!current()) return;
      if (status !== "SUBSCRIBED") return this.#rejoin(error?.message ?? status);
      this.#joinFailures = 0;
      this.#report({ kind: "subscribed" });
      this.#mustCatchUp = true;
      this.#work();
    });
  }

  #rejoin(reason: string): void {
    this.#joins += 1;
    const channel = this.#channel;
    this.#channel = undefined;
    // Not removeChannel: it closes the socket with its last channel, and a socket that is closing
    // ignores the next connect.
    void channel?.unsubscribe().then(() => channel.teardown());
    const retryMs = backoffMs(this.#joinFailures, REJOIN);
    this.#joinFailures += 1;
    this.#report({ kind: "disconnected", reason, retryMs });
    this.#joinTimer = setTimeout(() => void this.#join(), retryMs);
  }

  #receive(payload: unknown): void {
    const event = entriesEventSchema.safeParse(payload);
    if (!event.success) {
      this.#report({ kind: "error", error: event.error, retryMs: 0 });
      this.#mustCatchUp = true;
    } else this.#queue.push(...event.data.entries);
    if (this.#queue.length > MAX_QUEUED) {
      this.#queue = [];
      this.#mustCatchUp = true;
    }
    this.#work();
  }

  // --- delivery: one at a time, so that an entry is never on its way twice -----------------------

  #work(): void {
    if (this.#stopped) return;
    this.#working ??= this.#drain().finally(() => {
      this.#working = undefined;
      if (this.#mustCatchUp || this.#queue.length > 0) this.#work();
    });
  }

  async #drain(): Promise<void> {
    // Started in the same turn, it would see neither its own promise nor an answer of the caller.
    await Promise.resolve();
    try {
      while (!this.#stopped && (this.#mustCatchUp || this.#queue.length > 0)) {
        if (this.#mustCatchUp) await this.#catchUp();
        else await this.#deliverQueue();
      }
      this.#readFailures = 0;
    } catch (error) {
      if (this.#stopped) return;
      const retryMs = backoffMs(this.#readFailures, RETRY);
      this.#readFailures += 1;
      // What failed is not remembered as delivered: the next catch-up brings it again.
      this.#queue = [];
      this.#mustCatchUp = false;
      this.#report({ kind: "error", error, retryMs });
      this.#catchUpSoon(retryMs);
    }
  }

  async #catchUp(): Promise<void> {
    this.#mustCatchUp = false;
    for (;;) {
      const page = await this.#read();
      if (this.#stopped) return;
      await this.#deliver(page.rows, "catch-up");
      this.#cursor = page.cursor;
      if (!page.more) break;
      await this.#deliverQueue();
      if (this.#stopped) return;
    }
    const every = this.#options.catchUpEveryMs ?? CATCH_UP_EVERY_MS;
    // Not at every catch-up: a message may reach us a little after the row was read.
    if (Date.now() - this.#rotatedAt >= every) {
      this.#seen.rotate();
      this.#rotatedAt = Date.now();
    }
    this.#report({ kind: "caught-up", cursor: this.#cursor ?? "" });
    this.#catchUpSoon(every);
  }

  async #read(): Promise<z.output<typeof pageSchema>> {
    const { data, error } = await this.#options.client.rpc("entries_changes", {
      workspace_id: this.#options.workspaceId,
      after: this.#cursor,
      page_size: PAGE_SIZE,
    });
    if (error) throw new Error(`entries_changes: ${error.message}`, { cause: error });
    return pageSchema.parse(data);
  }

  async #deliverQueue(): Promise<void> {
    await this.#deliver(this.#queue.splice(0), "live");
  }

  async #deliver(rows: ThinEntry[], via: FeedEntry["via"]): Promise<void> {
    const fresh = new Map<string, FeedEntry>();
    for (const row of rows) if (!this.#seen.has(row.id)) fresh.set(row.id, { ...row, via });
    if (fresh.size === 0) return;
    await this.#options.onEntries([...fresh.values()]);
    for (const id of fresh.keys()) this.#seen.add(id);
  }

  #catchUpSoon(delayMs: number): void {
    clearTimeout(this.#readTimer);
    if (this.#stopped) return;
    this.#readTimer = setTimeout(() => {
      this.#mustCatchUp = true;
      this.#work();
    }, delayMs);
  }

  #report(state: FeedState): void {
    if (!this.#stopped) this.#options.onState?.(state);
  }
}
