import type { SupabaseClient } from "@supabase/supabase-js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FeedEntry, type FeedState, followEntries, type FollowOptions } from "./client.ts";

type Row = { id: string };
type Status = "SUBSCRIBED" | "CLOSED" | "TIMED_OUT" | "CHANNEL_ERROR";

const row = (n: number) => ({
  id: `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
  request_id: `r${n}`,
  device_uuid: "00000000-0000-4000-8000-00000000d3f0",
  ts: "2026-11-24T10:00:00+00:00",
  source: "proxy",
  method: "GET",
  host: "a.example",
  path: "/",
  status: 200,
  duration_ms: 1,
  request_size: 0,
  response_size: 0,
  url: "https://a.example/",
});

class FakeChannel {
  #listener: (message: { payload: unknown }) => void = () => {};
  #status: (status: Status, error?: Error) => void = () => {};
  unsubscribed = false;

  on(_type: string, _filter: object, listener: (message: { payload: unknown }) => void) {
    this.#listener = listener;
    return this;
  }
  subscribe(status: (status: Status, error?: Error) => void) {
    this.#status = status;
    return this;
  }
  unsubscribe() {
    this.unsubscribed = true;
    this.#status("CLOSED");
    return Promise.resolve("ok");
  }
  teardown() {}
  becomes(status: Status) {
    this.#status(status);
  }
  sends(...rows: object[]) {
    this.#listener({ payload: { entries: rows } });
  }
}

/** A backend whose cursor is the number of rows read. */
function fakeBackend() {
  const rows: Row[] = [];
  const channels: FakeChannel[] = [];
  const order: string[] = [];
  const reads: (string | null)[] = [];
  let failure: string | null = null;
  const client = {
    realtime: {
      setAuth: () => {
        order.push("setAuth");
        return Promise.resolve();
      },
    },
    channel: (name: string, options: object) => {
      order.push(`channel ${name} ${JSON.stringify(options)}`);
      const channel = new FakeChannel();
      channels.push(channel);
      return channel;
    },
    removeChannel: (channel: FakeChannel) => channel.unsubscribe(),
    rpc: (_name: string, args: { after: string | null; page_size: number }) => {
      reads.push(args.after);
      if (failure !== null) return Promise.resolve({ data: null, error: { message: failure } });
      const from = args.after === "now" ? rows.length : Number(args.after ?? 0);
      const page = rows.slice(from, from + args.page_size);
      const cursor = String(from + page.length);
      return Promise.resolve({
        data: { rows: page, cursor, more: page.length === args.page_size },
        error: null,
      });
    },
  };
  return {
    rows,
    channels,
    order,
    reads,
    failReads: (message: string | null) => failure = message,
    last: () => channels.at(-1) as FakeChannel,
    client: client as unknown as SupabaseClient,
  };
}

function follow(backend: ReturnType<typeof fakeBackend>, options: Partial<FollowOptions> = {}) {
  const delivered: FeedEntry[] = [];
  const states: FeedState[] = [];
  const feed = followEntries({
    client: backend.client,
    workspaceId: "w",
    cursor: null,
    onEntries: (entries) => void delivered.push(...entries),
    onState: (state) => void states.push(state),
    ...options,
  });
  return { feed, delivered, states, ids: () => delivered.map(({ request_id }) => request_id) };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the feed", () => {
  it("awaits the token before it joins the private channel of the workspace", async () => {
    const backend = fakeBackend();
    const { feed } = follow(backend);
    await settle();
    expect(backend.order).toEqual(["setAuth", 'channel ws:w {"config":{"private":true}}']);
    await feed.stop();
  });

  it("reads after every subscription what was missed, and says how each entry came", async () => {
    const backend = fakeBackend();
    backend.rows.push(row(1));
    const { feed, delivered } = follow(backend);
    await settle();
    backend.rows.push(row(2));
    backend.last().becomes("SUBSCRIBED");
    await settle();
    backend.rows.push(row(3));
    backend.last().sends(row(3));
    await settle();
    expect(delivered.map(({ request_id, via }) => [request_id, via])).toEqual([
      ["r1", "catch-up"],
      ["r2", "catch-up"],
      ["r3", "live"],
    ]);
    expect(delivered[0]).not.toHaveProperty("url");
    await feed.stop();
  });

  it("starts now unless it is told where", async () => {
    const backend = fakeBackend();
    backend.rows.push(row(1));
    const { feed, ids } = follow(backend, { cursor: undefined });
    await settle();
    backend.rows.push(row(2));
    backend.last().becomes("SUBSCRIBED");
    await settle();
    expect(ids()).toEqual(["r2"]);
    expect(feed.cursor).toBe("2");
    await feed.stop();
  });

  it("delivers an entry once whether the message or the read comes first", async () => {
    const backend = fakeBackend();
    const { feed, ids } = follow(backend, { catchUpEveryMs: 1_000 });
    await settle();
    backend.last().becomes("SUBSCRIBED");
    backend.rows.push(row(1));
    backend.last().sends(row(1), row(1));
    await settle();
    backend.rows.push(row(2));
    await vi.advanceTimersByTimeAsync(1_000);
    backend.last().sends(row(2));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(ids()).toEqual(["r1", "r2"]);
    await feed.stop();
  });

  it("finds what Realtime never sent, without any disconnection", async () => {
    const backend = fakeBackend();
    const { feed, ids } = follow(backend, { catchUpEveryMs: 30_000 });
    await settle();
    backend.last().becomes("SUBSCRIBED");
    await settle();
    backend.rows.push(row(1));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(ids()).toEqual(["r1"]);
    await feed.stop();
  });

  it("reads page after page, with live entries in between", async () => {
    const backend = fakeBackend();
    for (let n = 0; n < 1_200; n++) backend.rows.push(row(n));
    const order: string[] = [];
    const { feed } = follow(backend, {
      onEntries: (entries) => {
        order.push(`${entries.length} ${entries[0]?.via}`);
        if (order.length === 1) backend.last().sends(row(5_000));
      },
    });
    await settle();
    expect(order).toEqual(["500 catch-up", "1 live", "500 catch-up", "200 catch-up"]);
    await feed.stop();
  });

  it.each(["CLOSED", "TIMED_OUT", "CHANNEL_ERROR"] as const)(
    "joins by a new channel after %s, and ignores the old one",
    async (status) => {
      const backend = fakeBackend();
      const { feed, ids, states } = follow(backend);
      await settle();
      const old = backend.last();
      old.becomes("SUBSCRIBED");
      await settle();
      old.becomes(status);
      await vi.advanceTimersByTimeAsync(500);
      expect(backend.channels).toHaveLength(2);
      expect(old.unsubscribed).toBe(true);
      expect(backend.order.filter((step) => step === "setAuth")).toHaveLength(2);
      backend.rows.push(row(1));
      old.becomes("SUBSCRIBED");
      old.sends(row(9));
      backend.last().becomes("SUBSCRIBED");
      await settle();
      expect(ids()).toEqual(["r1"]);
      expect(states.filter(({ kind }) => kind === "disconnected")).toHaveLength(1);
      await feed.stop();
    },
  );

  it("backs off further with every failure to join", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    const backend = fakeBackend();
    const { feed, states } = follow(backend);
    await settle();
    for (let failure = 0; failure < 7; failure++) {
      backend.last().becomes("CHANNEL_ERROR");
      await vi.advanceTimersByTimeAsync(10_000);
    }
    const delays = states.flatMap((state) => state.kind === "disconnected" ? [state.retryMs] : []);
    expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    vi.restoreAllMocks();
    await feed.stop();
  });

  it("delivers again what its owner failed to take, live or read, and says so", async () => {
    const backend = fakeBackend();
    const taken: string[] = [];
    let failing = true;
    const { feed, states } = follow(backend, {
      onEntries: (entries) => {
        if (failing) throw new Error("disk full");
        taken.push(...entries.map(({ request_id }) => request_id));
      },
    });
    backend.rows.push(row(1));
    await settle();
    backend.last().becomes("SUBSCRIBED");
    await settle();
    backend.rows.push(row(2));
    backend.last().sends(row(2));
    await settle();
    expect(states).toContainEqual(
      expect.objectContaining({ kind: "error", error: new Error("disk full") }),
    );
    expect(feed.cursor).toBe(null);
    failing = false;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(taken).toEqual(["r1", "r2"]);
    await feed.stop();
  });

  it("reads again after a failed read, from the same place", async () => {
    const backend = fakeBackend();
    backend.failReads("the gateway is down");
    const { feed, ids, states } = follow(backend);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(states.some(({ kind }) => kind === "error")).toBe(true);
    backend.failReads(null);
    backend.rows.push(row(1));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ids()).toEqual(["r1"]);
    expect(backend.reads.filter((after) => after === null).length).toBeGreaterThan(1);
    await feed.stop();
  });

  it("reads instead when a message is none it knows", async () => {
    const backend = fakeBackend();
    const { feed, ids } = follow(backend);
    await settle();
    backend.last().becomes("SUBSCRIBED");
    await settle();
    backend.rows.push(row(1));
    backend.last().sends({ id: 7 });
    await settle();
    expect(ids()).toEqual(["r1"]);
    await feed.stop();
  });

  it("leaves the channel and no timer when it is stopped", async () => {
    const backend = fakeBackend();
    const { feed, ids } = follow(backend);
    await settle();
    backend.last().becomes("SUBSCRIBED");
    await settle();
    const channel = backend.last();
    await feed.stop();
    expect(channel.unsubscribed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    channel.sends(row(1));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ids()).toEqual([]);
    expect(backend.channels).toHaveLength(1);
  });
});
