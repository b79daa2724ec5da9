// What runs unattended: an account with a role, a client with a secret, and no person.

import { decodeJwt } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { basic, connect, errorOf, issuer, newClient, postForm, redeem } from "../support/oauth.ts";
import type { Tokens } from "../support/oauth.ts";
import { rest, rowsOf, rpc } from "../support/rest.ts";
import { answer, call, newPerson } from "../support/world.ts";
import type { Person } from "../support/world.ts";

interface ServiceClient {
  client_id: string;
  client_secret: string;
}

let admin: Person, member: Person;

beforeAll(async () => {
  [admin, member] = await Promise.all([newPerson("admin"), newPerson()]);
});

async function newService(role: string): Promise<ServiceClient & { accountId: string }> {
  const [account] = rowsOf<{ id: string }>(
    await rest(admin.token, "POST", "service_accounts", {
      name: `Service ${crypto.randomUUID()}`,
      role,
    }),
  );
  const made = await rpc<ServiceClient>(admin.token, "create_service_client", {
    service_account_id: account!.id,
  });
  return { ...made.body, accountId: account!.id };
}

function ask(service: ServiceClient, fields: Record<string, string> = {}): Promise<Response> {
  return postForm("/token", { grant_type: "client_credentials", ...fields }, {
    headers: basic(service.client_id, service.client_secret),
  });
}

const tokenOf = async (service: ServiceClient, scope?: string) =>
  await answer<Tokens>(await ask(service, scope ? { scope } : {}));

describe("a service account", () => {
  it("T25 gets a token by its secret, for itself and without a refresh token", async () => {
    const service = await newService("admin");
    const response = await ask(service);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const tokens = await answer<Tokens>(response);
    expect(tokens).toEqual({
      access_token: expect.any(String),
      token_type: "Bearer",
      expires_in: 3_600,
      scope: "mcp:read mcp:write",
    });
    expect(decodeJwt(tokens.access_token)).toMatchObject({
      iss: issuer(),
      sub: service.accountId,
      aud: [issuer(), "authenticated"],
      role: "authenticated",
      user_role: "admin",
      client_id: service.client_id,
    });
  });

  it("does by REST and in functions what its role permits", async () => {
    const { access_token } = await tokenOf(await newService("admin"));
    const workspaces = rowsOf(await rest(access_token, "GET", "workspaces?select=id"));
    expect(workspaces.map(({ id }) => id)).toContain(member.workspaceId);
    const listing = await call("/functions/v1/mcp", access_token, {
      method: "POST",
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
    });
    expect([listing.status, await listing.text()]).toEqual([
      200,
      expect.stringContaining("search_entries"),
    ]);
  });

  it("belongs to no workspace: without global it sees none", async () => {
    const { access_token } = await tokenOf(await newService("member"));
    expect((await rest(access_token, "GET", "workspaces?select=id")).body).toEqual([]);
    expect((await rest(access_token, "GET", "roles?select=name")).status).toBe(200);
  });

  it("is bound by the scopes it asked for", async () => {
    const service = await newService("admin");
    const { access_token, scope } = await tokenOf(service, "mcp:read");
    expect(scope).toBe("mcp:read");
    const changed = await rest(access_token, "PATCH", `workspaces?id=eq.${member.workspaceId}`, {
      retention_days: 3,
    });
    expect(changed.body).toEqual([]);
    expect((await tokenOf(service, "mcp admin secrets")).scope).toBe(
      "mcp:read mcp:write admin secrets",
    );
    expect(await errorOf(await ask(service, { scope: "nonsense" }))).toBe("400 invalid_scope");
    expect(await errorOf(await ask(service, { resource: "https://x.example" }))).toBe(
      "400 invalid_target",
    );
  });

  it("is known by its secret alone, in the way it was registered", async () => {
    const service = await newService("viewer");
    expect(await errorOf(await ask({ ...service, client_secret: "bms_wrong" }))).toBe(
      "401 invalid_client",
    );
    const inBody = await postForm("/token", { grant_type: "client_credentials", ...service });
    expect(await errorOf(inBody)).toBe("401 invalid_client");
  });

  it("gets nothing that is for people", async () => {
    const service = await newService("viewer");
    const headers = basic(service.client_id, service.client_secret);
    for (const grant_type of ["authorization_code", "refresh_token"]) {
      const response = await postForm("/token", {
        grant_type,
        code: "bmc_x",
        code_verifier: "x".repeat(43),
        refresh_token: "bmt_x",
      }, { headers });
      expect(await errorOf(response)).toBe("400 unauthorized_client");
    }
  });

  it("R44 may ask about anybody's token, as a resource server must", async () => {
    const service = await newService("viewer");
    const client = await newClient();
    const { access_token } = await connect(member, client);
    const response = await postForm("/introspect", { token: access_token }, {
      headers: basic(service.client_id, service.client_secret),
    });
    expect(await response.json()).toMatchObject({
      active: true,
      client_id: client.client_id,
      sub: member.id,
    });
  });

  it("stops at once when it is switched off, and when it is deleted", async () => {
    const service = await newService("admin");
    const { access_token } = await tokenOf(service);
    const where = `service_accounts?id=eq.${service.accountId}`;
    const status = async () => (await call("/rest/v1/roles?select=name", access_token)).status;
    expect(await status()).toBe(200);
    await rest(admin.token, "PATCH", where, { disabled_at: new Date().toISOString() });
    expect(await status()).toBe(401);
    expect((await call("/functions/v1/mcp", access_token, { method: "POST" })).status).toBe(401);
    expect(await errorOf(await ask(service))).toBe("400 unauthorized_client");
    await rest(admin.token, "PATCH", where, { disabled_at: null });
    expect(await status()).toBe(200);
    await rest(admin.token, "DELETE", where);
    expect(await status()).toBe(401);
    expect(await errorOf(await ask(service))).toBe("401 invalid_client");
  });

  it("is no way around a person: a code is not redeemed by its client", async () => {
    const service = await newService("admin");
    const response = await redeem(
      { ...service, metadata: {}, address: "127.0.0.1" },
      { code: "bmc_x", verifier: "x".repeat(43) },
    );
    expect(response.status).toBe(401);
  });
});
