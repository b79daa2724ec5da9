// What a person takes along, and what is left when they go.

import { describe, expect, it } from "vitest";
import { auditOf } from "../support/audit.ts";
import { connect, newClient } from "../support/oauth.ts";
import { rest, rowsOf, rpc } from "../support/rest.ts";
import { call, database, enrol, exchangeOf, ingest } from "../support/world.ts";
import { newDevice, newPerson, type Person } from "../support/world.ts";

type Export = Record<string, Record<string, unknown>[]> & {
  profile: { id: string };
};

const remove = (person: Person, confirm = person.email) =>
  rpc(person.token, "delete_account", { confirm });

/** Request ids of a workspace's captures. */
const captured = async (workspaceId: string): Promise<string[]> => {
  const rows = await database()<{ request_id: string }[]>`
    select request_id from public.entries where workspace_id = ${workspaceId}`;
  return rows.map(({ request_id }) => request_id);
};

describe("the export of an account", () => {
  it("has what is one's own, nobody else's and no secret, and is audited", async () => {
    const [person, other] = await Promise.all([newPerson(), newPerson()]);
    await enrol(person.workspaceId, other);
    const [device] = await Promise.all([
      newDevice(person),
      newDevice(other, { workspaceId: person.workspaceId }),
    ]);
    const { status, body } = await rpc<Export>(person.token, "export_account");
    expect(status).toBe(200);
    expect(body.profile.id).toBe(person.id);
    expect(body["workspaces"]!.map((row) => row["id"])).toEqual([person.workspaceId]);
    expect(body["memberships"]!.map((row) => row["user_id"])).toEqual([person.id]);
    expect(body["devices"]!.map((row) => row["uuid"])).toEqual([device.uuid]);
    expect(body["tokens"]!.map((row) => row["user_id"])).toEqual([person.id]);
    expect(body["connections"]!.map((row) => row["client_id"])).toEqual(["dashboard"]);
    expect(new Set(body["activity"]!.map((row) => row["actor_id"]))).toEqual(new Set([person.id]));
    const text = JSON.stringify(body);
    for (const secret of [person.token, person.sessionToken, device.token, other.email, other.id]) {
      expect(text).not.toContain(secret);
    }
    expect(text).not.toMatch(/"(\w*_hash|encrypted_password|\w*secret\w*|password)":/);
    expect(await auditOf(person.id, "account.export")).toMatchObject([
      { actor_type: "user", actor_id: person.id },
    ]);
  });
});

describe("the deletion of an account", () => {
  it("wants the address repeated", async () => {
    const person = await newPerson();
    for (const wrong of ["", "somebody@example.com"]) {
      expect(await remove(person, wrong)).toMatchObject({
        status: 400,
        body: { message: "confirm: repeat your e-mail address to delete the account" },
      });
    }
    expect((await rest(person.token, "GET", "profiles")).status).toBe(200);
  });

  it("is not among what a connected app may do", async () => {
    const person = await newPerson();
    const { access_token } = await connect(person, await newClient());
    const { status } = await rpc(access_token, "delete_account", { confirm: person.email });
    expect(status).toBe(403);
    expect((await rest(person.token, "GET", "profiles")).status).toBe(200);
  });

  it("waits until nobody else uses one's workspaces", async () => {
    const [person, other] = await Promise.all([newPerson(), newPerson()]);
    await enrol(person.workspaceId, other);
    expect(await remove(person)).toMatchObject({
      status: 409,
      body: { message: expect.stringMatching(/others belong to your workspaces \(Personal\)/) },
    });
    const member = `workspace_members?workspace_id=eq.${person.workspaceId}&user_id=eq.${other.id}`;
    expect(rowsOf(await rest(person.token, "DELETE", member))).toHaveLength(1);
    expect((await remove(person)).body).toBe(true);
  });

  it("ends every token at once and takes everything along, and is audited", async () => {
    const [person, host] = await Promise.all([newPerson(), newPerson()]);
    await enrol(host.workspaceId, person);
    const [own, shared] = await Promise.all([
      newDevice(person),
      newDevice(person, { workspaceId: host.workspaceId }),
    ]);
    await ingest(own, [exchangeOf(), exchangeOf()]);
    await ingest(shared, [exchangeOf()]);
    expect(await captured(person.workspaceId)).toHaveLength(2);
    const payloads = await database()<{ id: string }[]>`
      select id from public.entries where workspace_id = ${person.workspaceId}`;

    expect((await remove(person)).body).toBe(true);
    expect((await rest(person.token, "GET", "profiles")).status).toBe(401);
    expect((await rest(own.token, "GET", "entries?select=request_id")).status).toBe(401);
    const exchanged = await call("/functions/v1/mcp/first-party-token", person.sessionToken, {
      method: "POST",
    });
    expect(exchanged.status).toBe(401);
    const sent = await call("/functions/v1/ingest", own.token, {
      method: "POST",
      body: JSON.stringify({ entries: [exchangeOf()] }),
    });
    expect(sent.status).toBe(401);
    const signIn = await call("/auth/v1/token?grant_type=password", null, {
      method: "POST",
      body: JSON.stringify({ email: person.email, password: person.password }),
    });
    expect(signIn.status).toBe(400);

    await database()`select private.expire_entries()`;
    expect(await captured(person.workspaceId)).toEqual([]);
    const left = await database()`
      select id from private.entry_payloads where id in ${
      database()(payloads.map(({ id }) => id))
    }`;
    expect(left).toHaveLength(0);

    // In somebody else's workspace the device and what it captured are theirs.
    expect(await captured(host.workspaceId)).toHaveLength(1);
    const [device] = rowsOf(await rest(host.token, "GET", `devices?uuid=eq.${shared.uuid}`));
    expect(device).toMatchObject({ owner_user_id: null });
    expect(await auditOf(person.id, "account.delete")).toMatchObject([
      { actor_type: "user", actor_id: person.id, client_id: "dashboard" },
    ]);
  });
});

describe("the deletion of a device", () => {
  it("takes its captures along even when it is paired again before they are gone", async () => {
    const person = await newPerson();
    const device = await newDevice(person);
    await ingest(device, [exchangeOf({ request_id: "before" })]);
    rowsOf(await rest(person.token, "DELETE", `devices?uuid=eq.${device.uuid}`));
    const again = await newDevice(person, { uuid: device.uuid });
    await ingest(again, [exchangeOf({ request_id: "after" })]);
    for (let run = 0; run < 2; run++) await database()`select private.expire_entries()`;
    expect(await captured(person.workspaceId)).toEqual(["after"]);
  });

  it("takes its captures along, but not those of one with its uuid that is added anew", async () => {
    const person = await newPerson();
    const device = await newDevice(person);
    await ingest(device, [exchangeOf()]);
    const row = { uuid: device.uuid, name: device.name, workspace_id: person.workspaceId };
    rowsOf(await rest(person.token, "DELETE", `devices?uuid=eq.${device.uuid}`));
    rowsOf(await rest(person.token, "POST", "devices", row));
    await database()`
      insert into public.entries (request_id, device_uuid, ts, payload)
      values ('anew', ${device.uuid}, now(), '{"url": "https://api.example.com/"}')`;
    for (let run = 0; run < 2; run++) await database()`select private.expire_entries()`;
    expect(await captured(person.workspaceId)).toEqual(["anew"]);
  });
});
