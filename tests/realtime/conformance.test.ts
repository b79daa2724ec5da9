import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Clients, join, listen, type Listener, until, VERSIONS } from "./support/client.ts";
import { member, send } from "./support/rooms.ts";
import { startTarget, type Target, token } from "./support/target.ts";

let target: Target;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => target?.stop());

const events = ({ broadcasts }: Listener) => broadcasts.map(({ event }) => event).sort();

describe.each(VERSIONS)("protocol version %s", (version) => {
  let clients: Clients;
  beforeEach(() => {
    clients = new Clients(target, version);
  });
  afterEach(() => clients.close());

  it("C01 a broadcast reaches the others, whole, and not its sender", async () => {
    const topic = randomUUID();
    const [a, b] = await Promise.all([clients.connect(), clients.connect()]);
    const sender = await join(a, topic, {});
    const receiver = await join(b, topic, {});
    const payload = {
      text: "Grüße 👋 \u0000 \ud83d\ude00",
      list: [1, 2.5, null],
      nested: { a: true },
    };
    await sender.channel.send({ type: "broadcast", event: "greeting", payload });
    await until(() => receiver.broadcasts.length > 0);
    expect(receiver.broadcasts).toEqual([{ type: "broadcast", event: "greeting", payload }]);
    // The answer comes the same way, so a copy for the sender would have been here before it.
    await receiver.channel.send({ type: "broadcast", event: "answer", payload: {} });
    await until(() => sender.broadcasts.length > 0);
    expect(sender.broadcasts.map(({ event }) => event)).toEqual(["answer"]);
  });

  it("C02 with self and ack the sender gets its own copy and an ok", async () => {
    const client = await clients.connect();
    const { channel, broadcasts } = await join(client, randomUUID(), {
      broadcast: { self: true, ack: true },
    });
    const sent = await channel.send({ type: "broadcast", event: "note", payload: { n: 1 } });
    expect(sent).toBe("ok");
    await until(() => broadcasts.length > 0);
    expect(broadcasts).toEqual([{ type: "broadcast", event: "note", payload: { n: 1 } }]);
  });

  it("C03 a public and a private channel of one name are two", async () => {
    const { topic, accessToken } = await member(target, { maySend: true });
    const [a, b, c] = await Promise.all([
      clients.connect(accessToken),
      clients.connect(accessToken),
      clients.connect(),
    ]);
    const sender = await join(a, topic);
    const inside = await join(b, topic);
    const outside = await join(c, topic, {});
    await sender.channel.send({ type: "broadcast", event: "private", payload: {} });
    await send(target, {}, "private from the database", topic);
    await outside.channel.send({ type: "broadcast", event: "public", payload: {} });
    await send(target, {}, "public from the database", topic, { isPrivate: false });
    await until(() => inside.broadcasts.length > 1 && outside.broadcasts.length > 0);
    // One more each way, behind anything that might have crossed.
    await send(target, {}, "last", topic);
    await send(target, {}, "last", topic, { isPrivate: false });
    await until(() => [inside, outside].every((l) => events(l).includes("last")));
    // Clients and the database are two sources: only each of them keeps its order.
    expect(events(inside)).toEqual(["last", "private", "private from the database"]);
    expect(events(outside)).toEqual(["last", "public from the database"]);
  });

  it("C04 a private channel lets in whom its policies let read, and nobody else", async () => {
    const { topic, accessToken } = await member(target);
    await join(await clients.connect(accessToken), topic);
    for (const accessTokenOf of [() => token(target), undefined]) {
      const refused = listen(await clients.connect(accessTokenOf), topic, { private: true });
      await until(() => refused.statuses.length > 0);
      expect(refused.statuses).toEqual(["CHANNEL_ERROR"]);
      expect(refused.errors[0]).toContain(
        `Unauthorized: You do not have permissions to read from this Channel topic: ${topic}`,
      );
    }
  });

  it("C04 a policy that raises refuses", async () => {
    const { topic, accessToken } = await member(target, { topic: `raise:${randomUUID()}` });
    const refused = listen(await clients.connect(accessToken), topic, { private: true });
    await until(() => refused.statuses.length > 0);
    expect(refused.errors[0]).toContain("Unauthorized: You do not have permissions to read");
  });

  it("C04 a token may name a database role of the product's own", async () => {
    const sub = randomUUID();
    const device = () => token(target, { role: "device", sub });
    const listener = await join(await clients.connect(device), `device:${sub}`);
    await send(target, { name: "resend" }, "command", `device:${sub}`);
    await until(() => listener.broadcasts.length > 0);
    const other = listen(await clients.connect(device), `device:${randomUUID()}`, {
      private: true,
    });
    await until(() => other.statuses.length > 0);
    expect(other.statuses).toEqual(["CHANNEL_ERROR"]);
  });

  it("C05 who may only read hears, and what they send is dropped in silence", async () => {
    const reader = await member(target);
    const writer = await member(target, { topic: reader.topic, maySend: true });
    const quiet = listen(await clients.connect(reader.accessToken), reader.topic, {
      private: true,
      broadcast: { ack: true },
    });
    await until(() => quiet.statuses.length > 0);
    const loud = await join(await clients.connect(writer.accessToken), writer.topic);
    const dropped = quiet.channel.send(
      { type: "broadcast", event: "unheard", payload: {} },
      { timeout: 300 },
    );
    await expect(dropped).resolves.toBe("timed out");
    await loud.channel.send({ type: "broadcast", event: "heard", payload: {} });
    await until(() => quiet.broadcasts.length > 0);
    expect(quiet.broadcasts.map(({ event }) => event)).toEqual(["heard"]);
    expect(loud.broadcasts).toEqual([]);
  });

  it("C06 broadcast_changes tells of inserts, updates and deletes", async () => {
    const { topic, accessToken } = await member(target);
    const { broadcasts } = await join(await clients.connect(accessToken), topic);
    const id = Math.floor(Math.random() * 2 ** 31);
    const { sql } = target;
    await sql`insert into notes values (${id}, ${topic}, 'first')`;
    await sql`update notes set body = 'second' where id = ${id}`;
    await sql`delete from notes where id = ${id}`;
    await until(() => broadcasts.length === 3);
    const [first, second] = ["first", "second"].map((body) => ({ id, topic, body }));
    const table = { table: "notes", schema: "public" };
    expect(broadcasts.map(({ event, payload }) => ({ event, payload }))).toEqual([
      { operation: "INSERT", record: first, old_record: null },
      { operation: "UPDATE", record: second, old_record: first },
      { operation: "DELETE", record: null, old_record: second },
    ].map((change) => ({
      event: change.operation,
      payload: { ...change, ...table, id: expect.any(String) },
    })));
    for (const { payload, meta } of broadcasts) {
      expect(meta).toEqual({ id: (payload as { id: string }).id });
    }
  });

  it("C07 send() to a public channel reaches that one alone", async () => {
    const { topic, accessToken } = await member(target);
    const inside = await join(await clients.connect(accessToken), topic);
    const outside = await join(await clients.connect(), topic, {});
    await send(target, { n: 1 }, "public", topic, { isPrivate: false });
    await send(target, { n: 2 }, "private", topic);
    await until(() => inside.broadcasts.length > 0 && outside.broadcasts.length > 0);
    expect(outside.broadcasts.map(({ event }) => event)).toEqual(["public"]);
    expect(inside.broadcasts.map(({ event }) => event)).toEqual(["private"]);
    expect(outside.broadcasts[0]!.payload).toMatchObject({ n: 1, id: expect.any(String) });
  });

  it("C08 what is rolled back is never heard, and a transaction keeps its order", async () => {
    const { topic, accessToken } = await member(target);
    const { broadcasts } = await join(await clients.connect(accessToken), topic);
    const undone = target.sql.begin(async (sql) => {
      await sql`select realtime.send('{"n": -1}', 'undone', ${topic})`;
      throw new Error("undone");
    });
    await expect(undone).rejects.toThrow("undone");
    await target.sql`
      select realtime.send(jsonb_build_object('n', n), 'numbered', ${topic})
      from generate_series(1, 200) as n order by n`;
    await until(() => broadcasts.length >= 200);
    expect(broadcasts.map(({ payload }) => (payload as { n: number }).n))
      .toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  });

  it("C12 a channel outlives its first token by renewal, and ends with its last one", async () => {
    const { topic, id } = await member(target);
    const second = () => Math.ceil(Date.now() / 1000);
    let exp = second() + 2;
    const accessToken = () => token(target, { sub: id, exp });
    const client = await clients.connect(accessToken);
    const listener = await join(client, topic);
    const firstExp = exp;
    exp += 2;
    await client.realtime.setAuth();
    await sleep(firstExp * 1000 - Date.now() + 100);
    await send(target, {}, "after the first", topic);
    await until(() => listener.broadcasts.length > 0);
    await until(() => listener.statuses.at(-1) === "CLOSED");
    const late = Date.now() - exp * 1000;
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(1500);
    expect(listener.system).toMatchObject([{
      extension: "system",
      status: "error",
      message: expect.stringMatching(/^Token has expired \d+ seconds ago$/),
      channel: topic,
    }]);
    // supabase-js would try again after a second if this were an error to it.
    await sleep(1300);
    await send(target, {}, "after the end", topic);
    expect(listener.statuses).toEqual(["SUBSCRIBED", "CLOSED"]);
    expect(listener.broadcasts.map(({ event }) => event)).toEqual(["after the first"]);
  });

  it("C13 a member who is removed hears on until the next token, and no longer", async () => {
    const { topic, id, accessToken } = await member(target);
    let current = accessToken;
    const client = await clients.connect(() => current());
    const listener = await join(client, topic);
    await target.sql`delete from memberships where user_id = ${id}`;
    await send(target, {}, "still heard", topic);
    await until(() => listener.broadcasts.length > 0);
    current = () => token(target, { sub: id });
    await client.realtime.setAuth();
    await until(() => listener.statuses.at(-1) === "CLOSED");
    expect(listener.system).toMatchObject([{
      status: "error",
      message: `You do not have permissions to read from this Channel topic: ${topic}`,
    }]);
    await send(target, {}, "unheard", topic);
    expect(listener.broadcasts.map(({ event }) => event)).toEqual(["still heard"]);
    const again = listen(client, topic, { private: true });
    await until(() => again.statuses.length > 0);
    expect(again.statuses).toEqual(["CHANNEL_ERROR"]);
  });
});
