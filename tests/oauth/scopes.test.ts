// One token, three ways in, and the scopes that bind on each of them.

import { createClient } from "@supabase/supabase-js";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Clients, join, listen, until } from "../realtime/support/client.ts";
import { connect, newClient } from "../support/oauth.ts";
import type { Client } from "../support/oauth.ts";
import { rest, rpc } from "../support/rest.ts";
import { resigned } from "../support/signing.ts";
import { stack } from "../support/stack.ts";
import {
  call,
  clientWith,
  database,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  signIn,
} from "../support/world.ts";
import type { Device, Person } from "../support/world.ts";

let owner: Person, guest: Person, admin: Person;
let device: Device;
let client: Client;
let sockets: Clients;
/** External tokens of the owner. */
let whole: string, readOnly: string;

beforeAll(async () => {
  [owner, guest, admin, client] = await Promise.all([
    newPerson(),
    newPerson(),
    newPerson("admin"),
    newClient(),
  ]);
  device = await newDevice(owner);
  whole = (await connect(owner, client)).access_token;
  readOnly = (await connect(owner, client, "mcp:read mcp:write", ["mcp:read"])).access_token;
  const { url, publishable_key: publishableKey } = stack();
  sockets = new Clients(
    { url, publishableKey } as ConstructorParameters<typeof Clients>[0],
    "2.0.0",
  );
});
afterAll(() => sockets.close());

describe("R40 the token of an external client", () => {
  it("reads a table with supabase-js", async () => {
    const { data, error } = await clientWith(whole).from("workspaces").select("id");
    expect(error).toBeNull();
    expect(data).toEqual([{ id: owner.workspaceId }]);
    const inBoth = createClient(stack().url, whole, {
      accessToken: () => Promise.resolve(whole),
    });
    expect((await inBoth.from("workspaces").select("id")).data).toEqual(data);
  });

  it.each<[string, (token: string) => Record<string, string>]>([
    ["in both headers", (token) => ({ apikey: token, Authorization: `Bearer ${token}` })],
    ["in apikey alone", (token) => ({ apikey: token })],
    ["in Authorization alone", (token) => ({ Authorization: `Bearer ${token}` })],
    ["beside the publishable key", (token) => ({
      apikey: stack().publishable_key,
      Authorization: `Bearer ${token}`,
    })],
  ])("reads a table by HTTP %s", async (_, headers) => {
    const response = await fetch(`${stack().url}/rest/v1/workspaces?select=id`, {
      headers: headers(whole),
    });
    expect(await response.json()).toEqual([{ id: owner.workspaceId }]);
  });

  it("joins a channel and hears what is captured", async () => {
    const socket = await sockets.connect(() => Promise.resolve(readOnly));
    const listener = await join(socket, `ws:${owner.workspaceId}`, { private: true });
    const entry = exchangeOf();
    await ingest(device, [entry]);
    await until(() => listener.broadcasts.some(({ event }) => event === "entries"));
    expect(JSON.stringify(listener.broadcasts)).toContain(entry.request_id);
    await socket.removeAllChannels();
  });

  it("calls a function and changes a row", async () => {
    const code = await call("/functions/v1/device-pair/codes", whole, { method: "POST" });
    expect(code.status).toBe(201);
    const renamed = await rest(whole, "PATCH", `devices?uuid=eq.${device.uuid}`, {
      name: `Renamed ${device.uuid}`,
    });
    expect(renamed.body).toHaveLength(1);
  });

  it("R40 sees what its person sees and nothing more", async () => {
    const guests = await connect(guest, client);
    expect((await rest(guests.access_token, "GET", `devices?uuid=eq.${device.uuid}`)).body).toEqual(
      [],
    );
    expect((await rest(guests.access_token, "GET", "workspaces?select=id")).body)
      .toEqual([{ id: guest.workspaceId }]);
  });
});

describe("a token narrowed to mcp:read", () => {
  it("R39 reads, whether or not the claim says more than was granted", async () => {
    expect((await rest(readOnly, "GET", "devices?select=uuid")).body).toHaveLength(1);
    // The database goes by what it granted. A validly signed lie does not help.
    const lie = await resigned(readOnly, { scope: "mcp:read mcp:write admin secrets" });
    expect((await rest(lie, "PATCH", `devices?uuid=eq.${device.uuid}`, { name: "x" })).body)
      .toEqual([]);
  });

  it("changes no row by REST, in any table that takes changes", async () => {
    const before = await snapshot();
    const answers = await Promise.all([
      rest(readOnly, "POST", "devices", {
        uuid: crypto.randomUUID(),
        name: "x",
        workspace_id: owner.workspaceId,
      }),
      rest(readOnly, "PATCH", `devices?uuid=eq.${device.uuid}`, { name: "x" }),
      rest(readOnly, "DELETE", `devices?uuid=eq.${device.uuid}`),
      rest(readOnly, "POST", "workspaces", { name: "x" }),
      rest(readOnly, "PATCH", `workspaces?id=eq.${owner.workspaceId}`, { retention_days: 1 }),
      rest(readOnly, "POST", "workspace_members", {
        workspace_id: owner.workspaceId,
        user_id: guest.id,
      }),
      rest(readOnly, "DELETE", `entries?workspace_id=eq.${owner.workspaceId}`),
      rest(readOnly, "PATCH", `profiles?id=eq.${owner.id}`, { display_name: "x" }),
      rest(readOnly, "PATCH", `api_tokens?user_id=eq.${owner.id}`, { scope: "mcp" }),
    ]);
    for (const { status, body } of answers) {
      expect(status === 403 || (status === 200 && (body as unknown[]).length === 0)).toBe(true);
    }
    expect(await snapshot()).toEqual(before);
  });

  it("changes nothing by RPC", async () => {
    const before = await snapshot();
    const workspace_id = owner.workspaceId;
    const { jti, session_id: grant_id } = decodeJwt(owner.token);
    await Promise.all([
      rpc(readOnly, "invite_to_workspace", { workspace_id, email: guest.email }),
      rpc(readOnly, "transfer_workspace", { workspace_id, user_id: guest.id }),
      rpc(readOnly, "leave_workspace", { workspace_id }),
      rpc(readOnly, "revoke_connection", { grant_id }),
      rpc(readOnly, "revoke_token", { jti }),
      rpc(readOnly, "delete_account", { confirm: owner.email }),
    ]);
    expect(await snapshot()).toEqual(before);
    expect((await rest(owner.token, "GET", "workspaces?select=id")).body).toHaveLength(1);
  });

  it("sends nothing over Realtime", async () => {
    const listener = await join(
      await sockets.connect(() => Promise.resolve(owner.token)),
      `ws:${owner.workspaceId}`,
      { private: true },
    );
    const socket = await sockets.connect(() => Promise.resolve(readOnly));
    const own = await join(socket, `ws:${owner.workspaceId}`, { private: true });
    await own.channel.send({ type: "broadcast", event: "forged", payload: {} });
    await call("/realtime/v1/api/broadcast", readOnly, {
      method: "POST",
      body: JSON.stringify({
        messages: [
          { topic: `ws:${owner.workspaceId}`, event: "forged", payload: {}, private: true },
        ],
      }),
    });
    // What is sent after it by who may has arrived, and the forgery before it has not.
    await ingest(device, [exchangeOf()]);
    await until(() => listener.broadcasts.some(({ event }) => event === "entries"));
    expect(listener.broadcasts.map(({ event }) => event)).not.toContain("forged");
    await socket.removeAllChannels();
  });

  it("R38 T35 changes nothing by a function: 403 that names the scope it needs", async () => {
    for (
      const [method, path] of [
        ["POST", "/functions/v1/device-pair/codes"],
        ["DELETE", `/functions/v1/device-pair/${device.uuid}`],
      ] as const
    ) {
      const response = await call(path, readOnly, { method });
      expect(response.status).toBe(403);
      expect(response.headers.get("www-authenticate"))
        .toContain('error="insufficient_scope", scope="mcp:write"');
    }
  });

  /** All that the attempts above would change. */
  async function snapshot() {
    const [state] = await database()`
      select (select jsonb_agg(to_jsonb(d) - 'last_seen_at') from public.devices d
          where d.workspace_id = ${owner.workspaceId}) as devices,
        (select jsonb_agg(to_jsonb(w)) from public.workspaces w where w.owner_user_id = ${owner.id}) as workspaces,
        (select jsonb_agg(m.user_id) from public.workspace_members m
          where m.workspace_id = ${owner.workspaceId}) as members,
        (select jsonb_agg(i.email) from public.workspace_invitations i
          where i.workspace_id = ${owner.workspaceId}) as invitations,
        (select to_jsonb(p) from public.profiles p where p.id = ${owner.id}) as profile,
        (select count(*) from public.api_tokens t where t.user_id = ${owner.id} and t.revoked_at is null) as tokens,
        (select count(*) from public.entries e where e.workspace_id = ${owner.workspaceId}) as entries`;
    return state;
  }
});

describe("the scopes admin and secrets", () => {
  it("R39 are not had by role alone: an admin's ordinary token does nothing that is for admins", async () => {
    const ordinary = (await connect(admin, client)).access_token;
    const full = (await connect(admin, client, "mcp:read mcp:write admin secrets")).access_token;
    const name = `Agent ${crypto.randomUUID()}`;
    expect((await rest(ordinary, "POST", "service_accounts", { name, role: "viewer" })).status)
      .toBe(403);
    const made = await rest<{ id: string }[]>(full, "POST", "service_accounts", {
      name,
      role: "viewer",
    });
    expect(made.status).toBe(201);
    const service_account_id = made.body[0]!.id;
    expect((await rpc(ordinary, "create_service_client", { service_account_id })).body).toBeNull();
    expect((await rpc(full, "create_service_client", { service_account_id })).body)
      .toMatchObject({ client_id: expect.any(String) });
  });

  it("R39 open what is captured raw only with secrets", async () => {
    const entry = exchangeOf({}, {
      requestHeaders: { authorization: "Bearer hunter2-hunter2-hunter2" },
    });
    await ingest(device, [entry]);
    const [{ id }] = (await rest<[{ id: string }]>(
      whole,
      "GET",
      `entries?select=id&request_id=eq.${entry.request_id}`,
    )).body;
    const secret = (await connect(owner, client, "mcp:read secrets")).access_token;
    const reads = async (token: string) =>
      JSON.stringify((await rpc(token, "get_entry", { id, parts: null })).body);
    expect(await reads(secret)).toContain("hunter2-hunter2-hunter2");
    expect(await reads(whole)).not.toContain("hunter2-hunter2-hunter2");
  });
});

describe("R37 the two kinds of token", () => {
  it("do not stand in for one another: no password is changed with an access token", async () => {
    const response = await call("/auth/v1/user", whole, {
      method: "PUT",
      body: JSON.stringify({ password: "taken over completely" }),
    });
    expect(response.status).toBe(403);
    expect((await call("/auth/v1/user", whole)).status).toBe(403);
    await signIn(owner.email, owner.password);
  });

  it("nor is a table read, a function called or a channel joined with a session", async () => {
    expect((await call("/rest/v1/workspaces?select=id", owner.sessionToken)).status).toBe(401);
    expect((await call("/functions/v1/mcp", owner.sessionToken, { method: "POST" })).status).toBe(
      401,
    );
    const socket = await sockets.connect(() => Promise.resolve(owner.sessionToken));
    const listener = listen(socket, `user:${owner.id}`, { private: true });
    await until(() => listener.statuses.length > 0, 10_000);
    expect(listener.statuses[0]).toBe("CHANNEL_ERROR");
    await socket.removeAllChannels();
  });

  it("R37 R38 and what is expired, forged or for others is a 401 that says invalid_token", async () => {
    const now = Math.floor(Date.now() / 1000);
    for (
      const changes of [
        { exp: now - 1 },
        { nbf: now + 60 },
        { iss: "https://evil.example" },
        { aud: ["https://evil.example", "authenticated"] },
        { aud: "authenticated" },
        { sub: guest.id },
        { jti: crypto.randomUUID() },
        { jti: undefined },
        { role: "service_role" },
      ]
    ) {
      const response = await call("/functions/v1/mcp", await resigned(whole, changes), {
        method: "POST",
      });
      expect([changes, response.status]).toEqual([changes, 401]);
      expect(response.headers.get("www-authenticate")).toContain('error="invalid_token"');
    }
  });

  it("R45 and an id is no key: a grant's or a token's own id opens nothing", async () => {
    const { jti, session_id } = decodeJwt(whole);
    for (const id of [jti!, session_id as string, client.client_id]) {
      expect((await call("/functions/v1/mcp", id, { method: "POST" })).status).toBe(401);
      expect((await call("/rest/v1/workspaces", id)).status).toBe(401);
    }
  });
});
