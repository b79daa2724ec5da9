import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { rest, rpc } from "../support/rest.ts";
import {
  database,
  type Device,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";

let ann: Person;
let device: Device;

beforeAll(async () => {
  ann = await newPerson();
  device = await newDevice(ann);
});

const UPSERT = "entries?on_conflict=device_uuid,request_id,ts";
const IGNORE = { Prefer: "resolution=ignore-duplicates,return=minimal" };

const batchOf = (size: number) => Array.from({ length: size }, () => exchangeOf());
const asRows = (entries: ReturnType<typeof batchOf>) =>
  entries.map((entry) => ({ kind: "event", ...entry, device_uuid: device.uuid }));

/** How many rows each entry of a batch has, in both tables and in the feed. */
async function copies(entries: { request_id: string }[]) {
  const ids = entries.map(({ request_id }) => request_id);
  const [count] = await database()<{ entries: number; payloads: number; announced: number }[]>`
    with kept as (select id, ts from public.entries where request_id = any (${ids}))
    select (select count(*) from kept)::int as entries,
      (select count(*) from private.entry_payloads p where (p.id, p.ts) in (select id, ts from kept))::int as payloads,
      (select count(*) from private.feed_log l cross join unnest(l.ids) u (id)
       where l.workspace_id = ${ann.workspaceId} and u.id in (select id from kept))::int as announced`;
  return { ...count };
}

const once = (entries: unknown[]) => ({
  entries: entries.length,
  payloads: entries.length,
  announced: entries.length,
});

describe("twenty concurrent copies of one batch leave one row each", () => {
  const byFunction = (batch: ReturnType<typeof batchOf>) => ingest(device, batch);
  const plainly = async (batch: ReturnType<typeof batchOf>) => {
    const answer = await rest(device.token, "POST", UPSERT, asRows(batch), IGNORE);
    expect([200, 201]).toContain(answer.status);
    return undefined;
  };

  it("through the ingest function, and one of them is told that it stored them", async () => {
    const batch = batchOf(40);
    const answers = await Promise.all(Array.from({ length: 20 }, () => byFunction(batch)));
    expect(await copies(batch)).toEqual(once(batch));
    expect(answers.reduce((sum, answer) => sum + answer.accepted, 0)).toBe(batch.length);
    for (const answer of answers) {
      expect(answer.accepted + answer.duplicates).toBe(batch.length);
      expect(answer.rejected).toEqual([]);
    }
  });

  it("through a plain insert that ignores duplicates", async () => {
    const batch = batchOf(40);
    await Promise.all(Array.from({ length: 20 }, () => plainly(batch)));
    expect(await copies(batch)).toEqual(once(batch));
  });

  it("through both at once, in any order", async () => {
    const batch = batchOf(40);
    await Promise.all(Array.from({ length: 20 }, (_, i) => {
      const copy = i % 3 === 0 ? [...batch].reverse() : batch;
      return i % 2 === 0 ? byFunction(copy) : plainly(copy);
    }));
    expect(await copies(batch)).toEqual(once(batch));
  });

  it("within one batch too", async () => {
    const [entry] = batchOf(1);
    const answer = await ingest(device, Array.from({ length: 20 }, () => entry));
    expect(answer).toEqual({ accepted: 1, duplicates: 19, rejected: [] });
    expect(await copies([entry!])).toEqual(once([entry]));
  });
});

describe("a second import", () => {
  it("adds none and says so", async () => {
    const batch = batchOf(100);
    expect(await ingest(device, batch)).toMatchObject({ accepted: 100, duplicates: 0 });
    expect(await ingest(device, batch)).toMatchObject({ accepted: 0, duplicates: 100 });
    expect(await copies(batch)).toEqual(once(batch));
  });

  it("with other contents changes nothing of the first", async () => {
    const entry = exchangeOf({}, { responseBody: "first" });
    const again = {
      ...entry,
      payload: { ...entry.payload, url: "https://other/", responseBody: "second" },
    };
    await ingest(device, [entry]);
    await ingest(device, [again]);
    await rest(device.token, "POST", UPSERT, asRows([again]), IGNORE);
    const [stored] = await database()`
      select e.host, p.response_body from public.entries e
      join private.entry_payloads p on p.id = e.id and p.ts = e.ts
      where e.request_id = ${entry.request_id}`;
    expect({ ...stored }).toEqual({ host: "api.example.com", response_body: "first" });
  });

  it("adds what is new beside what is known", async () => {
    const [known, fresh] = [batchOf(10), batchOf(10)];
    await ingest(device, known);
    expect(await ingest(device, [...fresh, ...known])).toMatchObject({
      accepted: 10,
      duplicates: 10,
    });
  });

  it("knows an entry by device, request and moment: another of each is another entry", async () => {
    const entry = exchangeOf();
    const other = await newDevice(ann);
    const later = new Date(Date.parse(entry.ts) + 1).toISOString();
    await ingest(device, [entry, { ...entry, ts: later }, { ...entry, request_id: randomUUID() }]);
    await ingest(other, [entry]);
    const rows = await database()`
      select id from public.entries where request_id = ${entry.request_id}`;
    expect(new Set(rows.map((row) => row["id"])).size).toBe(3);
  });

  it("knows a moment however it is written", async () => {
    const entry = exchangeOf({ ts: "2026-11-24T10:00:00.123456Z" });
    await ingest(device, [entry]);
    expect(await ingest(device, [{ ...entry, ts: "2026-11-24T11:30:00.123456+01:30" }]))
      .toMatchObject({ accepted: 0, duplicates: 1 });
    expect(await ingest(device, [{ ...entry, ts: "2026-11-24T10:00:00.123457Z" }]))
      .toMatchObject({ accepted: 1, duplicates: 0 });
  });
});

describe("overlapping batches in opposite orders", () => {
  it("of one device do not deadlock", async () => {
    const shared = batchOf(60);
    await Promise.all(Array.from({ length: 12 }, (_, i) => {
      const mine = [...shared, ...batchOf(10)];
      return ingest(device, i % 2 === 0 ? mine : mine.reverse());
    }));
    expect(await copies(shared)).toEqual(once(shared));
  });

  it("of a shared proxy and the devices it writes for do not deadlock", async () => {
    const [first, second, proxy] = await Promise.all([
      newDevice(ann),
      newDevice(ann),
      newDevice(ann),
    ]);
    await database()`
      update public.device_jwts
      set device_uuids = array[${proxy.uuid}, ${second.uuid}, ${first.uuid}]::uuid[]
      where device_uuid = ${proxy.uuid}`;
    const shared = [first, second].map((owner) => ({
      owner,
      entries: batchOf(60).map((entry) => ({ ...entry, device_uuid: owner.uuid })),
    }));
    const all = shared.flatMap(({ entries }) => entries);
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => {
      if (i % 3 === 0) return rpc(proxy.token, "ingest_entries", { entries: [...all].reverse() });
      const { owner, entries } = shared[i % 2]!;
      return rpc(owner.token, "ingest_entries", { entries });
    }));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(await copies(all)).toEqual(once(all));
  });
});
