// What anyone may know without a token: the version that runs, and where everything is.

import { describe, expect, it } from "vitest";
import version from "../../version.json" with { type: "json" };
import { stack } from "../support/stack.ts";

const info = stack();
const get = (path: string, init: RequestInit = {}) =>
  fetch(`${info.url}/functions/v1/api${path}`, init);

describe("the version", () => {
  it("is version.json plus when and from which commit it was deployed", async () => {
    const answer = await get("/version");
    expect(answer.status).toBe(200);
    const { deployed_at, commit, ...rest } = await answer.json();
    expect(rest).toEqual(version);
    expect([deployed_at, commit].every((v) => v === null || typeof v === "string")).toBe(true);
  });

  it("may be cached, and is answered 304 to who has it", async () => {
    const first = await get("/version");
    expect(first.headers.get("cache-control")).toMatch(/^public, max-age=\d+/);
    const etag = first.headers.get("etag")!;
    expect(etag).toMatch(/^"[^"]+"$/);
    await first.text();
    for (const tags of [etag, `"other", ${etag}`, `W/${etag}`, "*"]) {
      const again = await get("/version", { headers: { "If-None-Match": tags } });
      expect(again.status, tags).toBe(304);
      expect(again.headers.get("etag")).toBe(etag);
      expect(again.headers.get("cache-control")).toBe(first.headers.get("cache-control"));
      expect(await again.text()).toBe("");
    }
    const other = await get("/version", { headers: { "If-None-Match": '"other"' } });
    expect(other.status).toBe(200);
    await other.text();
  });

  it("answers HEAD without a body and other methods with 405", async () => {
    const head = await get("/version", { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe("");
    const post = await get("/version", { method: "POST" });
    expect(post.status).toBe(405);
    expect(post.headers.get("allow")).toBe("GET, HEAD");
    expect(await post.json()).toMatchObject({ error: { code: "method_not_allowed" } });
  });

  it("is readable from any web page", async () => {
    const answer = await get("/version", { headers: { Origin: "https://elsewhere.example" } });
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    await answer.text();
  });
});

describe("the connection", () => {
  it("names every surface and the publishable key", async () => {
    const connection = await (await get("/connection")).json();
    expect(connection).toEqual({
      url: info.url,
      publishable_key: info.publishable_key,
      issuer: info.issuer,
      realtime_url: `${info.url.replace(/^http/, "ws")}/realtime/v1`,
      rest_url: `${info.url}/rest/v1`,
      mcp_url: info.issuer,
    });
  });
});
