import { beforeEach, describe, expect, it } from "vitest";
import { createApp } from "../http/app.ts";
import { createGate, guard } from "./guard.ts";
import { DEVICE, deviceToken, fakeProject, personToken, USER } from "./project.fake.ts";
import type { FakeProject } from "./project.fake.ts";

let project: FakeProject;

beforeEach(async () => {
  project = await fakeProject();
});

async function call(token?: string, headers: Record<string, string> = {}): Promise<Response> {
  const app = createApp("example", project.runtime);
  const gate = createGate(project.config, project.runtime.fetch);
  const limit = { bucket: "example", capacity: 10, perSeconds: 60 };
  app.get(
    "/",
    guard(gate, { accept: "person", scope: "mcp:write", limit }),
    (c) => c.json({ sub: c.var.caller.claims.sub }),
  );
  return await app.request("/example", {
    headers: { ...(token && { Authorization: `Bearer ${token}` }), ...headers },
  });
}

describe("the guard", () => {
  it("lets a live person through and asks liveness and bucket in one call", async () => {
    const answer = await call(await personToken(project), {
      "X-Forwarded-For": "1.2.3.4, 10.0.0.7",
    });
    expect(await answer.json()).toEqual({ sub: USER });
    expect(answer.headers.get("ratelimit-limit")).toBe("10");
    expect(answer.headers.get("ratelimit-remaining")).toBe("9");
    expect(answer.headers.get("ratelimit-reset")).toBe("6");
    expect(project.calls).toHaveLength(1);
    const [admit] = project.calls;
    expect(admit?.args).toMatchObject({
      credential: { kind: "person", sub: USER },
      bucket: "example",
      bucket_key: "10.0.0.7",
      capacity: 10,
      per_seconds: 60,
    });
    expect(admit?.headers.get("apikey")).toBe("sb_secret_test");
    expect(admit?.headers.get("authorization")).toBeNull();
    expect(admit?.headers.get("content-profile")).toBe("internal");
    expect(project.logs[0]?.caller).toBe(`person:${USER}`);
  });

  it("challenges a request without a token, and one whose token is not good", async () => {
    const none = await call();
    expect(none.status).toBe(401);
    expect(none.headers.get("www-authenticate")).toBe("Bearer");
    const bad = await call("a.b.c");
    expect(bad.status).toBe(401);
    expect(bad.headers.get("www-authenticate")).toContain('error="invalid_token"');
    expect(project.calls).toHaveLength(0);
  });

  it("refuses a revoked token", async () => {
    project.rpcs.admit = () => ({ live: false, allowed: false });
    const answer = await call(await personToken(project));
    expect(answer.status).toBe(401);
    expect((await answer.json()).error.code).toBe("invalid_token");
  });

  it("refuses a device where a person is needed", async () => {
    const answer = await call(await deviceToken(project));
    expect(answer.status).toBe(403);
    expect((await answer.json()).error.code).toBe("wrong_credential");
    expect(project.calls[0]?.args.credential).toMatchObject({
      kind: "device",
      device_uuid: DEVICE,
    });
  });

  it("refuses a token without the scope and names it", async () => {
    const answer = await call(await personToken(project, { scope: "mcp:read" }));
    expect(answer.status).toBe(403);
    expect(answer.headers.get("www-authenticate")).toContain('scope="mcp:write"');
    expect((await call(await personToken(project, { scope: "mcp" }))).status).toBe(200);
  });

  it("says when to come back once the bucket is empty", async () => {
    project.rpcs.admit = () => ({
      live: true,
      allowed: false,
      limit: 10,
      remaining: 0,
      reset_seconds: 7,
    });
    const answer = await call(await personToken(project));
    expect(answer.status).toBe(429);
    expect(answer.headers.get("retry-after")).toBe("7");
    expect(answer.headers.get("ratelimit-remaining")).toBe("0");
  });

  it.each([
    ["is not reachable", () => Promise.reject(new TypeError("fetch failed")), 503],
    ["has no connections", () => pgError(503, "PGRST003"), 503],
    ["is shutting down", () => pgError(500, "57P01"), 503],
    ["fails", () => pgError(500, "XX000"), 500],
    ["lacks the function", () => pgError(404, "PGRST202"), 500],
    ["answers nothing", () => new Response(null, { status: 204 }), 500],
    ["answers an empty 404", () => new Response("", { status: 404 }), 500],
    ["answers less than it must", () => ({ live: true }), 500],
  ])("lets nobody through when the database %s", async (_, admit, status) => {
    project.rpcs.admit = admit;
    const answer = await call(await personToken(project));
    expect(answer.status).toBe(status);
    if (status === 503) expect(answer.headers.get("retry-after")).toBe("1");
  });
});

function pgError(status: number, code: string): Response {
  return Response.json({ code, message: "secret detail", details: null, hint: null }, { status });
}
