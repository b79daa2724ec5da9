import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Clients, join, listen, until, VERSIONS } from "./support/client.ts";
import { member, send } from "./support/rooms.ts";
import { signer, startTarget, type Target, token } from "./support/target.ts";

let target: Target;
let clients: Clients;
beforeAll(async () => {
  target = await startTarget({ limits: { payloadBytes: 10_000 } });
});
afterAll(() => target?.stop());
beforeEach(() => {
  clients = new Clients(target, "2.0.0");
});
afterEach(() => clients.close());

const post = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(`${target.url}/api/broadcast${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", apikey: target.publishableKey, ...headers },
    body,
  });
const batch = (messages: unknown[], headers: Record<string, string> = {}) =>
  post("", JSON.stringify({ messages }), headers);
const bearer = (value: string) => ({ Authorization: `Bearer ${value}` });

describe("broadcasting over HTTP", () => {
  it.each(VERSIONS)("C16 a batch reaches its channels, of version %s too", async (version) => {
    const older = new Clients(target, version);
    const topic = randomUUID();
    const { broadcasts } = await join(await older.connect(), topic, {});
    const answer = await batch([
      { topic, event: "one", payload: { n: 1 } },
      { topic, event: "two", payload: { n: 2 }, id: "mine", private: false },
    ]);
    expect({ status: answer.status, body: await answer.text() }).toEqual({ status: 202, body: "" });
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    await until(() => broadcasts.length === 2);
    expect(broadcasts).toEqual([
      { type: "broadcast", event: "one", payload: { n: 1 } },
      { type: "broadcast", event: "two", payload: { n: 2 }, meta: { id: "mine" } },
    ]);
    await older.close();
  });

  it("C16 what the policies deny is skipped in a batch, and a 403 by itself", async () => {
    const { topic, accessToken } = await member(target, { maySend: true });
    const { broadcasts } = await join(await clients.connect(accessToken), topic);
    const stranger = bearer(await token(target));
    const own = bearer(await accessToken());
    const message = { topic, event: "denied", payload: {}, private: true };
    expect((await batch([message], stranger)).status).toBe(202);
    expect((await batch([message])).status).toBe(202);
    const single = `/${topic}/events`;
    const denied = await post(`${single}/denied?private=true`, "{}", stranger);
    expect({ status: denied.status, body: await denied.json() })
      .toEqual({ status: 403, body: { message: "Unauthorized" } });
    // The bearer wins over the key, and the public channel of that name is another.
    expect((await batch([{ ...message, private: false }], own)).status).toBe(202);
    expect((await post(`${single}/single?private=true`, '{"n":1}', own)).status).toBe(202);
    expect((await batch([{ ...message, event: "batch" }], own)).status).toBe(202);
    const service = bearer(await token(target, { role: "service_role" }));
    expect((await batch([{ ...message, event: "service" }], service)).status).toBe(202);
    await until(() => broadcasts.length === 3);
    expect(broadcasts.map(({ event }) => event)).toEqual(["single", "batch", "service"]);
    expect(broadcasts[0]).toEqual({ type: "broadcast", event: "single", payload: { n: 1 } });
  });

  it("C16 refuses who has no valid token", async () => {
    const { sign } = await signer();
    const answers = [
      await batch([], bearer(await token({ sign }))),
      await batch([], bearer(await token(target, { exp: 1 }))),
      await batch([], { apikey: "" }),
      await post("/x/events/y", "{}", bearer("nonsense")),
    ];
    for (const answer of answers) {
      expect({ status: answer.status, body: await answer.json() })
        .toEqual({ status: 401, body: { message: "Unauthorized" } });
    }
  });

  it("C16 names what is wrong with a batch, and sends none of it", async () => {
    const topic = randomUUID();
    const { broadcasts } = await join(await clients.connect(), topic, {});
    const answer = await batch([
      { topic, event: "fine", payload: {} },
      { topic: "", payload: 1 },
      { topic, event: "large", payload: { text: "x".repeat(10_000) } },
    ]);
    expect({ status: answer.status, body: await answer.json() }).toEqual({
      status: 422,
      body: {
        errors: {
          messages: [
            {},
            { topic: ["can't be blank"], event: ["can't be blank"], payload: ["is invalid"] },
            { payload: ["Payload size exceeds tenant limit"] },
          ],
        },
      },
    });
    expect((await post("", "no json")).status).toBe(422);
    expect((await post("/x/events/y", "no json")).status).toBe(422);
    expect((await post("/x/events/y", `"${"x".repeat(10_000)}"`)).status).toBe(422);
    expect((await post("/x/events/y", "text", { "Content-Type": "text/plain" })).status).toBe(415);
    await batch([{ topic, event: "last", payload: {} }]);
    await until(() => broadcasts.length > 0);
    expect(broadcasts.map(({ event }) => event)).toEqual(["last"]);
  });

  it("C19 carries bytes, over HTTP and over the socket", async () => {
    const topic = randomUUID();
    const sender = await join(await clients.connect(), topic, { broadcast: { ack: true } });
    const { broadcasts } = await join(await clients.connect(), topic, {});
    const bytes = Uint8Array.from([0, 255, 128, 10]);
    const octets = { "Content-Type": "application/octet-stream" };
    expect((await post(`/${topic}/events/http`, bytes, octets)).status).toBe(202);
    await until(() => broadcasts.length === 1);
    await sender.channel.send({ type: "broadcast", event: "socket", payload: bytes.buffer });
    await until(() => broadcasts.length === 2);
    expect(broadcasts.map(({ event }) => event)).toEqual(["http", "socket"]);
    for (const { payload } of broadcasts) {
      expect([...new Uint8Array(payload as ArrayBuffer)]).toEqual([...bytes]);
    }
  });

  it("is what supabase-js sends with before it has joined", async () => {
    const topic = randomUUID();
    const { broadcasts } = await join(await clients.connect(), topic, {});
    const client = clients.connectAtOnce();
    const channel = client.channel(topic);
    // It asks the address it was given, as through the gateway.
    const answer = await fetch(`${target.url}/api/broadcast/${topic}/events/early`, {
      method: "POST",
      headers: { apikey: target.publishableKey, "Content-Type": "application/json; charset=utf-8" },
      body: JSON.stringify({ by: channel.topic }),
    });
    expect(answer.status).toBe(202);
    await until(() => broadcasts.length > 0);
    expect(broadcasts[0]).toMatchObject({ event: "early", payload: { by: `realtime:${topic}` } });
  });
});

describe("C18 replay", () => {
  const replay = (since: number, limit?: number) => ({
    private: true,
    broadcast: { replay: { since, ...(limit ? { limit } : {}) } },
  });

  it("tells the newest messages since then again, oldest first, before what is new", async () => {
    const { topic, accessToken } = await member(target);
    // The service has to have been used, so that messages can be kept.
    await join(await clients.connect(), "open:first");
    const before = Date.now();
    await send(target, { n: -1 }, "too early", topic);
    await sleep(20);
    const since = Date.now();
    for (let n = 0; n < 30; n++) await send(target, { n }, "kept", topic);
    await target.sql`select realtime.send_binary('\\x01ff'::bytea, 'bytes', ${topic})`;
    await send(target, { n: 99 }, "public", topic, { isPrivate: false });

    const { broadcasts } = await join(await clients.connect(accessToken), topic, replay(since));
    await send(target, { n: 100 }, "live", topic);
    await until(() => broadcasts.at(-1)?.event === "live");
    const numbers = broadcasts.map(({ payload }) => (payload as { n?: number }).n);
    expect(numbers).toEqual([...Array.from({ length: 24 }, (_, i) => i + 6), undefined, 100]);
    expect(broadcasts[0]!.meta).toEqual({ id: expect.any(String), replayed: true });
    expect([...new Uint8Array(broadcasts[24]!.payload as ArrayBuffer)]).toEqual([1, 255]);
    expect(broadcasts.at(-1)!.meta).toEqual({ id: expect.any(String) });

    const few = await join(await clients.connect(accessToken), topic, replay(before, 2));
    await send(target, { n: 101 }, "live", topic);
    await until(() => few.broadcasts.length === 3);
    expect(few.broadcasts.map(({ event }) => event)).toEqual(["bytes", "live", "live"]);
    expect(few.broadcasts[1]!.meta).toMatchObject({ replayed: true });
  });

  it("loses and doubles nothing of what is sent while it joins", async () => {
    const { topic, accessToken } = await member(target);
    const since = Date.now() - 1000;
    let sent = 0;
    let sending = true;
    const sender = (async () => {
      while (sending) {
        await send(target, { n: sent++ }, "tick", topic);
        await sleep(2);
      }
    })();
    await sleep(30);
    const { broadcasts } = await join(await clients.connect(accessToken), topic, replay(since));
    await sleep(50);
    sending = false;
    await sender;
    const numbers = () => broadcasts.map(({ payload }) => (payload as { n: number }).n);
    await until(() => numbers().at(-1) === sent - 1);
    const first = numbers()[0]!;
    expect(numbers()).toEqual(Array.from({ length: sent - first }, (_, i) => first + i));
    expect(broadcasts.filter(({ meta }) => (meta as { replayed?: true }).replayed).length)
      .toBeGreaterThan(0);
  });

  it("is for private channels alone, and for what makes sense", async () => {
    const { topic, accessToken } = await member(target);
    const client = await clients.connect(accessToken);
    expect(() => client.channel(topic, { config: { broadcast: { replay: { since: 1 } } } }))
      .toThrow(/replay/i);
    const refused = listen(client, topic, {
      private: true,
      broadcast: { replay: { since: "yesterday" as unknown as number } },
    });
    await until(() => refused.errors.length > 0);
    expect(refused.errors[0]).toContain("UnableToReplayMessages: Replay params are not valid");
  });
});
