import { beforeEach, describe, expect, it } from "vitest";
import { fakeProject, personToken, sign, USER } from "../token/project.fake.ts";
import type { FakeProject } from "../token/project.fake.ts";
import { mcpApp } from "./app.ts";

const GRANT = "b0000000-0000-4000-8000-00000000000b";
const admission = { allowed: true, limit: 60, remaining: 59, reset_seconds: 1, subject: null };
let project: FakeProject;

beforeEach(async () => {
  project = await fakeProject();
  project.rpcs.admit = () => ({ live: false, ...admission });
  project.rpcs.oauth_client = () => ({
    client_id: "app",
    kind: "registered",
    redirect_uris: ["https://app.example/cb"],
    auth_method: "none",
    secret_hash: null,
    metadata: { grant_types: ["authorization_code", "refresh_token"] },
    fresh: true,
  });
});

function request(path: string, body?: unknown): Promise<Response> {
  const form = body instanceof URLSearchParams;
  const app = mcpApp(project.config, project.runtime);
  return Promise.resolve(app.request(`/mcp${path}`, {
    ...(body !== undefined && {
      method: "POST",
      body: form ? body : JSON.stringify(body),
      headers: form ? {} : { "Content-Type": "application/json" },
    }),
  }));
}

const refreshForm = () =>
  new URLSearchParams({
    grant_type: "refresh_token",
    client_id: "app",
    refresh_token: "bmt_0123456789012345678901234567890123456789",
  });

describe("R46 the log", () => {
  it("tells a registration by the client's id", async () => {
    project.rpcs.oauth_register = ({ client }) => ({
      client_id: "app",
      created_at: new Date().toISOString(),
      metadata: client,
    });
    const answer = await request("/register", { redirect_uris: ["https://app.example/cb"] });
    expect(answer.status).toBe(201);
    const { client_secret } = await answer.json();
    expect(client_secret).toMatch(/^bms_/);
    expect(project.logs[0]?.event).toEqual({ name: "client_registered", client_id: "app" });
    expect(JSON.stringify(project.logs)).not.toContain(client_secret);
  });

  it("tells a grant by person, client and grant, and not by its code", async () => {
    project.rpcs.oauth_decide = () => ({
      approved: true,
      grant_id: GRANT,
      client_id: "app",
      redirect_uri: "https://app.example/cb",
      state: null,
    });
    const now = Math.floor(Date.now() / 1000);
    const access_token = await sign({
      iss: `${project.url}/auth/v1`,
      sub: USER,
      aud: "authenticated",
      role: "authenticated",
      session_id: GRANT,
      iat: now,
      exp: now + 60,
    }, project.key.private);
    const rid = "bmr_0123456789012345678901234567890123456789";
    const answer = await request("/authorize/resume", { rid, access_token, approve: true });
    const { redirect } = await answer.json();
    const code = new URL(redirect).searchParams.get("code")!;
    expect(project.logs[0]).toMatchObject({
      caller: `person:${USER}`,
      event: { name: "grant_made", client_id: "app", grant_id: GRANT },
    });
    for (const secret of [code, rid, access_token]) {
      expect(JSON.stringify(project.logs)).not.toContain(secret);
    }
  });

  it("tells that a refresh token was used twice", async () => {
    project.rpcs.oauth_rotate_refresh = () => ({ error: "invalid_grant", revoked_grant: GRANT });
    expect((await request("/token", refreshForm())).status).toBe(400);
    expect(project.logs[0]?.event)
      .toEqual({ name: "refresh_token_reused", client_id: "app", grant_id: GRANT });
    expect(JSON.stringify(project.logs)).not.toContain("bmt_");
  });

  it("tells a revocation by what it ended, and nothing when it ended nothing", async () => {
    const form = () => new URLSearchParams({ client_id: "app", token: "bmt_x" });
    project.rpcs.oauth_revoke = () => ({ grant_id: GRANT, jti: null });
    await request("/revoke", form());
    project.rpcs.oauth_revoke = () => ({ grant_id: null, jti: null });
    await request("/revoke", form());
    expect(project.logs.map(({ event }) => event))
      .toEqual([{ name: "grant_revoked", client_id: "app", grant_id: GRANT }, undefined]);
  });

  it("does not hold the id of a request that waits for consent", async () => {
    await request("/consent/bmr_0123456789012345678901234567890123456789");
    expect(project.logs[0]?.path).toBe("/mcp/consent/<token>");
  });
});

describe("an outage", () => {
  it.each<[string, () => Promise<Response>, string]>([
    ["the token endpoint", () => request("/token", refreshForm()), "oauth_rotate_refresh"],
    ["authorization", () => request("/authorize?client_id=app"), "oauth_client"],
    ["consent", () => request("/consent/x"), "oauth_pending"],
  ])("is a 503 of %s, never a refusal that a client would act on", async (_, ask, rpc) => {
    project.rpcs[rpc] = () => Promise.reject(new TypeError("fetch failed"));
    const answer = await ask();
    expect(answer.status).toBe(503);
    expect((await answer.json()).error).toBe("temporarily_unavailable");
  });

  it("never lets a client pass whose answer from the database is not understood", async () => {
    project.rpcs.oauth_client = () => ({ client_id: "app" });
    const answer = await request("/token", refreshForm());
    expect(answer.status).toBe(500);
    expect((await answer.json()).error).toBe("server_error");
  });
});

describe("the MCP endpoint", () => {
  const rights = {
    user_id: "5f6f0b0e-3c2a-4a6f-9d52-0b8f3f7c1a11",
    role: "member",
    is_admin: false,
    scopes: ["mcp:read"],
    capabilities: { devices: "view" },
  };
  const ping = async (told: unknown) => {
    project.rpcs["admit_with_rights"] = () => ({ live: true, ...admission, rights: told });
    return await mcpApp(project.config, project.runtime).request("/mcp", {
      method: "POST",
      headers: {
        Authorization: `Bearer ${await personToken(project)}`,
        "Content-Type": "application/json",
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
    });
  };

  it("admits a live token and learns its rights in one call", async () => {
    const answer = await ping(rights);
    expect(await answer.json()).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
    expect(project.calls.map(({ rpc }) => rpc)).toEqual(["admit_with_rights"]);
  });

  it.each([[null], [{}], [{ ...rights, capabilities: { devices: "own" } }]])(
    "does nothing for a caller whose rights are %j",
    async (told) => {
      const answer = await ping(told);
      expect(answer.status).toBe(500);
      expect(await answer.json()).toMatchObject({ error: { code: -32603 } });
    },
  );
});
