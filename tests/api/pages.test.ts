import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { rowsOf, rpc } from "../support/rest.ts";
import {
  database,
  type Device,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";

interface Row {
  id: string;
  ts: string;
}

let ann: Person, root: Person;
/** One in Ann's personal workspace, one in a second of hers. */
let devices: [Device, Device];
const start = Date.now() - 7_200_000;

beforeAll(async () => {
  [ann, root] = await Promise.all([newPerson(), newPerson("admin")]) as [Person, Person];
  const [second] = await database()<{ id: string }[]>`
    insert into public.workspaces (name, owner_user_id) values ('Second', ${ann.id}) returning id`;
  devices = [await newDevice(ann), await newDevice(ann, { workspaceId: second!.id })];
  for (const [n, device] of devices.entries()) {
    // Many rows share a moment: only the id tells them apart.
    await ingest(
      device,
      Array.from(
        { length: 240 },
        (_, i) => exchangeOf({ ts: new Date(start + (i % 13) * 1000 + n).toISOString() }),
      ),
    );
  }
});

/** Walks all pages as documented; what arrives meanwhile is up to `between`. */
async function walk(
  person: Person,
  args: Record<string, unknown>,
  pageSize: number,
  between: () => Promise<unknown> = () => Promise.resolve(),
): Promise<Row[]> {
  const found: Row[] = [];
  let cursor = {};
  for (;;) {
    const page = rowsOf<Row>(
      await rpc(person.token, "entries_filtered_list", { ...args, ...cursor, page_size: pageSize }),
    );
    found.push(...page);
    if (page.length < pageSize) return found;
    const last = page.at(-1)!;
    cursor = { before_ts: last.ts, before_id: last.id };
    await between();
  }
}

const stored = (device: Device) =>
  database()<{ id: string }[]>`
    select id from public.entries where device_uuid = ${device.uuid} order by ts desc, id desc`;

const ids = (rows: readonly Row[] | readonly { id: string }[]) => rows.map(({ id }) => id);

describe("pages", () => {
  it.each([1, 7, 50, 240, 241, 500])(
    "of %i rows enumerate each row once, newest first",
    async (size) => {
      const [device] = devices;
      // A row a page is a request a row: a filter keeps that short.
      const filter = size === 1
        ? { field: "ts", op: "lt", value: new Date(start + 1000).toISOString() }
        : {};
      const found = await walk(ann, { workspace_id: device.workspaceId, filter }, size);
      const all = ids(await stored(device));
      expect(ids(found)).toEqual(size === 1 ? all.slice(-found.length) : all);
      expect(found.length).toBeGreaterThan(15);
    },
  );

  it("go on undisturbed while older and newer rows arrive", async () => {
    const [device] = devices;
    const before = ids(await stored(device));
    const between = () =>
      ingest(device, [
        exchangeOf(),
        exchangeOf({ ts: new Date(start - 1000).toISOString() }),
        exchangeOf({ ts: new Date(start + 6_000).toISOString() }),
      ]);
    const found = ids(await walk(ann, { workspace_id: device.workspaceId }, 20, between));
    expect(new Set(found).size).toBe(found.length);
    expect(found.filter((id) => before.includes(id))).toEqual(before);
  });

  it("of several workspaces are one list", async () => {
    const found = ids(await walk(ann, {}, 50));
    const expected = ids(
      await database()<{ id: string }[]>`
        select id from public.entries where device_uuid in ${database()(devices.map((d) => d.uuid))}
        order by ts desc, id desc`,
    );
    expect(found).toEqual(expected);
  });

  it("of everything are for who sees everything", async () => {
    const filter = { field: "device", op: "in", value: devices.map(({ uuid }) => uuid) };
    const found = ids(await walk(root, { filter }, 100));
    expect(found).toEqual(ids(await walk(ann, {}, 100)));
  });

  it("count exactly up to 1,000", async () => {
    const [device] = devices;
    const counted = await rpc(ann.token, "entries_filtered_count", {
      workspace_id: device.workspaceId,
    });
    expect(counted.body).toEqual({ count: (await stored(device)).length, kind: "exact" });
  });

  it("count beyond 1,000 without counting on", async () => {
    const person = await newPerson();
    const device = await newDevice(person);
    for (let batch = 0; batch < 3; batch++) {
      await ingest(device, Array.from({ length: 400 }, () => exchangeOf()));
    }
    const count = async (filter: unknown) =>
      (await rpc<{ count: number; kind: string }>(person.token, "entries_filtered_count", {
        workspace_id: person.workspaceId,
        filter,
      })).body;
    expect(await count({ field: "status", op: "eq", value: 200 }))
      .toEqual({ count: 1000, kind: "capped" });
    const whole = await count({});
    expect(whole.kind).toBe("estimated");
    expect(whole.count).toBeGreaterThan(1000);
  });

  it("begin where no row is, too", async () => {
    const [device] = devices;
    const page = rowsOf<Row>(
      await rpc(ann.token, "entries_filtered_list", {
        workspace_id: device.workspaceId,
        before_ts: new Date(start + 1000).toISOString(),
        before_id: "00000000-0000-0000-0000-000000000000",
        page_size: 500,
      }),
    );
    expect(page.length).toBeGreaterThan(0);
    for (const { ts } of page) expect(Date.parse(ts)).toBeLessThan(start + 1000);
    const none = await rpc(ann.token, "entries_filtered_list", { workspace_id: randomUUID() });
    expect(none.body).toEqual([]);
  });
});
