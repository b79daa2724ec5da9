import { decodeJwt, decodeProtectedHeader } from "jose";
import { beforeEach, describe, expect, it } from "vitest";
import { fakeProject, personToken, sign, USER } from "../token/project.fake.ts";
import type { FakeProject } from "../token/project.fake.ts";
import { mcpApp } from "./app.ts";

const JTI = "a0000000-0000-4000-8000-00000000000a";
const GRANT = "b0000000-0000-4000-8000-00000000000b";
const EXPIRES = Math.floor(Date.now() / 1000) + 3_600;
let project: FakeProject;

beforeEach(async () => {
  project = await fakeProject();
  project.rpcs.admit = () => ({
    live: false,
    allowed: true,
    limit: 60,
    remaining: 59,
    reset_seconds: 1,
    subject: null,
  });
  project.rpcs.issue_first_party_token = () => ({
    jti: JTI,
    grant_id: GRANT,
    user_role: "member",
    scope: "mcp:read mcp:write admin secrets",
    expires_at: new Date(EXPIRES * 1000).toISOString(),
  });
});

function sessionToken(overrides: Record<string, unknown> = {}) {
  const now = Math.floor(Date.now() / 1000);
  return sign({
    iss: `${project.url}/auth/v1`,
    sub: USER,
    aud: "authenticated",
    role: "authenticated",
    session_id: "e0000000-0000-4000-8000-00000000000e",
    is_anonymous: false,
    iat: now,
    exp: now + 60,
    ...overrides,
  }, project.key.private);
}

async function exchange(token?: string): Promise<Response> {
  return await mcpApp(project.config, project.runtime).request("/mcp/first-party-token", {
    method: "POST",
    headers: token ? { Authorization: `Bearer ${token}` } : {},
  });
}

describe("first-party-token", () => {
  it("exchanges a session for a token with exactly the documented claims", async () => {
    const answer = await exchange(await sessionToken());
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const { access_token, ...rest } = await answer.json();
    expect(rest).toEqual({
      token_type: "Bearer",
      expires_in: 3_600,
      scope: "mcp:read mcp:write admin secrets",
    });
    expect(decodeProtectedHeader(access_token)).toEqual({
      alg: "ES256",
      kid: "project-key",
      typ: "JWT",
    });
    expect(decodeJwt(access_token)).toEqual({
      iss: project.issuer,
      sub: USER,
      aud: [project.issuer, "authenticated"],
      role: "authenticated",
      user_role: "member",
      client_id: "dashboard",
      scope: "mcp:read mcp:write admin secrets",
      jti: JTI,
      session_id: GRANT,
      iat: EXPIRES - 3_600,
      exp: EXPIRES,
    });
    expect(project.calls[1]?.args).toEqual({
      user_id: USER,
      auth_session_id: "e0000000-0000-4000-8000-00000000000e",
    });
  });

  it.each<[string, () => Promise<string> | undefined]>([
    ["no token", () => undefined],
    ["an anonymous session", () => sessionToken({ is_anonymous: true })],
    ["an expired session", () => sessionToken({ exp: 1 })],
    ["a token of our own", () => personToken(project)],
    ["a service token", () => sessionToken({ role: "service_role" })],
  ])("refuses %s in the form of RFC 6749", async (_, token) => {
    const answer = await exchange(await token());
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer/);
    const body = await answer.json();
    expect(body).toEqual({ error: "invalid_token", error_description: expect.any(String) });
    expect(project.calls.map(({ rpc }) => rpc)).toEqual(["admit"]);
  });

  it("refuses a session that has ended", async () => {
    project.rpcs.issue_first_party_token = () =>
      Response.json({ code: "P0001", message: "session_gone" }, { status: 400 });
    const answer = await exchange(await sessionToken());
    expect(answer.status).toBe(401);
    expect((await answer.json()).error).toBe("invalid_token");
  });

  it("answers an outage as OAuth clients expect it", async () => {
    project.rpcs.issue_first_party_token = () => Promise.reject(new TypeError("fetch failed"));
    const answer = await exchange(await sessionToken());
    expect(answer.status).toBe(503);
    expect((await answer.json()).error).toBe("temporarily_unavailable");
  });
});
