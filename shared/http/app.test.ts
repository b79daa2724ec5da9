import { describe, expect, it } from "vitest";
import { createApp } from "./app.ts";
import { AppError } from "./errors.ts";
import type { RequestLog } from "./log.ts";

function exampleApp() {
  const logs: RequestLog[] = [];
  const app = createApp("example", { fetch, log: (line) => logs.push(line) });
  app.get("/fine", (c) => c.json({ fine: true }));
  app.post("/fine", (c) => c.json({ posted: true }));
  app.get("/known", () => {
    throw new AppError("invalid_request", "name: give one", { details: { field: "name" } });
  });
  app.get("/unknown", () => {
    throw new Error("select * from private.things -- eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln");
  });
  return { app, logs };
}

describe("an edge function's frame", () => {
  it("answers under its own name", async () => {
    const { app } = exampleApp();
    expect(await (await app.request("/example/fine")).json()).toEqual({ fine: true });
    expect((await app.request("/example/fine/")).status).toBe(200);
    expect((await app.request("/fine")).status).toBe(404);
  });

  it("hands a sane request id back and replaces an insane one", async () => {
    const { app, logs } = exampleApp();
    const sane = await app.request("/example/fine", { headers: { "X-Request-Id": "abc-123" } });
    expect(sane.headers.get("x-request-id")).toBe("abc-123");
    expect(logs.at(-1)?.request_id).toBe("abc-123");
    for (const id of ['"}injected', "x".repeat(200)]) {
      const answer = await app.request("/example/fine", { headers: { "X-Request-Id": id } });
      expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it("answers errors in one envelope, with the code's status and the request id", async () => {
    const { app } = exampleApp();
    const answer = await app.request("/example/known");
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({
      error: {
        code: "invalid_request",
        message: "name: give one",
        details: { field: "name" },
        request_id: answer.headers.get("x-request-id"),
      },
    });
  });

  it("keeps an unexpected error to itself, and its tokens out of the log", async () => {
    const { app, logs } = exampleApp();
    const answer = await app.request("/example/unknown");
    expect(answer.status).toBe(500);
    const text = await answer.text();
    expect(text).not.toContain("select");
    expect(text).not.toContain("at ");
    expect(JSON.parse(text).error.code).toBe("internal");
    const logged = JSON.stringify(logs.at(-1));
    expect(logged).toContain("select * from private.things");
    expect(logged).not.toContain("eyJ");
  });

  it("answers 404 and 405 in the envelope", async () => {
    const { app } = exampleApp();
    const missing = await app.request("/example/nothing");
    expect(missing.status).toBe(404);
    expect((await missing.json()).error.code).toBe("not_found");
    const wrong = await app.request("/example/fine", { method: "DELETE" });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get("allow")).toBe("GET, HEAD, POST");
    expect((await wrong.json()).error.code).toBe("method_not_allowed");
  });

  it("lets any origin in without credentials, on errors too", async () => {
    const { app } = exampleApp();
    const preflight = await app.request("/example/fine", {
      method: "OPTIONS",
      headers: {
        Origin: "https://elsewhere.test",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization");
    expect(preflight.headers.get("access-control-allow-credentials")).toBeNull();
    for (
      const path of ["/example/fine", "/example/known", "/example/unknown", "/example/nothing"]
    ) {
      const answer = await app.request(path, { headers: { Origin: "https://elsewhere.test" } });
      expect(answer.headers.get("access-control-allow-origin"), path).toBe("*");
      expect(answer.headers.get("access-control-expose-headers"), path).toContain("X-Request-Id");
    }
  });

  it("writes one line a request, without query or headers", async () => {
    const { app, logs } = exampleApp();
    await app.request("/example/fine?access_token=hunter2", {
      headers: { Authorization: "Bearer hunter2", Cookie: "session=hunter2" },
    });
    expect(logs).toHaveLength(1);
    expect(logs[0]).toMatchObject({
      level: "info",
      surface: "example",
      caller: "anonymous",
      method: "GET",
      path: "/example/fine",
      status: 200,
    });
    expect(JSON.stringify(logs)).not.toContain("hunter2");
  });
});
