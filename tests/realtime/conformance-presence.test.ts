import { randomUUID } from "node:crypto";
import type { RealtimeChannel, SupabaseClient } from "@supabase/supabase-js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Clients, join, type Listener, until, VERSIONS } from "./support/client.ts";
import { openRaw } from "./support/raw.ts";
import { member, send } from "./support/rooms.ts";
import { startTarget, type Target, token } from "./support/target.ts";

let target: Target;
beforeAll(async () => {
  target = await startTarget();
  // In a lobby people see each other and hear nothing; in a quiet one they cannot even announce
  // themselves; in a ward they announce themselves and see nobody.
  await target.sql.unsafe(`
    create policy "people see who is in a lobby" on realtime.messages for select to authenticated
    using (extension = 'presence' and realtime.topic() like 'lobby:%'
      or extension = 'broadcast' and realtime.topic() like 'ward:%');
    create policy "people announce themselves in lobbies" on realtime.messages
    for insert to authenticated
    with check (extension = 'presence' and realtime.topic() ~ '^(lobby:(?!quiet)|ward:)');
  `);
});
afterAll(() => target?.stop());

/** A channel that takes down who is there. */
interface Watch extends Listener {
  /** Syncs, joins and leaves as they came. */
  log: string[];
  keys(): string[];
}

async function watch(
  client: SupabaseClient,
  name: string,
  { key = "", private: isPrivate = false } = {},
): Promise<Watch> {
  const log: string[] = [];
  const channel = client.channel(name, { config: { private: isPrivate, presence: { key } } });
  channel.on("presence", { event: "sync" }, () => log.push("sync"))
    .on("presence", { event: "join" }, ({ key }) => log.push(`join ${key}`))
    .on("presence", { event: "leave" }, ({ key }) => log.push(`leave ${key}`));
  const watcher: Watch = {
    channel,
    statuses: [],
    errors: [],
    broadcasts: [],
    system: [],
    log,
    keys: () => Object.keys(channel.presenceState()).sort(),
  };
  channel.on("broadcast", { event: "*" }, (message) => watcher.broadcasts.push(message as never))
    .on("system", {}, (message) => watcher.system.push(message))
    .subscribe((status, error) => {
      watcher.statuses.push(status);
      if (error) watcher.errors.push(error.message);
    });
  await until(() => watcher.statuses.length > 0);
  expect(watcher.errors).toEqual([]);
  return watcher;
}

const states = (channel: RealtimeChannel, key: string) =>
  (channel.presenceState()[key] ?? []).map(({ presence_ref: _, ...state }) => state);

describe.each(VERSIONS)("protocol version %s", (version) => {
  let clients: Clients;
  beforeEach(() => {
    clients = new Clients(target, version);
  });
  afterEach(() => clients.close());

  it("C11 tells who is there, who comes, changes, leaves and disconnects", async () => {
    const topic = randomUUID();
    const [a, b, c] = await Promise.all([clients.connect(), clients.connect(), clients.connect()]);
    const ann = await watch(a, topic, { key: "ann" });
    expect(await ann.channel.track({ mood: "fine" })).toBe("ok");
    await until(() => ann.keys().length === 1);
    const ben = await watch(b, topic, { key: "ben" });
    await until(() => ben.keys().join() === "ann");
    expect(states(ben.channel, "ann")).toEqual([{ mood: "fine" }]);

    await ben.channel.track({ mood: "here" });
    await until(() => ann.keys().join() === "ann,ben");
    expect(states(ann.channel, "ben")).toEqual([{ mood: "here" }]);

    const cat = await watch(c, topic, { key: "cat" });
    await cat.channel.track({});
    await until(() => ann.keys().join() === "ann,ben,cat");
    await c.realtime.disconnect();
    await until(() => ann.keys().join() === "ann,ben");

    await ben.channel.untrack();
    await until(() => ann.keys().join() === "ann");
    expect(ann.log.filter((entry) => entry !== "sync")).toEqual([
      "join ann",
      "join ben",
      "join cat",
      "leave cat",
      "leave ben",
    ]);
  });

  it("C11 shows two of one key, and what changed about one last", async () => {
    const topic = randomUUID();
    const [one, two, watcher] = await Promise.all(
      ["twin", "twin", "watcher"].map(async (key) =>
        watch(await clients.connect(), topic, { key })
      ),
    ) as [Watch, Watch, Watch];
    await one.channel.track({ n: 1 });
    await two.channel.track({ n: 2 });
    await until(() => states(watcher.channel, "twin").length === 2);
    expect(states(watcher.channel, "twin")).toEqual([{ n: 1 }, { n: 2 }]);
    // supabase-js 2.100 keeps the state before as well: it has taken the reference off it that the
    // update names. The frames themselves are looked at below.
    await two.channel.track({ n: 3 });
    await until(() => states(watcher.channel, "twin").at(-1)?.["n" as never] === 3);
  });

  it("C11 lists who gives no key under one of its own", async () => {
    const topic = randomUUID();
    const one = await watch(await clients.connect(), topic);
    await one.channel.track({});
    await until(() => one.keys().length === 1);
    expect(one.keys()[0]).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("presence on private channels", () => {
  let clients: Clients;
  beforeEach(() => {
    clients = new Clients(target, "2.0.0");
  });
  afterEach(() => clients.close());
  const somebody = async () => {
    const theirs = await token(target);
    return await clients.connect(() => Promise.resolve(theirs));
  };

  it("C32 who may only see presence joins, sees it, and hears no broadcast", async () => {
    const topic = `lobby:${randomUUID()}`;
    const [a, b] = await Promise.all([somebody(), somebody()]);
    const ann = await watch(a, topic, { key: "ann", private: true });
    const ben = await watch(b, topic, { key: "ben", private: true });
    await send(target, {}, "unheard", topic);
    expect(await ben.channel.track({})).toBe("ok");
    await until(() => ann.keys().join() === "ben");
    // What is sent now comes after what was sent before, and would be here.
    await ben.channel.untrack();
    await until(() => ann.keys().length === 0);
    expect([ann.broadcasts, ben.broadcasts]).toEqual([[], []]);
  });

  it("C32 who may see nothing but does not ask for presence is refused", async () => {
    await expect(join(await somebody(), `lobby:${randomUUID()}`)).rejects.toThrow(/Unauthorized/);
  });

  it("C11 without a policy to write, announcing is an error and nobody sees it", async () => {
    const topic = `lobby:quiet:${randomUUID()}`;
    const ann = await watch(await somebody(), topic, { private: true });
    expect(await ann.channel.track({})).toBe("error");
    expect(ann.statuses).toEqual(["SUBSCRIBED"]);
    expect(ann.keys()).toEqual([]);
  });

  it("C11 who announces itself and may not see presence is told of nobody", async () => {
    const topic = `ward:${randomUUID()}`;
    const [ann, ben] = await Promise.all(
      [somebody(), somebody()].map(async (client) => watch(await client, topic, { private: true })),
    ) as [Watch, Watch];
    expect(await ann.channel.track({})).toBe("ok");
    expect(await ben.channel.track({})).toBe("ok");
    await send(target, {}, "last", topic);
    await until(() => ann.broadcasts.length > 0);
    expect([ann.keys(), ben.keys(), ann.log]).toEqual([[], [], []]);
  });

  it("C13 presence goes when the channel's token no longer counts", async () => {
    const topic = `lobby:${randomUUID()}`;
    const watcher = await watch(await somebody(), topic, { private: true });
    const brief = await token(target, { exp: Math.floor(Date.now() / 1000) + 2 });
    const guest = await watch(await clients.connect(() => Promise.resolve(brief)), topic, {
      key: "guest",
      private: true,
    });
    await guest.channel.track({});
    await until(() => watcher.keys().join() === "guest");
    await until(() => watcher.keys().length === 0);
    expect(guest.statuses).toEqual(["SUBSCRIBED", "CLOSED"]);
  });
});

describe("frames of presence", () => {
  it("C11 an update is a join that names the version it replaces, and a leave of that", async () => {
    const socket = await openRaw(target.url, { apikey: target.publishableKey, vsn: "2.0.0" });
    const topic = `realtime:${randomUUID()}`;
    const track = (ref: string, payload: unknown, event = "track") =>
      socket.send(["1", ref, topic, "presence", { type: "presence", event, payload }]);
    const next = async () => (await socket.next() as unknown[]).slice(1);
    socket.send(["1", "1", topic, "phx_join", {
      config: { presence: { enabled: true, key: "me" } },
    }]);
    expect((await next())[2]).toBe("phx_reply");
    expect(await next()).toEqual([null, topic, "presence_state", {}]);

    track("2", { v: 1 });
    const [, , event, first] = await next() as [null, string, string, Diff];
    expect(event).toBe("presence_diff");
    const ref = first.joins["me"]!.metas[0]!.phx_ref;
    expect(first).toEqual({ joins: { me: { metas: [{ v: 1, phx_ref: ref }] } }, leaves: {} });
    expect(await next()).toEqual(["2", topic, "phx_reply", { status: "ok", response: {} }]);

    track("3", { v: 2 }, "TRACK");
    const [, , , second] = await next() as [null, string, string, Diff];
    expect(second).toEqual({
      joins: { me: { metas: [{ v: 2, phx_ref: expect.any(String), phx_ref_prev: ref }] } },
      leaves: { me: { metas: [{ v: 1, phx_ref: ref }] } },
    });
    await next();

    track("4", ["no map"]);
    expect(await next()).toEqual(["4", topic, "phx_reply", {
      status: "error",
      response: { reason: "Presence track payload must be a map" },
    }]);
    socket.ws.close();
  });

  it("C33 a sixth call in thirty seconds ends the channel", async () => {
    const clients = new Clients(target, "2.0.0");
    const ann = await watch(await clients.connect(), randomUUID(), { key: "ann" });
    const results = [];
    for (let n = 0; n < 5; n++) results.push(await ann.channel.track({ n }));
    expect(results).toEqual(Array(5).fill("ok"));
    void ann.channel.track({ n: 5 });
    await until(() => ann.statuses.at(-1) === "CLOSED");
    expect(ann.system).toMatchObject([
      { status: "error", message: "Client presence rate limit exceeded" },
    ]);
    await clients.close();
  });
});

describe("policies", () => {
  it("C37 cannot go by private or event, which the row that asks leaves at their defaults", async () => {
    await target.sql.unsafe(`
      create policy "by private" on realtime.messages for select to authenticated
      using (private and realtime.topic() like 'by-private:%');
      create policy "by event" on realtime.messages for select to authenticated
      using (event = 'x' and realtime.topic() like 'by-event:%');
    `);
    const clients = new Clients(target, "2.0.0");
    const { accessToken } = await member(target);
    for (const topic of ["by-private:1", "by-event:1"]) {
      await expect(join(await clients.connect(accessToken), topic)).rejects.toThrow(
        `Unauthorized: You do not have permissions to read from this Channel topic: ${topic}`,
      );
    }
    await clients.close();
  });
});

interface Diff {
  joins: Record<string, { metas: { phx_ref: string }[] }>;
  leaves: Record<string, unknown>;
}
