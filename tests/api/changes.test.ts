import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { type Answer, rpc } from "../support/rest.ts";
import { sessionOf } from "../support/sessions.ts";
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

interface Page {
  rows: { id: string; request_id: string }[];
  cursor: string;
  more: boolean;
}

let ann: Person;
let device: Device;

beforeEach(async () => {
  ann = await newPerson();
  device = await newDevice(ann);
});

function ask(args: Record<string, unknown>, person = ann): Promise<Answer<Page>> {
  return rpc<Page>(person.token, "entries_changes", { workspace_id: ann.workspaceId, ...args });
}

/** Reads on from a cursor until there is no more. */
async function readOn(after: string | null, pageSize = 500, person = ann) {
  const found: string[] = [];
  for (;;) {
    const { status, body } = await ask({ after, page_size: pageSize }, person);
    expect(status).toBe(200);
    found.push(...body.rows.map(({ request_id }) => request_id));
    after = body.cursor;
    if (!body.more) return { found, cursor: after };
  }
}

const batchOf = (size: number, overrides: Record<string, unknown> = {}) =>
  Array.from({ length: size }, () => exchangeOf(overrides));
const names = (batch: { request_id: string }[]) => batch.map(({ request_id }) => request_id);

describe("entries_changes", () => {
  it.each([1, 2, 3, 7, 99, 100, 101, 500])(
    "gives each entry once, in order of arrival, in pages of %i",
    async (pageSize) => {
      const batches = [batchOf(3), batchOf(1), batchOf(100), batchOf(2)].slice(
        0,
        pageSize < 3 ? 2 : 4,
      );
      for (const batch of batches) await ingest(device, batch);
      const { found, cursor } = await readOn(null, pageSize);
      expect(found).toEqual(names(batches.flat()));
      expect((await readOn(cursor, pageSize)).found).toEqual([]);
    },
  );

  it("goes by arrival, whatever the entries' ts", async () => {
    const first = batchOf(2);
    await ingest(device, first);
    const { cursor } = await readOn(null);
    const old = [
      exchangeOf({ ts: "1999-12-31T23:59:59Z" }),
      exchangeOf({ ts: new Date(Date.now() - 20 * 86_400_000).toISOString() }),
      exchangeOf({ ts: "2090-01-01T00:00:00Z" }),
    ];
    for (const entry of old) await ingest(device, [entry]);
    expect((await readOn(cursor)).found).toEqual(names(old));
  });

  it("begins at this moment with now", async () => {
    await ingest(device, batchOf(2));
    const { body } = await ask({ after: "now" });
    expect(body.rows).toEqual([]);
    const fresh = batchOf(2);
    await ingest(device, fresh);
    expect((await readOn(body.cursor)).found).toEqual(names(fresh));
  });

  it("delivers what commits late, once, and waits for nobody", async () => {
    const store = (sql: Awaited<ReturnType<typeof sessionOf>>, batch: unknown[]) =>
      sql`select public.ingest_entries(${sql.json(batch as never)})`;
    const [late, later] = [
      await sessionOf(device.token),
      await sessionOf((await newDevice(ann)).token),
    ];
    const [held, heldLonger] = [batchOf(3), batchOf(2)];
    await late`begin`;
    await store(late, held);
    await later`begin`;
    await store(later, heldLonger);
    // Another device's entries arrive and are read while both are open.
    const other = await newDevice(ann);
    const meanwhile = batchOf(4);
    await ingest(other, meanwhile);
    const first = await readOn(null, 3);
    expect(first.found).toEqual(names(meanwhile));
    await late`commit`;
    const after = batchOf(1);
    await ingest(other, after);
    const second = await readOn(first.cursor, 2);
    expect(second.found.toSorted()).toEqual(names([...held, ...after]).toSorted());
    await later`commit`;
    const third = await readOn(second.cursor);
    expect(third.found).toEqual(names(heldLonger));
    expect((await readOn(third.cursor)).found).toEqual([]);
  });

  it("keeps its place in a page that is not finished when something commits late", async () => {
    const late = await sessionOf(device.token);
    const held = batchOf(3);
    await late`begin`;
    await late`select public.ingest_entries(${late.json(held as never)})`;
    const other = await newDevice(ann);
    const batch = batchOf(5);
    await ingest(other, batch);
    const { body } = await ask({ after: null, page_size: 2 });
    expect(body.more).toBe(true);
    await late`commit`;
    const { found } = await readOn(body.cursor, 2);
    expect([...names(body.rows), ...found].toSorted()).toEqual(
      names([...batch, ...held]).toSorted(),
    );
  });

  it("never delivers what was rolled back", async () => {
    const session = await sessionOf(device.token);
    await session`begin`;
    await session`select public.ingest_entries(${session.json(batchOf(2) as never)})`;
    await session`rollback`;
    const batch = batchOf(1);
    await ingest(device, batch);
    expect((await readOn(null)).found).toEqual(names(batch));
  });

  it("goes on past rows that are gone", async () => {
    const batch = batchOf(6);
    await ingest(device, batch);
    const { body } = await ask({ after: null, page_size: 2 });
    await database()`
      delete from public.entries where request_id = any (${names(batch).slice(1, 4)})`;
    const { found } = await readOn(body.cursor, 2);
    expect(found).toEqual(names(batch).slice(4));
    // A whole page of nothing still says that there is more.
    const gone = await ask({ after: body.cursor, page_size: 2 });
    expect([gone.body.rows, gone.body.more]).toEqual([[], true]);
  });

  it("loses and doubles nothing while many write at once and some hold back", async () => {
    const devices = await Promise.all(Array.from({ length: 4 }, () => newDevice(ann)));
    const sent: string[] = [];
    const writers = Promise.all(devices.map(async (writer, n) => {
      const session = await sessionOf(writer.token);
      for (let round = 0; round < 8; round++) {
        const batch = batchOf(5, {
          ts: new Date(Date.now() - n * round * 3_600_000).toISOString(),
        });
        await session.begin(async (sql) => {
          await sql`select public.ingest_entries(${sql.json(batch as never)})`;
          await sleep(n * 40);
        });
        sent.push(...names(batch));
      }
    })).then(() => true);
    const found: string[] = [];
    let cursor: string | null = null;
    let done = false;
    void writers.then(() => (done = true));
    for (let last = false; !last;) {
      last = done;
      const page: { found: string[]; cursor: string } = await readOn(cursor, 7);
      found.push(...page.found);
      cursor = page.cursor;
    }
    await writers;
    expect(found.length).toBe(sent.length);
    expect(found.toSorted()).toEqual(sent.toSorted());
  });

  it("reads every workspace a person has without one named", async () => {
    const ben = await newPerson();
    await enrol(ann.workspaceId, ben);
    const theirs = await newDevice(ben);
    const [first, second] = [batchOf(2), batchOf(2)];
    await ingest(device, first);
    await ingest(theirs, second);
    const all = await rpc<Page>(ben.token, "entries_changes", {});
    expect(names(all.body.rows)).toEqual(names([...first, ...second]));
    expect((await readOn(null, 500, ben)).found).toEqual(names(first));
  });

  it.each([
    "",
    " ",
    "0",
    "1",
    "2 1:1:",
    "1 1:1: 1:1:",
    "1 nonsense",
    "1 1:1: 1:1: 1 1 x",
    "1 1:1: 1:1: 1 99999999999999999999 1",
    "1  1:1:",
    "1 5:3:",
    "NOW",
    "'; drop table private.feed_log; --",
    "1 1:1:\n",
    "x".repeat(100_000),
  ])("refuses the cursor %j", async (after) => {
    const { status, body } = await ask({ after });
    expect([status, (body as unknown as { message: string }).message])
      .toEqual([400, expect.stringMatching(/^after: not a cursor/)]);
  });

  it("says that a cursor of another database is gone", async () => {
    const { status } = await ask({ after: "1 999999999999:999999999999:" });
    expect(status).toBe(410);
  });

  it.each([0, -1, 501, null, "many", 1.5])("refuses a page of %j", async (page_size) => {
    expect((await ask({ page_size })).status).toBe(400);
  });
});
