import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { Limits } from "../../local/realtime/limits.ts";
import { Clients, join, listen, until, VERSIONS } from "./support/client.ts";
import { openRaw, refusal } from "./support/raw.ts";
import { member, send } from "./support/rooms.ts";
import { startTarget, type Target } from "./support/target.ts";

/** 5 s hosted. */
const TICK_MS = 200;
/** Long enough for forty joins before the first look. */
const JOINS_TICK_MS = 3000;

let target: Target;
let clients: Clients;
async function begin(
  limits: Partial<Limits> = {},
  times: { rateTickMs?: number; sweepMs?: number } = {},
): Promise<void> {
  target = await startTarget({ limits, rateTickMs: TICK_MS, ...times });
  clients = new Clients(target, "2.0.0");
}
afterEach(async () => {
  await clients.close();
  await target.stop();
});

describe("the size of messages", () => {
  it("C14 3.1 MB is an error, 2.9 MB is fine, and a frame of 5.2 MB ends the socket", async () => {
    await begin();
    for (const version of VERSIONS) {
      const both = new Clients(target, version);
      const topic = randomUUID();
      const receiver = await join(await both.connect(), topic, {});
      const sender = await join(await both.connect(), topic, { broadcast: { ack: true } });
      const say = (bytes: number) =>
        sender.channel.send({
          type: "broadcast",
          event: "large",
          payload: { x: "x".repeat(bytes) },
        });
      expect(await say(3_100_000)).toBe("error");
      expect(await say(2_900_000)).toBe("ok");
      await until(() => receiver.broadcasts.length === 1);
      expect(sender.statuses).toEqual(["SUBSCRIBED"]);
      await both.close();
    }
    const { ws } = await openRaw(target.url, { apikey: target.publishableKey, vsn: "2.0.0" });
    ws.send("x".repeat(5_200_000));
    expect((await once(ws, "close"))[0]).toBe(1009);
  });

  it("C14 what the database sends and is too large is dropped, and nothing else is", async () => {
    await begin({ payloadBytes: 1000 });
    const { topic, accessToken } = await member(target);
    const { broadcasts } = await join(await clients.connect(accessToken), topic);
    await send(target, { x: "x".repeat(1000) }, "large", topic);
    await send(target, {}, "small", topic);
    await until(() => broadcasts.length > 0);
    expect(broadcasts.map(({ event }) => event)).toEqual(["small"]);
  });
});

describe("how many", () => {
  it("C23 channels a socket may have", async () => {
    await begin({ joinsPerSecond: Infinity });
    const client = await clients.connect();
    for (let n = 0; n < 100; n++) await join(client, `${n}`, {});
    await expect(join(client, "one more", {}))
      .rejects.toThrow("ChannelRateLimitReached: Too many channels");
    // Another socket has its own.
    await join(await clients.connect(), "one more", {});
  });

  it("sockets a project may have, and of those empty ones are swept", async () => {
    await begin({ clients: 2 }, { sweepMs: 1500 });
    const query = { apikey: target.publishableKey, vsn: "2.0.0" };
    const { statuses } = await join(await clients.connect(), "stays", {});
    const empty = await openRaw(target.url, query);
    expect(await refusal(target.url, query)).toEqual({
      status: 429,
      body: JSON.stringify({ error: "Too many connected users" }),
    });
    await once(empty.ws, "close");
    const again = await openRaw(target.url, query);
    again.ws.close();
    expect(statuses).toEqual(["SUBSCRIBED"]);
  });

  it("joins a second, on the average: refused, and the socket is put off", async () => {
    await begin({ joinsPerSecond: 5 }, { rateTickMs: JOINS_TICK_MS });
    const socket = await openRaw(target.url, { apikey: target.publishableKey, vsn: "2.0.0" });
    const joinOf = (ref: string) =>
      socket.send([ref, ref, `realtime:${ref}`, "phx_join", { config: {} }]);
    // A burst is let through until the rates are looked at.
    for (let n = 0; n < 40; n++) {
      joinOf(`${n}`);
      expect(await socket.next()).toMatchObject([`${n}`, `${n}`, `realtime:${n}`, "phx_reply", {
        status: "ok",
      }]);
    }
    await sleep(JOINS_TICK_MS);
    joinOf("late");
    expect(await socket.next()).toMatchObject(["late", "late", "realtime:late", "phx_reply", {
      status: "error",
      response: { reason: "ClientJoinRateLimitReached: Too many joins per second" },
    }]);
    expect((await once(socket.ws, "close"))[0]).toBe(1001);
    expect(await refusal(target.url, { apikey: target.publishableKey, vsn: "2.0.0" })).toEqual({
      status: 429,
      body: JSON.stringify({ error: "Too many joins per second" }),
    });
  });
});

describe("events a second", () => {
  it("C27 over the average channels that hear a message end, until it has come down", async () => {
    await begin({ eventsPerSecond: 50 });
    const { topic, accessToken } = await member(target);
    const told = await join(await clients.connect(accessToken), topic);
    const receiver = await join(await clients.connect(), "loud", {});
    const idle = await join(await clients.connect(), "idle", {});
    const { channel } = await join(await clients.connect(), "loud", {});
    const say = (event: string) => channel.send({ type: "broadcast", event, payload: {} });
    for (let n = 0; n < 100; n++) await say("burst");
    await sleep(2 * TICK_MS);
    await send(target, {}, "dropped", topic);
    await say("late");
    await until(() => receiver.statuses.at(-1) === "CLOSED");
    expect(receiver.system).toMatchObject([
      { status: "error", message: "Too many messages per second" },
    ]);
    expect(new Set(receiver.broadcasts.map(({ event }) => event))).toEqual(new Set(["burst"]));
    expect(idle.statuses).toEqual(["SUBSCRIBED"]);
    const api = () =>
      fetch(`${target.url}/api/broadcast`, {
        method: "POST",
        headers: { apikey: target.publishableKey, "Content-Type": "application/json" },
        body: JSON.stringify({ messages: [{ topic: "idle", event: "x", payload: {} }] }),
      });
    const refused = await api();
    expect({ status: refused.status, body: await refused.json() })
      .toEqual({ status: 429, body: { message: "Too many requests" } });

    // Twelve looks later the burst is forgotten; what is refused is not counted.
    await expect.poll(async () => (await api()).status, { interval: TICK_MS }).toBe(202);
    await send(target, {}, "heard", topic);
    await until(() => told.broadcasts.length > 0);
    expect(told.broadcasts.map(({ event }) => event)).toEqual(["heard"]);
    expect(told.statuses).toEqual(["SUBSCRIBED"]);
  });

  it("C27 presence has a limit of its own", async () => {
    await begin({ presencePerSecond: 10, presenceCalls: 1000 });
    const listener = listen(await clients.connect(), "crowd", {});
    await until(() => listener.statuses.length > 0);
    const nagging = setInterval(() => void listener.channel.track({}), 10);
    await until(() => listener.statuses.at(-1) === "CLOSED");
    clearInterval(nagging);
    expect(listener.system).toMatchObject([
      { status: "error", message: "Too many presence messages per second" },
    ]);
  });
});
