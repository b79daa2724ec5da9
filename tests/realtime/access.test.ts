import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SupabaseClient } from "@supabase/supabase-js";
import { rest } from "../support/rest.ts";
import { stack } from "../support/stack.ts";
import {
  database,
  type Device,
  enrol,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";
import { Clients, join, listen, type Listener, until } from "./support/client.ts";

// Ann and Ben share nothing. Vera only looks, in Ann's workspace. Root is an admin.
let ann: Person, ben: Person, vera: Person, root: Person;
let annsDevice: Device, bensDevice: Device;
/** Ben's, with Ann's user id for its uuid. */
let impostor: Device;
let sockets: Clients;

const ACTORS = [
  "ann",
  "ben",
  "vera",
  "root",
  "device",
  "impostor",
  "session",
  "anonymous",
] as const;
type Actor = (typeof ACTORS)[number];
let tokens: Record<Exclude<Actor, "anonymous">, string>;

beforeAll(async () => {
  [ann, ben, vera, root] = await Promise.all(
    [newPerson(), newPerson(), newPerson("viewer"), newPerson("admin")],
  ) as [Person, Person, Person, Person];
  await enrol(ann.workspaceId, vera);
  [annsDevice, bensDevice, impostor] = await Promise.all([
    newDevice(ann),
    newDevice(ben),
    newDevice(ben, { uuid: ann.id }),
  ]) as [Device, Device, Device];
  const { url, publishable_key: publishableKey } = stack();
  sockets = new Clients(
    { url, publishableKey } as ConstructorParameters<typeof Clients>[0],
    "2.0.0",
  );
  tokens = {
    ann: ann.token,
    ben: ben.token,
    vera: vera.token,
    root: root.token,
    device: annsDevice.token,
    impostor: impostor.token,
    session: ann.sessionToken,
  };
});
afterAll(() => sockets.close());

/** A new connection of somebody's. */
function connect(actor: Actor): Promise<SupabaseClient> {
  return sockets.connect(actor === "anonymous" ? undefined : () => Promise.resolve(tokens[actor]));
}

/** Which of the actors may join a channel. */
async function joiners(channel: string): Promise<Actor[]> {
  const joined = await Promise.all(ACTORS.map(async (actor) => {
    const client = await connect(actor);
    const listener = listen(client, channel, { private: true });
    await until(() => listener.statuses.length > 0, 15_000);
    await client.realtime.disconnect();
    return listener.statuses[0] === "SUBSCRIBED" ? actor : undefined;
  }));
  return joined.filter((actor) => actor !== undefined);
}

describe("a channel is joined by", () => {
  const channels: [string, () => string, Actor[]][] = [
    ["a workspace's people", () => `ws:${ann.workspaceId}`, ["ann", "vera", "root"]],
    ["another workspace's people", () => `ws:${ben.workspaceId}`, ["ben", "root"]],
    ["the device and who may edit it", () => `device:${annsDevice.uuid}`, [
      "ann",
      "root",
      "device",
    ]],
    // Ann's user id names Ben's device here, and no more than that.
    ["a device named like a person", () => `device:${ann.id}`, ["ben", "root", "impostor"]],
    ["that person", () => `user:${ann.id}`, ["ann"]],
    ["holders of global:view", () => "devices:all", ["root"]],
    ["holders of global:view", () => "device_status:all", ["root"]],
    ["holders of users:view", () => "profiles:all", ["root"]],
    [
      "all who see settings, and devices",
      () => "settings:all",
      ["ann", "ben", "vera", "root", "device", "impostor"],
    ],
    [
      "everyone signed in, and devices",
      () => "ios:build",
      ["ann", "ben", "vera", "root", "device", "impostor"],
    ],
    ["proxies alone", () => "proxy-control", []],
    ["nobody, as it is none of ours", () => "anything", []],
    ["nobody, as there is no such workspace", () => `ws:${crypto.randomUUID()}`, []],
    ["nobody, as ids are written in one way", () => `ws:${ann.workspaceId.toUpperCase()}`, []],
    ["nobody, as it is not an id", () => "ws:' or true --", []],
  ];

  it.each(channels)("%s", async (_, channel, actors) => {
    expect(await joiners(channel())).toEqual(actors);
  });

  it("a proxy that writes for several devices, where proxies are told", async () => {
    const proxy = await newDevice(ann);
    await database()`
      update public.device_jwts set device_uuids = array[${proxy.uuid}, ${annsDevice.uuid}]::uuid[]
      where device_uuid = ${proxy.uuid}`;
    const client = await sockets.connect(() => Promise.resolve(proxy.token));
    for (const channel of ["proxy-control", `device:${proxy.uuid}`, `device:${annsDevice.uuid}`]) {
      expect((await join(client, channel)).statuses).toEqual(["SUBSCRIBED"]);
    }
  });
});

describe("what is captured", () => {
  const entriesOf = (listener: Listener) =>
    listener.broadcasts.flatMap(({ payload }) =>
      (payload as { entries: Record<string, unknown>[] }).entries
    );

  it("reaches its workspace and nobody else", async () => {
    const channel = `ws:${ann.workspaceId}`;
    const theirs = await join(await connect("ben"), `ws:${ben.workspaceId}`);
    const listeners = await Promise.all(
      (["ann", "vera", "root"] as const).map(async (actor) => join(await connect(actor), channel)),
    );
    // The same name without authorisation is another channel.
    const open = await join(await connect("anonymous"), channel, { private: false });
    const entry = exchangeOf();
    await ingest(annsDevice, [entry]);
    await until(() => listeners.every((listener) => entriesOf(listener).length === 1));
    for (const listener of listeners) {
      expect(listener.broadcasts[0]!.event).toBe("entries");
      expect(Object.keys(entriesOf(listener)[0]!).sort()).toEqual([
        "device_uuid",
        "duration_ms",
        "host",
        "id",
        "method",
        "path",
        "request_id",
        "request_size",
        "response_size",
        "source",
        "status",
        "ts",
      ]);
      expect(entriesOf(listener)[0]).toMatchObject({
        request_id: entry.request_id,
        host: "api.example.com",
        path: "/things",
      });
    }
    // Ben's own arrives, so that the silence before it means something.
    const own = exchangeOf();
    await ingest(bensDevice, [own]);
    await until(() => entriesOf(theirs).length > 0);
    expect(entriesOf(theirs).map((row) => row["request_id"])).toEqual([own.request_id]);
    expect(open.broadcasts).toEqual([]);
  });

  it("comes in messages of at most 100 rows and 200 kB, each row once", async () => {
    const listener = await join(await connect("ann"), `ws:${ann.workspaceId}`);
    const long = "é".repeat(1_500);
    const batch = Array.from(
      { length: 250 },
      () =>
        exchangeOf({ request_id: `${crypto.randomUUID()}${"ü".repeat(160)}` }, {
          url: `https://${"h".repeat(300)}.example/${long}?${long}`,
          method: "M".repeat(70),
        }),
    );
    await ingest(annsDevice, batch);
    await until(() => entriesOf(listener).length >= 250);
    const sizes = listener.broadcasts.map(({ payload }) => ({
      rows: (payload as { entries: unknown[] }).entries.length,
      bytes: Buffer.byteLength(JSON.stringify(payload)),
    }));
    expect(sizes.map(({ rows }) => rows)).toEqual([100, 100, 50]);
    expect(Math.max(...sizes.map(({ bytes }) => bytes))).toBeLessThan(200_000);
    expect(new Set(entriesOf(listener).map((row) => row["request_id"])))
      .toEqual(new Set(batch.map(({ request_id }) => request_id)));
  });

  it("comes in smaller messages where JSON escapes make its texts long", async () => {
    const listener = await join(await connect("ann"), `ws:${ann.workspaceId}`);
    const odd = "\u0001".repeat(300);
    const batch = Array.from(
      { length: 150 },
      (_, i) =>
        exchangeOf({ request_id: `${i}${odd}`.slice(0, 200) }, {
          url: `https://x.example/${odd}`,
          host: odd,
          method: odd,
        }),
    );
    await ingest(annsDevice, batch);
    await until(() => entriesOf(listener).length >= 150);
    for (const { payload } of listener.broadcasts) {
      expect(Buffer.byteLength(JSON.stringify(payload))).toBeLessThan(200_000);
    }
    // In the order of the batch, none twice.
    expect(entriesOf(listener).map((row) => row["request_id"]))
      .toEqual(batch.map(({ request_id }) => request_id));
  });

  it("is not announced again by a retry", async () => {
    const listener = await join(await connect("ann"), `ws:${ann.workspaceId}`);
    const [entry, last] = [exchangeOf(), exchangeOf()];
    await ingest(annsDevice, [entry]);
    await ingest(annsDevice, [entry, entry]);
    await rest(annsDevice.token, "POST", "entries", entry, {
      Prefer: "resolution=ignore-duplicates,return=minimal",
    });
    await ingest(annsDevice, [last]);
    await until(() => entriesOf(listener).some((row) => row["request_id"] === last.request_id));
    expect(entriesOf(listener).map((row) => row["request_id"]))
      .toEqual([entry.request_id, last.request_id]);
  });
});

describe("nobody broadcasts", () => {
  it("into a channel they may join, over the socket or over HTTP", async () => {
    const channel = `ws:${ann.workspaceId}`;
    const listener = await join(await connect("vera"), channel);
    const forged = { entries: [{ id: "forged" }] };
    for (const actor of ["ann", "root"] as const) {
      const sender = await join(await connect(actor), channel);
      await sender.channel.send({ type: "broadcast", event: "entries", payload: forged });
    }
    const pretender = await join(await connect("anonymous"), channel, { private: false });
    await pretender.channel.send({ type: "broadcast", event: "entries", payload: forged });
    for (const token of [ann.token, root.token, annsDevice.token]) {
      const answer = await fetch(`${stack().url}/realtime/v1/api/broadcast`, {
        method: "POST",
        headers: {
          apikey: stack().publishable_key,
          Authorization: `Bearer ${token}`,
          "Content-Type": "application/json",
        },
        body: JSON.stringify({
          messages: [{ topic: channel, event: "entries", payload: forged, private: true }],
        }),
      });
      await answer.body?.cancel();
    }
    const entry = exchangeOf();
    await ingest(annsDevice, [entry]);
    await until(() => listener.broadcasts.length > 0);
    expect(JSON.stringify(listener.broadcasts)).not.toContain("forged");
  });

  it("by way of the database's own functions", async () => {
    for (const token of [ann.token, root.token, annsDevice.token]) {
      const answer = await rest(token, "POST", "rpc/send", {
        payload: {},
        event: "entries",
        topic: `ws:${ann.workspaceId}`,
        private: true,
      }, { "Content-Profile": "realtime" });
      expect(answer.status).toBe(406);
    }
  });
});
