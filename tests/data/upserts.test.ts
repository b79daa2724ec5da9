// supabase-js' upsert on every table whose rows have a natural key: the same call makes a row and
// changes it. It writes the key as well, which stays what it is.

import { randomInt, randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import {
  clientWith,
  type Device,
  enrol,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";
import { ok, refused } from "./support/answers.ts";

// Vera only looks, in Ann's workspace; Ben has his own; Root is an admin.
let ann: Person, ben: Person, vera: Person, root: Person;
let device: Device, other: Device;

beforeAll(async () => {
  [ann, ben, vera, root] = await Promise.all([
    newPerson(),
    newPerson(),
    newPerson("viewer"),
    newPerson("admin"),
  ]) as [Person, Person, Person, Person];
  await enrol(ann.workspaceId, vera);
  [device, other] = await Promise.all([newDevice(ann), newDevice(ann)]) as [Device, Device];
});

type Row = Record<string, unknown>;

interface Use {
  key: () => Row | Promise<Row>;
  first: Row;
  then: Row;
  /** Who may; Ann unless told. */
  by?: () => Person;
  /** Another value of the key's first column. */
  elsewhere: () => unknown;
}

const ofWorkspace = (what: string, first: Row, then: Row): Use => ({
  key: () => ({ workspace_id: ann.workspaceId, name: `${what} ${randomUUID()}` }),
  first,
  then,
  elsewhere: () => ben.workspaceId,
});
const inWorkspace = async (table: string) =>
  (await ok(
    ann.client.from(table)
      .insert({ workspace_id: ann.workspaceId, name: randomUUID() }).select("id").single(),
  )).id;

const TABLES: Record<string, Use> = {
  services: ofWorkspace("service", {}, { description: "changed" }),
  service_groups: ofWorkspace("group", {}, { description: "changed" }),
  scripts: ofWorkspace("script", { source: "0" }, { source: "1" }),
  tags: ofWorkspace("tag", {}, { color: "#112233" }),
  saved_filters: ofWorkspace("filter", { filter: {} }, { filter: {}, text: "changed" }),
  busybro_agents: ofWorkspace("agent", {}, { enabled: false }),
  service_group_agents: {
    key: async () => ({
      group_id: await inWorkspace("service_groups"),
      agent_id: await inWorkspace("busybro_agents"),
    }),
    first: {},
    then: { is_primary: true },
    elsewhere: randomUUID,
  },
  settings_device: {
    key: () => ({ device_uuid: device.uuid }),
    first: { mitm_all_hosts: true },
    then: { mitm_all_hosts: false, ignore_hosts: [] },
    elsewhere: () => other.uuid,
  },
  settings_user: {
    key: () => ({ user_id: ann.id }),
    first: { connection_type: "pac" },
    then: { connection_type: null },
    elsewhere: () => ben.id,
  },
  device_live_activity_message: {
    key: () => ({ device_uuid: device.uuid }),
    first: { message: "Recording" },
    then: { message: "Paused" },
    elsewhere: () => other.uuid,
  },
  alert_rules: {
    key: () => ({ workspace_id: ann.workspaceId, kind: "error_spike" }),
    first: { threshold: 5 },
    then: { threshold: 50, enabled: false },
    elsewhere: () => ben.workspaceId,
  },
  app_builds: {
    key: () => ({ platform: "linux", build: randomInt(1, 2 ** 31) }),
    first: { version: "1.0" },
    then: { version: "1.0.1", notes: "Fixes" },
    by: () => root,
    elsewhere: () => "macos",
  },
};

describe.concurrent.each(Object.entries(TABLES))(
  "%s",
  (table, { key, first, then, by = () => ann, elsewhere }) => {
    it("takes the same row again as a change of it", async () => {
      const columns = await key();
      // A rule is its author's, who cannot be named.
      const onConflict = [...(table === "alert_rules" ? ["user_id"] : []), ...Object.keys(columns)]
        .join();
      const rows = () => by().client.from(table);
      const put = (row: Row) =>
        ok(rows().upsert({ ...columns, ...row }, { onConflict }).select().single()) as Promise<Row>;
      const made = await put(first);
      expect(made).toMatchObject({ ...columns, ...first });
      const changed = await put({ ...first, ...then });
      expect(changed).toMatchObject({ ...columns, ...then });
      expect(await ok(rows().select().match(columns))).toEqual([changed]);

      const [column] = Object.keys(columns) as [string];
      const moving = await refused(
        rows().update({ [column]: elsewhere() }).match(columns),
      );
      expect(moving).toMatchObject({
        status: 400,
        message: `${column}: it cannot be changed; make another row`,
      });
      const ignored = rows().upsert({ ...columns, ...first }, {
        onConflict,
        ignoreDuplicates: true,
      });
      await ok(ignored);
      expect(await ok(rows().select().match(columns))).toEqual([changed]);
    });

    it("takes nothing from who may not change it", async () => {
      const columns = await key();
      for (const outsider of [vera, ben]) {
        // Everybody has settings and rules of their own.
        if (table === "settings_user" || table === "alert_rules" && outsider === vera) continue;
        const rows = outsider.client.from(table);
        expect((await refused(rows.upsert({ ...columns, ...first }))).code).toBe("42501");
      }
    });
  },
);

describe("links", () => {
  it.each([
    ["service_domains", "services", { domain: "a.example" }],
  ])("of %s are put again with ignoreDuplicates", async (table, parent, columns) => {
    const row = { service_id: await inWorkspace(parent), ...columns };
    for (let i = 0; i < 2; i++) {
      await ok(ann.client.from(table).upsert(row, { ignoreDuplicates: true }));
    }
    expect(await ok(ann.client.from(table).select("domain").match(row))).toHaveLength(1);
  });
});

describe("a device's status", () => {
  it("is reported by the same upsert at every heartbeat", async () => {
    const own = clientWith(other.token);
    const report = (row: Row) =>
      own.from("device_status").upsert({ device_uuid: other.uuid, ...row });
    const seen = () =>
      ok(ann.client.from("device_status").select().eq("device_uuid", other.uuid).single());
    await ok(report({ online: true, vpn_state: "connecting" }));
    expect(await seen()).toMatchObject({ online: true, vpn_state: "connecting" });
    const last_heartbeat_at = new Date().toISOString();
    await ok(report({ online: true, vpn_state: "connected", ip_country: "DE", last_heartbeat_at }));
    expect(await seen()).toMatchObject({ vpn_state: "connected", ip_country: "DE" });
    expect(Date.parse((await seen()).last_heartbeat_at)).toBe(Date.parse(last_heartbeat_at));
    const mine = "device_uuid, online, vpn_state";
    expect(await ok(own.from("device_status").select(mine)))
      .toEqual([{ device_uuid: other.uuid, online: true, vpn_state: "connected" }]);
  });

  it("is no other device's to report", async () => {
    const own = clientWith(other.token);
    const forged = own.from("device_status").upsert({ device_uuid: device.uuid, online: true });
    expect((await refused(forged)).code).toBe("42501");
    const moved = own.from("device_status").update({ device_uuid: device.uuid })
      .eq("device_uuid", other.uuid);
    expect((await refused(moved)).status).toBe(400);
    expect(
      (await refused(ann.client.from("device_status").upsert({ device_uuid: device.uuid })))
        .code,
    ).toBe("42501");
  });
});
