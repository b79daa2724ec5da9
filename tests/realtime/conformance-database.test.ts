import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Clients, join, listen, until } from "./support/client.ts";
import { member, send } from "./support/rooms.ts";
import { startTarget, type Target } from "./support/target.ts";

let target: Target;
let clients: Clients;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => target?.stop());
beforeEach(() => {
  clients = new Clients(target, "2.0.0");
  target.warnings.length = 0;
});
afterEach(() => clients.close());

const partitions = async () =>
  (await target.sql`
    select relid::regclass::text as name from pg_partition_tree('realtime.messages') where isleaf`)
    .map(({ name }) => name as string).sort();

describe("C31 what realtime.send() cannot send is a warning, and the transaction commits", () => {
  // First in this file: no client has connected yet, so there is no partition.
  it("no partition for today", async () => {
    const { topic, accessToken } = await member(target);
    expect(await partitions()).toEqual([]);
    await target.sql`insert into notes values (1, ${topic}, 'lost')`;
    expect(target.warnings).toEqual([
      'WarnSendingBroadcastMessage: no partition of relation "messages" found for row',
    ]);
    expect(await target.sql`select body from notes where id = 1`).toEqual([{ body: "lost" }]);

    const { broadcasts } = await join(await clients.connect(accessToken), topic);
    const day = (offset: number) =>
      new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10).replaceAll("-", "_");
    expect(await partitions())
      .toEqual([-1, 0, 1, 2, 3].map((offset) => `realtime.messages_${day(offset)}`));
    await target.sql`insert into notes values (2, ${topic}, 'heard')`;
    await until(() => broadcasts.length > 0);
    expect(broadcasts).toMatchObject([{ payload: { record: { id: 2 } } }]);
  });

  it("a trigger function that is not security definer", async () => {
    const { topic, accessToken } = await member(target);
    const { broadcasts } = await join(await clients.connect(accessToken), topic);
    await target.sql.begin(async (sql) => {
      await sql`set local role authenticated`;
      await sql`insert into invoker_notes values (1, ${topic}, 'kept')`;
    });
    expect(target.warnings).toEqual([
      'WarnSendingBroadcastMessage: new row violates row-level security policy for table "messages"',
    ]);
    expect(await target.sql`select body from invoker_notes`).toEqual([{ body: "kept" }]);
    await send(target, {}, "last", topic);
    await until(() => broadcasts.length > 0);
    expect(broadcasts.map(({ event }) => event)).toEqual(["last"]);
  });

  it("an array, a scalar, no topic; and in silence no payload and no event", async () => {
    const { topic, accessToken } = await member(target);
    const { broadcasts } = await join(await clients.connect(accessToken), topic);
    await target.sql`select realtime.send('[1, 2]', 'array', ${topic})`;
    await target.sql`select realtime.send('1', 'scalar', ${topic})`;
    await target.sql`select realtime.send('{}', 'no topic', null)`;
    expect(target.warnings).toHaveLength(3);
    for (const warning of target.warnings) expect(warning).toMatch(/^WarnSendingBroadcastMessage/);
    await target.sql`select realtime.send(null, 'no payload', ${topic})`;
    await target.sql`select realtime.send('{}', null, ${topic})`;
    expect(target.warnings).toHaveLength(3);
    await send(target, {}, "last", topic);
    await until(() => broadcasts.length > 0);
    expect(broadcasts.map(({ event }) => event)).toEqual(["last"]);
  });
});

describe("messages from the database", () => {
  it("C19 carry bytes to version 2, and nothing to version 1", async () => {
    const { topic, accessToken } = await member(target);
    const two = await join(await clients.connect(accessToken), topic);
    const older = new Clients(target, "1.0.0");
    const one = await join(await older.connect(accessToken), topic);
    await target.sql`select realtime.send_binary('\\x00ff10'::bytea, 'bytes', ${topic})`;
    await send(target, {}, "last", topic);
    await until(() => [one, two].every(({ broadcasts }) => broadcasts.at(-1)?.event === "last"));
    expect(one.broadcasts).toHaveLength(1);
    expect(two.broadcasts[0]).toMatchObject({ event: "bytes", meta: { id: expect.any(String) } });
    expect([...new Uint8Array(two.broadcasts[0]!.payload as ArrayBuffer)]).toEqual([0, 255, 16]);
    await older.close();
  });

  it("keep an id that the payload brings, and numbers longer than a double", async () => {
    const { topic, accessToken } = await member(target);
    const older = new Clients(target, "1.0.0");
    const { broadcasts } = await join(await older.connect(accessToken), topic);
    await target.sql`
      select realtime.send('{"id": "mine", "n": 12345678901234567890}', 'numbers', ${topic})`;
    await until(() => broadcasts.length > 0);
    expect(broadcasts[0]).toMatchObject({
      payload: { id: "mine", n: 12345678901234567890 },
      meta: { id: expect.not.stringMatching("mine") },
    });
    await older.close();
  });

  it("C35 are lost while the log is not read, and arrive again afterwards", async () => {
    const { topic, accessToken } = await member(target);
    const { broadcasts } = await join(await clients.connect(accessToken), topic);
    // Long enough for a message to be committed on a busy machine.
    await target.server.pauseWal(1_500);
    await send(target, {}, "lost", topic);
    await sleep(1_500);
    await untilStreaming();
    await send(target, {}, "heard", topic);
    await until(() => broadcasts.length > 0);
    expect(broadcasts.map(({ event }) => event)).toEqual(["heard"]);
  });

  it("arrive again after Postgres was killed and came back, on channels joined before", async () => {
    const { topic, accessToken } = await member(target);
    const listener = await join(await clients.connect(accessToken), topic);
    await target.crash();
    await untilStreaming();
    await send(target, {}, "after the crash", topic);
    await until(() => listener.broadcasts.length > 0);
    expect(listener.statuses).toEqual(["SUBSCRIBED"]);
    await join(await clients.connect(accessToken), topic);
  });
});

/** Joins a channel that asks to be told when the log is being read, and waits for that. */
async function untilStreaming(): Promise<void> {
  const config = { broadcast: { replication_ready: true } as { ack?: boolean } };
  const { system } = listen(await clients.connect(), "open:ready", config);
  await until(() => system.some(({ message }) => message === "Replication connection established"));
}
