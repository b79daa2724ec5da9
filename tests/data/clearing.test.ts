// How captures go: their workspace is cleared or keeps less, or their device is unpaired.

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditOf } from "../support/audit.ts";
import {
  call,
  clientWith,
  database,
  type Device,
  enrol,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";
import { ok, refused } from "./support/answers.ts";
import { Ears, heard } from "./support/ears.ts";

// Bea is a member of Ann's workspace, Vera only looks there.
let ann: Person, bea: Person, vera: Person, root: Person;
let device: Device;
const ears = new Ears();
const sql = database();

beforeAll(async () => {
  [ann, bea, vera, root] = await Promise.all([
    newPerson(),
    newPerson(),
    newPerson("viewer"),
    newPerson("admin"),
  ]) as [Person, Person, Person, Person];
  await Promise.all([bea, vera].map((person) => enrol(ann.workspaceId, person)));
  device = await newDevice(ann);
});
afterAll(() => ears.close());

const idOf = async (entry: { request_id: string }, person = ann) =>
  (await ok(person.client.from("entries").select("id").eq("request_id", entry.request_id)))[0]
    ?.id as string | undefined;

describe("a workspace's feed", () => {
  const clear = (person: Person, args: Record<string, unknown> = {}) =>
    person.client.rpc("clear_entries", { workspace_id: ann.workspaceId, ...args });

  it("is cleared by its owner up to a moment, its watchers told, its payloads gone", async () => {
    const now = Date.now();
    const at = (ago: number) => exchangeOf({ ts: new Date(now - ago).toISOString() });
    const [old, kept] = [at(120_000), at(0)];
    await ingest(device, [old, kept]);
    const oldId = (await idOf(old))!;
    const tag = await ok(
      ann.client.from("tags").insert({ workspace_id: ann.workspaceId, name: randomUUID() })
        .select("id").single(),
    );
    await ok(ann.client.from("entry_tags").insert({ entry_id: oldId, tag_id: tag.id }));
    const before = new Date(now - 60_000).toISOString();
    for (const person of [bea, vera]) expect(await ok(clear(person, { before }))).toBeNull();
    expect(await idOf(old)).toBe(oldId);

    const listener = await ears.on(vera.token, `ws:${ann.workspaceId}`);
    expect(await ok(clear(ann, { before }))).toEqual({ deleted: 1, complete: true });
    const told = await heard(listener, "cleared", { deleted: 1, complete: true });
    expect(Date.parse(told["before"] as string)).toBe(Date.parse(before));
    expect([await idOf(old), await idOf(kept)]).toEqual([undefined, expect.any(String)]);
    expect(await ok(ann.client.rpc("get_entry", { id: oldId }))).toBeNull();
    expect(await sql`select from private.entry_payloads where id = ${oldId}`).toHaveLength(0);
    expect(await auditOf(ann.workspaceId, "entries.clear")).toMatchObject([
      { actor_id: ann.id, after: { deleted: 1 } },
    ]);
    // The tag's mark on it goes with the next sweep.
    await sql`select private.sweep()`;
    expect(await ok(ann.client.from("entry_tags").select("entry_id").eq("tag_id", tag.id)))
      .toEqual([]);
    expect(await ok(clear(root))).toEqual({ deleted: 1, complete: true });
    expect(await refused(ann.client.rpc("clear_entries", { workspace_id: null })))
      .toMatchObject({ status: 400, message: expect.stringMatching(/^workspace_id: /) });
  });

  it("is cleared by 20,000 a call, which says whether that was all", async () => {
    const owner = await newPerson();
    const busy = await newDevice(owner);
    const captured = Array.from({ length: 20_010 }, (_, i) => ({
      request_id: `clear-${i}`,
      ts: new Date(Date.now() - i).toISOString(),
      payload: { url: "https://a.example/" },
    }));
    for (let i = 0; i < captured.length; i += 500) await ingest(busy, captured.slice(i, i + 500));
    const clearAll = () =>
      ok(owner.client.rpc("clear_entries", { workspace_id: owner.workspaceId }));
    expect(await clearAll()).toEqual({ deleted: 20_000, complete: false });
    expect(await clearAll()).toEqual({ deleted: 10, complete: true });
    expect(await clearAll()).toEqual({ deleted: 0, complete: true });
    expect(await ok(owner.client.rpc("get_stats", { workspace_id: owner.workspaceId })))
      .toMatchObject({ entries: { total: 0 } });
  });
});

describe("retention", () => {
  it("is 1 to 30 days, as the workspace's owner says", async () => {
    const keep = (person: Person, retention_days: number) =>
      person.client.from("workspaces").update({ retention_days }).eq("id", ann.workspaceId)
        .select();
    for (const person of [bea, vera]) expect(await ok(keep(person, 2))).toEqual([]);
    for (const days of [0, 31]) expect((await refused(keep(ann, days))).code).toBe("23514");
    expect(await ok(keep(ann, 2))).toMatchObject([{ retention_days: 2 }]);
    const days = (n: number) => new Date(Date.now() - n * 86_400_000);
    const [gone, left] = [exchangeOf({ ts: days(3).toISOString() }), exchangeOf()];
    await ingest(device, [gone, left]);
    // What came in just now stays, however old it was then.
    await sql`select private.expire_entries()`;
    expect(await idOf(gone)).toBeDefined();
    await sql`
      update public.entries set received_at = ${days(2.1)}
      where device_uuid = ${device.uuid} and request_id = ${gone.request_id}`;
    await sql`select private.expire_entries()`;
    expect([await idOf(gone), await idOf(left)]).toEqual([undefined, expect.any(String)]);
    await ok(keep(ann, 30));
  });
});

describe("a device that is unpaired", () => {
  it("takes with it all that is its own, its captures within minutes; what was recorded of it stays", async () => {
    const leaving = await newDevice(ann);
    const own = clientWith(leaving.token);
    const device_uuid = leaving.uuid;
    const entries = [exchangeOf(), exchangeOf()];
    await ingest(leaving, entries);
    await ok(own.from("device_status").upsert({ device_uuid, online: true }));
    const external_proxy = { enabled: true, host: "p.example", port: 1, password: "s3cret" };
    await ok(ann.client.from("settings_device").upsert({ device_uuid, external_proxy }));
    await ok(
      ann.client.from("device_live_activity_message").upsert({ device_uuid, message: "On" }),
    );
    await ok(ann.client.rpc("send_device_command", { device_uuid, name: "reconnect" }));
    const tag = await ok(
      ann.client.from("tags").insert({ workspace_id: ann.workspaceId, name: randomUUID() })
        .select("id").single(),
    );
    await ok(ann.client.from("device_tags").insert({ device_uuid, tag_id: tag.id }));
    await ok(
      own.from("breakpoint_events")
        .insert({ request_id: randomUUID(), device_uuid, phase: "request", raw: "GET / HTTP/1.1" }),
    );

    // Everything that names a device: what is added later is found here as well.
    const tables = await sql<{ name: string; column: string }[]>`
      select c.relname as name, a.attname as column
      from pg_constraint k
      join pg_class c on c.oid = k.conrelid
      join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
      where k.confrelid = 'public.devices'::regclass and k.contype = 'f'`;
    const left = async () => {
      const counts: Record<string, number> = {};
      for (const { name, column } of tables) {
        const [row] = await sql`
          select count(*)::int as n from ${sql(`public.${name}`)}
          where ${sql(column)} = ${device_uuid}`;
        counts[name] = row!["n"];
      }
      const [password] = await sql`
        select count(*)::int as n from private.proxy_passwords where subject = ${device_uuid}`;
      return { ...counts, proxy_passwords: password!["n"] as number };
    };
    const before = await left();
    expect(Object.keys(before).sort()).toEqual([
      "breakpoint_events",
      "device_commands",
      "device_jwts",
      "device_live_activity_message",
      "device_status",
      "device_tags",
      "proxy_passwords",
      "settings_device",
    ]);
    expect(Object.entries(before).filter(([, n]) => n === 0)).toEqual([]);

    const unpair = (person: Person) =>
      call(`/functions/v1/device-pair/${device_uuid}`, person.token, { method: "DELETE" });
    expect((await unpair(vera)).status).toBe(404);
    expect((await unpair(ann)).ok).toBe(true);
    expect(Object.entries(await left()).filter(([, n]) => n > 0)).toEqual([]);
    expect((await refused(own.rpc("effective_settings_for_device", { device_uuid }))).status)
      .toBe(401);
    expect(await ok(ann.client.from("devices").select("uuid").eq("uuid", device_uuid))).toEqual([]);
    // In one bounded batch a run, so more than one run for many.
    await sql`select private.expire_entries()`;
    await sql`select private.expire_entries()`;
    expect(await ok(ann.client.from("entries").select("id").eq("device_uuid", device_uuid)))
      .toEqual([]);
    expect(await sql`select from private.device_purges where device_uuid = ${device_uuid}`)
      .toHaveLength(0);
    const actions = (await auditOf(device_uuid)).map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(["devices.insert", "devices.delete"]));
  });
});
