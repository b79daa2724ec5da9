// The feed without a gap: what a subscriber ends with, whatever happens to its connection.

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import WebSocket from "ws";
import { type Feed, type FeedEntry, followEntries } from "../../shared/feed/client.ts";
import { stack } from "../support/stack.ts";
import {
  type Device,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";

const DISCONNECTIONS = 20;
const DAY_MS = 24 * 3600 * 1000;

/** Sockets of this file's subscribers; its tests run one after the other. */
const sockets = new Set<WebSocket>();

/** A socket that the test can cut. */
class CutSocket extends WebSocket {
  constructor(...args: ConstructorParameters<typeof WebSocket>) {
    super(...args);
    sockets.add(this);
    this.on("close", () => sockets.delete(this));
  }
}

/** Its own connections: the transactions here stay open, and would keep others waiting. */
let sql: postgres.Sql;

beforeAll(() => {
  sql = postgres(stack().db_url, { max: 4, onnotice: () => {} });
});

afterAll(async () => await sql.end());

function subscriber(person: Person) {
  return createClient(stack().url, stack().publishable_key, {
    accessToken: () => Promise.resolve(person.token),
    realtime: {
      transport: CutSocket as unknown as typeof globalThis.WebSocket,
      reconnectAfterMs: () => 50,
    },
  });
}

/** Some of a minute ago, some of long ago: those land in the default partition. */
function timestamp(index: number): string {
  const age = index % 5 === 0 ? 90 * DAY_MS : index % 7 === 0 ? 3 * DAY_MS : 0;
  return new Date(Date.now() - age - index).toISOString();
}

async function writeByIngest(device: Device, batches: number): Promise<void> {
  for (let batch = 0; batch < batches; batch++) {
    const entries = Array.from(
      { length: 50 },
      (_, index) => exchangeOf({ ts: timestamp(index), source: "proxy" }),
    );
    expect(await ingest(device, entries)).toMatchObject({ accepted: 50, rejected: [] });
    await sleep(150 + Math.random() * 200);
  }
}

/** Transactions of four statements that stay open for up to two seconds and overlap each other. */
async function writeByTransactions(device: Device, transactions: number): Promise<void> {
  for (let one = 0; one < transactions; one++) {
    await sql.begin(async (transaction) => {
      for (let statement = 0; statement < 4; statement++) {
        const rows = Array.from({ length: 10 }, (_, index) => ({
          request_id: randomUUID(),
          device_uuid: device.uuid,
          ts: timestamp(index),
          source: "proxy",
          payload: sql.json({ method: "GET", url: "https://a.example/" }),
        }));
        await transaction`insert into public.entries ${transaction(rows)}`;
        await sleep(Math.random() * (one % 4 === 0 ? 500 : 50));
      }
    });
  }
}

it(
  "ends with exactly the database's entries after 20 disconnections during 5,000 inserts",
  async () => {
    const person = await newPerson();
    const devices = await Promise.all([newDevice(person), newDevice(person), newDevice(person)]);
    const delivered: FeedEntry[] = [];
    const counts = { subscribed: 0, disconnected: 0, errors: [] as unknown[] };
    let subscribed = () => {};
    const feed = followEntries({
      client: subscriber(person),
      workspaceId: person.workspaceId,
      cursor: null,
      catchUpEveryMs: 2_000,
      onEntries: (entries) => void delivered.push(...entries),
      onState: (state) => {
        if (state.kind === "subscribed") {
          counts.subscribed += 1;
          subscribed();
        } else if (state.kind === "disconnected") counts.disconnected += 1;
        else if (state.kind === "error") counts.errors.push(state.error);
      },
    });
    const nextSubscription = () => new Promise<void>((resolve) => subscribed = resolve);

    await nextSubscription();
    const started = Date.now();
    const writing = Promise.all([
      ...devices.map((device) => writeByIngest(device, 20)),
      ...devices.slice(0, 2).map((device) => writeByTransactions(device, 25)),
    ]);
    const cutting = async () => {
      for (let cut = 0; cut < DISCONNECTIONS; cut++) {
        const again = nextSubscription();
        for (const socket of sockets) socket.terminate();
        await again;
        await sleep(Math.random() * 400);
      }
      return Date.now() - started;
    };
    const [cutFor] = await Promise.all([cutting(), writing]);
    const wroteFor = Date.now() - started;

    const stored = await sql<{ id: string }[]>`
    select id from public.entries where workspace_id = ${person.workspaceId}`;
    const expected = stored.map(({ id }) => id).sort();
    expect(expected).toHaveLength(5_000);
    await expect.poll(() => new Set(delivered.map(({ id }) => id)).size, { timeout: 20_000 })
      .toBe(expected.length);
    await feed.stop();

    expect(delivered.map(({ id }) => id).sort()).toEqual(expected);
    expect(counts.errors).toEqual([]);
    expect(counts.disconnected).toBeGreaterThanOrEqual(DISCONNECTIONS);
    const live = delivered.filter(({ via }) => via === "live").length;
    process.stdout.write(
      `feed: ${expected.length} entries in ${wroteFor} ms, ${counts.disconnected} disconnections ` +
        `within ${cutFor} ms; ${live} came live, ${
          delivered.length - live
        } by catch-up, none twice\n`,
    );
  },
  120_000,
);

it("goes on from a cursor that another subscription left", async () => {
  const person = await newPerson();
  const device = await newDevice(person);
  const cursor = await new Promise<string>((resolve) => {
    const feed: Feed = followEntries({
      client: subscriber(person),
      workspaceId: person.workspaceId,
      onEntries: () => {},
      onState: (state) => {
        if (state.kind === "caught-up") void feed.stop().then(() => resolve(state.cursor));
      },
    });
  });
  const entries = Array.from({ length: 3 }, (_, index) => exchangeOf({ ts: timestamp(index) }));
  await ingest(device, entries);
  const delivered: FeedEntry[] = [];
  const feed = followEntries({
    client: subscriber(person),
    workspaceId: person.workspaceId,
    cursor,
    onEntries: (batch) => void delivered.push(...batch),
  });
  await expect.poll(() => delivered.length, { timeout: 10_000 }).toBe(3);
  await feed.stop();
  expect(delivered.map(({ request_id }) => request_id)).toEqual(entries.map((e) => e.request_id));
});
