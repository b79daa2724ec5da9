// People, roles, workspaces, devices and their credentials as an integrator uses them with supabase-js:
// the tables that tests/data/tables.test.ts, for configuration, does not go through.

import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { database, type Device, newDevice, newPerson, type Person } from "../support/world.ts";
import { ok, refused } from "./support/answers.ts";

// Bea is let into Ann's workspace by the tests; Vera only looks; Root is an admin.
let ann: Person, bea: Person, vera: Person, root: Person;
let device: Device;

beforeAll(async () => {
  [ann, bea, vera, root] = await Promise.all([
    newPerson(),
    newPerson(),
    newPerson("viewer"),
    newPerson("admin"),
  ]) as [Person, Person, Person, Person];
  device = await newDevice(ann);
});

const named = (what: string) => `${what} ${randomUUID()}`;

describe("a workspace", () => {
  it("is made, changed and removed by its owner, and shows itself to its members", async () => {
    const name = named("Team");
    const { id } = await ok(
      ann.client.from("workspaces").insert({ name, owner_user_id: ann.id }).select("id").single(),
    );
    const seenBy = async (person: Person) =>
      (await ok(person.client.from("workspaces").select("name").eq("id", id))).length;
    expect([await seenBy(ann), await seenBy(bea)]).toEqual([1, 0]);
    const changed = await ok(
      ann.client.from("workspaces").update({ retention_days: 7 }).eq("id", id)
        .select("name, retention_days").single(),
    );
    expect(changed).toEqual({ name, retention_days: 7 });
    for (const retention_days of [0, 31]) {
      const wrong = ann.client.from("workspaces").update({ retention_days }).eq("id", id);
      expect((await refused(wrong)).message).toContain("workspaces_retention_days_check");
    }

    // Members come and go as the owner says.
    const member = { workspace_id: id, user_id: bea.id };
    const members = (person: Person) => person.client.from("workspace_members");
    expect((await refused(members(bea).insert(member))).code).toBe("42501");
    await ok(members(ann).insert(member));
    expect(await seenBy(bea)).toBe(1);
    const belonging = await ok(members(bea).select("user_id").eq("workspace_id", id));
    expect(belonging.map(({ user_id }) => user_id).sort()).toEqual([ann.id, bea.id].sort());
    expect(await ok(bea.client.from("workspaces").update({ name }).eq("id", id).select()))
      .toEqual([]);
    expect(await ok(bea.client.from("workspaces").delete().eq("id", id).select())).toEqual([]);
    expect(await ok(members(ann).delete().match(member).select())).toHaveLength(1);
    expect(await seenBy(bea)).toBe(0);

    expect(await ok(ann.client.from("workspaces").delete().eq("id", id).select())).toHaveLength(1);
    expect(await seenBy(ann)).toBe(0);
    const personal = await ok(
      ann.client.from("workspaces").delete().eq("id", ann.workspaceId).select(),
    );
    expect(personal).toEqual([]);
    const elsewhere = { name, owner_user_id: bea.id };
    expect((await refused(ann.client.from("workspaces").insert(elsewhere))).code).toBe("42501");
    const looking = { name, owner_user_id: vera.id };
    expect((await refused(vera.client.from("workspaces").insert(looking))).code).toBe("42501");
  });

  it("shows its invitations to its owner, who takes them back", async () => {
    const email = `${randomUUID()}@example.com`;
    const made = await ok(
      ann.client.rpc("invite_to_workspace", { workspace_id: ann.workspaceId, email }),
    ) as { id: string; code: string };
    const invitations = (person: Person) => person.client.from("workspace_invitations");
    const [row] = await ok(invitations(ann).select().eq("id", made.id));
    expect(row).toMatchObject({ email, invited_by: ann.id, accepted_at: null });
    // What opens it is told once and not kept.
    expect(JSON.stringify(row)).not.toContain(made.code);
    expect(await ok(invitations(bea).select().eq("id", made.id))).toEqual([]);
    expect(await ok(invitations(bea).delete().eq("id", made.id).select())).toEqual([]);
    expect(await ok(invitations(ann).delete().eq("id", made.id).select())).toHaveLength(1);
    expect((await refused(invitations(ann).insert({ email }))).code).toBe("42501");
  });
});

describe("a device", () => {
  it("is added, changed and removed by who may edit it, its owner being of its workspace", async () => {
    const devices = (person: Person) => person.client.from("devices");
    const row = {
      uuid: randomUUID(),
      name: named("Phone"),
      workspace_id: ann.workspaceId,
      owner_user_id: ann.id,
      os: "Android",
      pac_port: 1024 + Math.floor(Math.random() * 60_000),
    };
    expect(await ok(devices(ann).insert(row).select().single())).toMatchObject(row);
    const twin = { ...row, uuid: randomUUID(), pac_port: null, name: row.name.toUpperCase() };
    expect((await refused(devices(ann).insert(twin))).code).toBe("23505");
    const stranger = { ...twin, name: named("Phone"), owner_user_id: bea.id };
    expect((await refused(devices(ann).insert(stranger))).code).toBe("23503");
    for (const person of [bea, vera]) {
      expect((await refused(devices(person).insert({ ...twin, name: named("Phone") }))).code)
        .toBe("42501");
      expect(await ok(devices(person).update({ os: "iOS" }).eq("uuid", row.uuid).select()))
        .toEqual([]);
      expect(await ok(devices(person).delete().eq("uuid", row.uuid).select())).toEqual([]);
    }
    expect(
      await ok(
        devices(ann).update({ model: "Pixel 9", country: "CH" }).eq("uuid", row.uuid)
          .select("model, country").single(),
      ),
    ).toEqual({ model: "Pixel 9", country: "CH" });
    expect(await ok(devices(ann).delete().eq("uuid", row.uuid).select("uuid"))).toHaveLength(1);
  });

  it("shows its credential without the token, to who may edit it, and to be changed by nobody", async () => {
    const credentials = (person: Person) => person.client.from("device_jwts");
    const [row] = await ok(credentials(ann).select().eq("device_uuid", device.uuid));
    expect(row).toMatchObject({ device_uuids: [device.uuid], issued_by: ann.id, revoked_at: null });
    expect(JSON.stringify(row)).not.toContain(device.token.split(".")[2]);
    for (const person of [bea, vera]) {
      expect(await ok(credentials(person).select().eq("device_uuid", device.uuid))).toEqual([]);
    }
    const change = credentials(root).update({ revoked_at: null }).eq("id", row.id);
    expect((await refused(change)).code).toBe("42501");
    expect((await refused(credentials(root).delete().eq("id", row.id))).code).toBe("42501");
  });
});

describe("a role", () => {
  it("and its capabilities are made, changed and removed by who may edit roles", async () => {
    const name = `role-${randomUUID()}`;
    const roles = (person: Person) => person.client.from("roles");
    const capabilities = (person: Person) => person.client.from("role_capabilities");
    expect((await refused(roles(ann).insert({ name }))).code).toBe("42501");
    await ok(roles(root).insert({ name }));
    const capability = { role: name, section: "devices" };
    await ok(capabilities(root).insert({ ...capability, action: "view" }));
    await ok(capabilities(root).update({ action: "edit" }).match(capability));
    // Everybody may know what a role may do.
    expect(await ok(capabilities(vera).select().eq("role", name)))
      .toEqual([{ ...capability, action: "edit" }]);
    expect(await ok(capabilities(ann).delete().match(capability).select())).toEqual([]);
    expect(await ok(capabilities(root).delete().match(capability).select())).toHaveLength(1);
    const description = "For tests.";
    expect(await ok(roles(ann).update({ description }).eq("name", name).select())).toEqual([]);
    await ok(roles(root).update({ description }).eq("name", name));
    expect(await ok(roles(vera).select("description, built_in").eq("name", name).single()))
      .toEqual({ description, built_in: false });
    expect(await ok(roles(root).delete().eq("name", name).select())).toHaveLength(1);
  });
});

describe("a service account", () => {
  it("is made, switched off and removed by admins, and not shown to others", async () => {
    const accounts = (person: Person) => person.client.from("service_accounts");
    const row = { name: named("Agent"), role: "viewer" };
    expect((await refused(accounts(ann).insert(row))).code).toBe("42501");
    const { id } = await ok(accounts(root).insert(row).select("id").single());
    const disabled_at = new Date().toISOString();
    const [off] = await ok(accounts(root).update({ disabled_at }).eq("id", id).select());
    expect(off).toMatchObject({ ...row, created_by: root.id });
    expect(Date.parse(off.disabled_at)).toBe(Date.parse(disabled_at));
    expect(await ok(accounts(ann).select().eq("id", id))).toEqual([]);
    expect(await ok(accounts(ann).delete().eq("id", id).select())).toEqual([]);
    expect(await ok(accounts(root).delete().eq("id", id).select())).toHaveLength(1);
  });
});

describe("what is a person's own", () => {
  it("is their profile: seen and renamed by them, with a role that they do not choose", async () => {
    const profiles = (person: Person) => person.client.from("profiles");
    const display_name = named("Ann");
    expect(
      await ok(
        profiles(ann).update({ display_name }).eq("id", ann.id).select("display_name").single(),
      ),
    ).toEqual({ display_name });
    expect((await ok(profiles(ann).select("id"))).map(({ id }) => id)).toEqual([ann.id]);
    expect(await ok(profiles(bea).update({ display_name }).eq("id", ann.id).select())).toEqual([]);
    await profiles(ann).update({ role: "admin" }).eq("id", ann.id);
    expect(await ok(profiles(root).select("role, display_name").eq("id", ann.id).single()))
      .toEqual({ role: "member", display_name });
  });

  it("is the list of their tokens, which nobody changes by hand", async () => {
    const tokens = (person: Person) => person.client.from("api_tokens");
    const mine = await ok(tokens(ann).select());
    expect(mine.length).toBeGreaterThan(0);
    expect(new Set(mine.map(({ user_id }) => user_id))).toEqual(new Set([ann.id]));
    expect(await ok(tokens(root).select("jti").eq("user_id", ann.id))).toHaveLength(mine.length);
    for (const person of [ann, root]) {
      const change = tokens(person).update({ revoked_at: null }).eq("user_id", ann.id);
      expect((await refused(change)).code).toBe("42501");
    }
  });

  it("is their link to Telegram", async () => {
    const link = { user_id: ann.id, telegram_user_id: Date.now(), chat_id: Date.now() };
    await database()`insert into public.telegram_links ${database()(link)}`;
    const links = (person: Person) =>
      person.client.from("telegram_links").select("user_id").eq("user_id", ann.id);
    expect(await ok(links(ann))).toHaveLength(1);
    expect(await ok(links(root))).toHaveLength(1);
    expect(await ok(links(bea))).toEqual([]);
    expect((await refused(bea.client.from("telegram_links").insert(link))).code).toBe("42501");
  });
});

describe("the audit log", () => {
  it("is read by who may, and written by nobody", async () => {
    const log = (person: Person) => person.client.from("audit_log");
    const [row] = await ok(
      log(root).select("id, actor_type, actor_id").eq("target", device.uuid)
        .eq("action", "devices.insert"),
    );
    expect(row).toMatchObject({ actor_type: "user", actor_id: ann.id });
    expect(await ok(log(ann).select().eq("target", device.uuid))).toEqual([]);
    for (
      const change of [
        log(root).insert({ action: "x", target: "x", actor_type: "user" }),
        log(root).update({ target: "x" }).eq("id", row!.id),
        log(root).delete().eq("id", row!.id),
      ]
    ) expect((await refused(change)).code).toBe("42501");
  });
});
