import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Clients, join, listen, until } from "./support/client.ts";
import { openRaw, refusal } from "./support/raw.ts";
import { inSeconds, signer, startTarget, type Target, token } from "./support/target.ts";
import { member, send } from "./support/rooms.ts";

/** 5 s hosted. */
const ERROR_DELAY_MS = 200;

let target: Target;
let clients: Clients;
beforeAll(async () => {
  target = await startTarget({ errorDelayMs: ERROR_DELAY_MS });
});
afterAll(() => target?.stop());
beforeEach(() => {
  clients = new Clients(target, "2.0.0");
});
afterEach(() => clients.close());

describe("connecting", () => {
  it("C20 refuses a key that is missing, malformed, expired, incomplete or forged", async () => {
    const { url } = target;
    const { sign: forge } = await signer();
    const shared = await new SignJWT({ role: "anon", exp: inSeconds(60) })
      .setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode("s".repeat(32)));
    const cases: [string, Record<string, string>][] = [
      ["API key is missing", {}],
      ["The token provided is not a valid JWT", { apikey: "sb_publishable_unknown" }],
      ["Token has expired", { apikey: await token(target, { exp: inSeconds(-1) }) }],
      ["Fields `role` and `exp` are required in JWT", {
        apikey: await target.sign({ exp: inSeconds(60) }),
      }],
      ["Failed to validate JWT signature", { apikey: await token({ sign: forge }) }],
      ["Failed to validate JWT signature", { apikey: shared }],
    ];
    for (const [error, query] of cases) {
      expect(await refusal(url, { vsn: "2.0.0", ...query }))
        .toEqual({ status: 401, body: JSON.stringify({ error }) });
    }
  });

  it("C20 the header x-api-key wins over the query", async () => {
    const { url, publishableKey } = target;
    const query = { vsn: "2.0.0", apikey: publishableKey };
    const { status } = await refusal(url, query, { headers: { "x-api-key": "nonsense" } });
    expect(status).toBe(401);
    const { ws } = await openRaw(url, { ...query, apikey: "nonsense" }, {
      headers: { "x-api-key": publishableKey },
    });
    ws.close();
  });

  it("refuses a protocol version it does not speak", async () => {
    const query = { vsn: "3.0.0", apikey: target.publishableKey };
    expect(await refusal(target.url, query)).toEqual({ status: 403, body: "" });
  });

  it("C21 the publishable key joins as anon", async () => {
    const client = await clients.connect();
    const { broadcasts } = await join(client, "open:door");
    const { topic } = await member(target);
    const refused = listen(client, topic, { private: true });
    await until(() => refused.statuses.length > 0);
    expect(refused.statuses).toEqual(["CHANNEL_ERROR"]);
    await send(target, {}, "knock", "open:door");
    await until(() => broadcasts.length > 0);
  });

  it("C25 a join before the token is known is refused as anon's, then made up for", async () => {
    const { topic, accessToken } = await member(target);
    const slow = async () => {
      await sleep(200);
      return await accessToken();
    };
    const { statuses } = listen(clients.connectAtOnce(slow), topic, { private: true });
    await until(() => statuses.length > 1);
    expect(statuses).toEqual(["CHANNEL_ERROR", "SUBSCRIBED"]);
  });
});

describe("a connection", () => {
  it("C15 survives a restart of the server: reconnects, rejoins, hears", async () => {
    const { topic, accessToken } = await member(target);
    const listener = await join(await clients.connect(accessToken), topic);
    target.server.drain();
    await until(() => listener.statuses.length > 1);
    await until(() => listener.statuses.at(-1) === "SUBSCRIBED");
    expect(listener.system).toMatchObject([{
      status: "ok",
      message: "Server requested disconnect",
    }]);
    await send(target, {}, "hello again", topic);
    await until(() => listener.broadcasts.length > 0);
  });

  it("C15 is closed with 1012 by a drain and with 1001 by a disconnect", async () => {
    for (const [code, close] of [[1012, "drain"], [1001, "disconnect"]] as const) {
      const { ws } = await openRaw(target.url, { apikey: target.publishableKey, vsn: "2.0.0" });
      target.server[close]();
      expect((await once(ws, "close"))[0]).toBe(code);
    }
  });

  it("C17 outlives malformed frames and says which topic it does not know", async () => {
    const socket = await openRaw(target.url, { apikey: target.publishableKey, vsn: "2.0.0" });
    const malformed = [
      "no json",
      "null",
      "{}",
      '["1","1","realtime:x","phx_join"]',
      "[1,2,3,4,5]",
      '["1","1","realtime:x",null,{}]',
    ];
    for (const frame of malformed) socket.send(frame);
    for (const bytes of [[], [3], [3, 1, 1, 255, 1, 0, 1, 65], [9, 9, 9, 9, 9, 9, 9, 9]]) {
      socket.ws.send(Uint8Array.from(bytes));
    }
    socket.send([null, "1", "realtime:unjoined", "broadcast", { event: "x", payload: {} }]);
    socket.send(["2", "2", "room:no-prefix", "phx_join", {}]);
    socket.send(["3", "3", "realtime:", "phx_join", {}]);
    socket.send([null, "4", "realtime:unjoined", "phx_leave", {}]);
    socket.send([null, "5", "phoenix", "heartbeat", {}]);
    const error = (reason: string) => ({ status: "error", response: { reason } });
    const ok = { status: "ok", response: {} };
    for (
      const reply of [
        [null, "1", "realtime:unjoined", "phx_reply", error("unmatched topic")],
        ["2", "2", "room:no-prefix", "phx_reply", error("unmatched topic")],
        [
          "3",
          "3",
          "realtime:",
          "phx_reply",
          error("TopicNameRequired: You must provide a topic name"),
        ],
        [null, "4", "realtime:unjoined", "phx_reply", ok],
        [null, "5", "phoenix", "phx_reply", ok],
      ]
    ) expect(await socket.next()).toEqual(reply);
    socket.ws.close();
  });

  it("C17 is closed with 1009 by a frame over 5,000,000 bytes", async () => {
    const { ws } = await openRaw(target.url, { apikey: target.publishableKey, vsn: "2.0.0" });
    ws.send("x".repeat(5_000_001));
    expect((await once(ws, "close"))[0]).toBe(1009);
  });

  it("C24 a second join of a topic closes the first, and its messages no longer count", async () => {
    const socket = await openRaw(target.url, { apikey: target.publishableKey, vsn: "2.0.0" });
    const topic = "realtime:twice:over";
    const config = { broadcast: { ack: true } };
    const joined = { status: "ok", response: { postgres_changes: [] } };
    socket.send(["1", "1", topic, "phx_join", { config }]);
    socket.send(["2", "2", topic, "phx_join", { config }]);
    socket.send(["1", "3", topic, "broadcast", { type: "broadcast", event: "x", payload: {} }]);
    socket.send(["2", "4", topic, "phx_leave", {}]);
    for (
      const frame of [
        ["1", "1", topic, "phx_reply", joined],
        ["1", "1", topic, "phx_close", {}],
        ["2", "2", topic, "phx_reply", joined],
        ["2", "4", topic, "phx_reply", { status: "ok", response: {} }],
        ["2", "2", topic, "phx_close", {}],
      ]
    ) expect(await socket.next()).toEqual(frame);
    socket.ws.close();
  });

  it("C26 waits while a refused join is answered late, with all its channels", async () => {
    const socket = await openRaw(target.url, { apikey: target.publishableKey, vsn: "2.0.0" });
    const { topic } = await member(target);
    const since = performance.now();
    socket.send(["1", "1", `realtime:${topic}`, "phx_join", { config: { private: true } }]);
    socket.send([null, "2", "phoenix", "heartbeat", {}]);
    const [, ref, , , reply] = await socket.next() as unknown[];
    expect({ ref, reply }).toMatchObject({ ref: "1", reply: { status: "error" } });
    expect(performance.now() - since).toBeGreaterThanOrEqual(ERROR_DELAY_MS);
    expect((await socket.next() as unknown[])[1]).toBe("2");
    socket.ws.close();
  });

  it("C28 answers heartbeats", async () => {
    const client = clients.connectAtOnce(undefined, { heartbeatIntervalMs: 50 });
    const beats: string[] = [];
    client.realtime.onHeartbeat((status) => beats.push(status));
    await join(client, "open:heart");
    await until(() => beats.filter((status) => status === "ok").length > 2);
    expect(beats.filter((status) => status !== "sent" && status !== "ok")).toEqual([]);
  });
});

describe("a channel that the server closed", () => {
  it("C34 was shown a forged or foreign token, and says what is wrong with it", async () => {
    const { topic, accessToken } = await member(target);
    const { sign: forge } = await signer();
    const cases: [string, string][] = [
      [await token({ sign: forge }), ":signature_error"],
      ["nonsense", "The token provided is not a valid JWT"],
      [await target.sign({ exp: inSeconds(60) }), "Fields `role` and `exp` are required in JWT"],
      [
        await token(target),
        `You do not have permissions to read from this Channel topic: ${topic}`,
      ],
    ];
    for (const [shown, message] of cases) {
      let current = await accessToken();
      const client = await clients.connect(() => Promise.resolve(current));
      const listener = await join(client, topic);
      current = shown;
      await client.realtime.setAuth();
      await until(() => listener.statuses.at(-1) === "CLOSED");
      expect(listener.system).toMatchObject([{ extension: "system", status: "error", message }]);
    }
  });

  it("C29 is over for its object; a new one on the topic works", async () => {
    const { topic, accessToken } = await member(target);
    const { sign: forge } = await signer();
    let sign = accessToken;
    const client = await clients.connect(() => sign());
    const listener = await join(client, topic);
    sign = () => token({ sign: forge });
    await client.realtime.setAuth();
    await until(() => listener.statuses.at(-1) === "CLOSED");
    expect(listener.system).toMatchObject([{ status: "error", message: ":signature_error" }]);
    expect(() => listener.channel.subscribe()).toThrow(/multiple times/);

    sign = accessToken;
    await client.realtime.setAuth();
    const { broadcasts } = await join(client, topic);
    await send(target, {}, "hello", topic);
    await until(() => broadcasts.length > 0);
    expect(listener.broadcasts).toEqual([]);
  });
});
