// Who makes whom what: roles of people, capabilities of roles, accounts of programs.

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Clients, join, until } from "../realtime/support/client.ts";
import { auditOf } from "../support/audit.ts";
import { rest, rowsOf, rpc } from "../support/rest.ts";
import { stack } from "../support/stack.ts";
import { newPerson, type Person } from "../support/world.ts";

let root: Person, member: Person, registrar: Person;
/** users:edit, roles:edit and tags:view: what the registrar holds. */
let registrarRole: string;
let sockets: Clients;

const newName = () => `r${randomUUID()}`;

/** A role made as an admin makes one. */
async function newRole(capabilities: Record<string, "view" | "edit">): Promise<string> {
  const name = newName();
  rowsOf(await rest(root.token, "POST", "roles", { name }));
  const held = Object.entries(capabilities).map(([section, action]) => ({
    role: name,
    section,
    action,
  }));
  if (held.length > 0) rowsOf(await rest(root.token, "POST", "role_capabilities", held));
  return name;
}

const make = (token: string, person: Person, role: string) =>
  rest(token, "PATCH", `profiles?id=eq.${person.id}`, { role });

beforeAll(async () => {
  root = await newPerson("admin");
  registrarRole = await newRole({ users: "edit", roles: "edit", tags: "view" });
  [member, registrar] = await Promise.all([newPerson(), newPerson(registrarRole)]);
  const { url, publishable_key: publishableKey } = stack();
  sockets = new Clients(
    { url, publishableKey } as ConstructorParameters<typeof Clients>[0],
    "2.0.0",
  );
});
afterAll(() => sockets.close());

describe("the role of a person", () => {
  it("is changed by an admin, takes effect on the token in hand, and is audited", async () => {
    const person = await newPerson("viewer");
    const adds = () => rpc(person.token, "has_capability", { section: "tags", action: "edit" });
    expect((await adds()).body).toBe(false);
    rowsOf(await make(root.token, person, "member"));
    expect((await adds()).body).toBe(true);
    const [row] = (await auditOf(person.id, "profiles.update")).filter(({ after }) =>
      after?.["role"] === "member"
    );
    expect(row).toMatchObject({
      actor_type: "user",
      actor_id: root.id,
      client_id: "dashboard",
      before: { role: "viewer" },
      after: { role: "member" },
    });
  });

  it("is not changed by oneself: the refusal says what is missing", async () => {
    expect(await make(member.token, member, "admin")).toMatchObject({
      status: 403,
      body: { message: "role: changing a person's role needs users:edit" },
    });
    const [row] = rowsOf(await rest(root.token, "GET", `profiles?id=eq.${member.id}`));
    expect(row).toMatchObject({ role: "member" });
  });

  it("is not changed by somebody without users:edit: they touch nobody", async () => {
    expect(await make(member.token, registrar, "viewer")).toMatchObject({ status: 200, body: [] });
  });

  it("is given and taken up to what the giver holds", async () => {
    const [lesser, guest] = await Promise.all([newRole({ tags: "view" }), newRole({})]);
    const person = await newPerson(guest);
    expect((await make(registrar.token, person, lesser)).status).toBe(200);
    const refused = { status: 403, body: { message: expect.stringMatching(/do not hold/) } };
    expect(await make(registrar.token, person, "member")).toMatchObject(refused);
    expect(await make(registrar.token, member, lesser)).toMatchObject(refused);
  });

  it("is admin only by an admin, with a token for it", async () => {
    const everything = await newRole({});
    const person = await newPerson(everything);
    const refused = { status: 403, body: { message: expect.stringMatching(/only an admin/) } };
    expect(await make(registrar.token, person, "admin")).toMatchObject(refused);
    expect(await make(registrar.token, root, everything)).toMatchObject(refused);
    expect((await make(root.token, person, "admin")).status).toBe(200);
    expect((await make(root.token, person, "viewer")).status).toBe(200);
  });

  it("is announced on profiles:all and to the person", async () => {
    const person = await newPerson("viewer");
    const [all, own] = await Promise.all([
      join(await sockets.connect(() => Promise.resolve(root.token)), "profiles:all"),
      join(await sockets.connect(() => Promise.resolve(person.token)), `user:${person.id}`),
    ]);
    rowsOf(await make(root.token, person, "member"));
    const promotion = () =>
      all.broadcasts.find(({ payload }) => (payload as { id?: string }).id === person.id);
    await until(() => promotion() !== undefined && own.broadcasts.length > 0);
    expect(promotion()).toMatchObject({
      event: "UPDATE",
      payload: { id: person.id, role: "member" },
    });
    expect(own.broadcasts.map(({ event }) => event)).toEqual(["access-changed"]);
  });
});

describe("a role", () => {
  it("takes and gives up what its maker holds, and nothing else", async () => {
    const name = newName();
    rowsOf(await rest(registrar.token, "POST", "roles", { name }));
    const give = (section: string, action: string) =>
      rest(registrar.token, "POST", "role_capabilities", { role: name, section, action });
    expect((await give("tags", "view")).status).toBe(201);
    for (const [section, action] of [["secrets", "view"], ["global", "edit"]] as const) {
      expect(await give(section, action)).toMatchObject({
        status: 403,
        body: { message: "section: you do not hold that capability yourself" },
      });
    }
    const widened = await rest(
      registrar.token,
      "PATCH",
      `role_capabilities?role=eq.${name}&section=eq.tags`,
      { action: "edit" },
    );
    expect(widened.status).toBe(403);
  });

  it("above one's own is neither changed nor deleted", async () => {
    const higher = await newRole({ audit: "view" });
    const held = `role_capabilities?role=eq.${higher}`;
    for (
      const answer of [
        await rest(registrar.token, "PATCH", `roles?name=eq.${higher}`, { description: "mine" }),
        await rest(registrar.token, "DELETE", `roles?name=eq.${higher}`),
        await rest(registrar.token, "DELETE", held),
      ]
    ) {
      expect(answer).toMatchObject({
        status: 403,
        body: { message: expect.stringMatching(/do not hold/) },
      });
    }
    expect(rowsOf(await rest(root.token, "GET", held))).toHaveLength(1);
  });

  it("that is built in stays as it is, for admins too", async () => {
    for (
      const answer of [
        await rest(root.token, "PATCH", "roles?name=eq.viewer", { name: "looker" }),
        await rest(root.token, "DELETE", "roles?name=eq.viewer"),
        await rest(root.token, "DELETE", "role_capabilities?role=eq.viewer&section=eq.tags"),
        await rest(root.token, "POST", "role_capabilities", {
          role: "viewer",
          section: "audit",
          action: "view",
        }),
      ]
    ) {
      expect(answer).toMatchObject({
        status: 403,
        body: { message: expect.stringMatching(/built-in role/) },
      });
    }
  });

  it("in use is renamed with its people, and not deleted", async () => {
    const name = await newRole({ tags: "view" });
    const person = await newPerson(name);
    expect((await rest(root.token, "DELETE", `roles?name=eq.${name}`)).status).toBe(409);
    const renamed = newName();
    rowsOf(await rest(root.token, "PATCH", `roles?name=eq.${name}`, { name: renamed }));
    const [row] = rowsOf(await rest(person.token, "GET", `profiles?id=eq.${person.id}`));
    expect(row).toMatchObject({ role: renamed });
  });

  it("that changes is announced to whoever has it, and audited", async () => {
    const name = await newRole({});
    const person = await newPerson(name);
    const own = await join(
      await sockets.connect(() => Promise.resolve(person.token)),
      `user:${person.id}`,
    );
    rowsOf(
      await rest(root.token, "POST", "role_capabilities", {
        role: name,
        section: "audit",
        action: "view",
      }),
    );
    await until(() => own.broadcasts.length > 0);
    expect(own.broadcasts[0]).toMatchObject({ event: "access-changed" });
    expect(await auditOf(name)).toMatchObject([
      { action: "roles.insert", actor_type: "user", actor_id: root.id },
      { action: "role_capabilities.insert", actor_id: root.id, after: { section: "audit" } },
    ]);
  });
});

describe("a service account", () => {
  it("is made, changed and deleted by admins alone, and audited", async () => {
    const name = `Agent ${randomUUID()}`;
    expect((await rest(member.token, "POST", "service_accounts", { name, role: "viewer" })).status)
      .toBe(403);
    const steward = await newPerson(await newRole({ tokens: "edit" }));
    expect((await rest(steward.token, "POST", "service_accounts", { name, role: "viewer" })).status)
      .toBe(403);
    const [made] = rowsOf<{ id: string; created_by: string }>(
      await rest(root.token, "POST", "service_accounts", { name, role: "viewer" }),
    );
    expect(made!.created_by).toBe(root.id);
    const path = `service_accounts?id=eq.${made!.id}`;
    expect(rowsOf(await rest(steward.token, "PATCH", path, { role: "admin" }))).toEqual([]);
    expect(rowsOf(await rest(steward.token, "DELETE", path))).toEqual([]);
    const args = { service_account_id: made!.id };
    expect((await rpc(steward.token, "create_service_client", args)).body).toBeNull();
    expect((await rpc(root.token, "create_service_client", args)).body).toMatchObject({
      client_secret: expect.stringMatching(/^bms_[0-9a-f]{64}$/),
    });
    rowsOf(await rest(root.token, "DELETE", path));
    const audited = await auditOf(made!.id);
    expect(audited).toMatchObject([
      { action: "service_accounts.insert", actor_type: "user", actor_id: root.id },
      { action: "service_accounts.client", actor_type: "user", actor_id: root.id },
      { action: "service_accounts.delete", actor_type: "user", actor_id: root.id },
    ]);
    expect(JSON.stringify(audited)).not.toMatch(/bms_|secret/);
  });
});
