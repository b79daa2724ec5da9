import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffEntries } from "./diff.ts";
import { JSON_HEADERS, storedEntry } from "./entry.fake.ts";

const body = fc.oneof(
  fc.string(),
  fc.json(),
  fc.constant(null),
  fc.uint8Array().map((bytes) => ({
    text: Buffer.from(bytes).toString("base64"),
    encoding: "base64" as const,
  })),
);
const headers = fc.oneof(
  fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.array(fc.string()))),
  fc.array(fc.tuple(fc.string(), fc.string())),
);

describe("diffEntries", () => {
  it("finds nothing between an entry and itself", { timeout: 30_000 }, async () => {
    const payload = fc.record({
      requestHeaders: headers,
      responseHeaders: headers,
      requestBody: body,
      responseBody: body,
    }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(fc.webUrl(), payload, async (url, payload) => {
        const entry = storedEntry({ url }, payload);
        const { id, ts } = entry;
        expect(await diffEntries(entry, structuredClone(entry)))
          .toEqual({ a: { id, ts }, b: { id, ts }, same_exchange: true, left_out: [] });
      }),
      { numRuns: 50 },
    );
  });

  it("takes the request line apart", async () => {
    const a = storedEntry({ url: "http://a.example/users/1/posts?page=1&tag=x&tag=y&old=1" });
    const b = storedEntry({
      method: "POST",
      url: "https://b.example:8443/users/2/posts/9?tag=y&tag=x&page=1&new=",
    });
    expect((await diffEntries(a, b)).request).toEqual({
      method: { a: "GET", b: "POST" },
      scheme: { a: "http", b: "https" },
      host: { a: "a.example", b: "b.example:8443" },
      path: {
        a: "/users/1/posts",
        b: "/users/2/posts/9",
        segments: [{ index: 1, a: "1", b: "2" }, { index: 3, b: "9" }],
      },
      query: [
        { name: "tag", change: "changed", a: ["x", "y"], b: ["y", "x"] },
        { name: "old", change: "removed", a: ["1"] },
        { name: "new", change: "added", b: [""] },
      ],
    });
  });

  it("compares URLs whole where their parts tell nothing", async () => {
    for (const [a, b] of [["not a url", "nor this"], ["http://h/#a", "http://h/#b"]]) {
      const diff = await diffEntries(storedEntry({ url: a! }), storedEntry({ url: b! }));
      expect(diff.request).toEqual({ url: { a, b } });
    }
  });

  it("ignores the case of header names and keeps the order of one name's values", async () => {
    const a = storedEntry({}, {
      responseHeaders: [["Set-Cookie", "a=1"], ["X-Same", "1"], ["set-cookie", "b=2"]],
    });
    const b = storedEntry({}, { responseHeaders: { "x-same": "1", "SET-COOKIE": ["b=2", "a=1"] } });
    expect((await diffEntries(a, b)).response).toEqual({
      headers: [{ name: "Set-Cookie", change: "changed", a: ["a=1", "b=2"], b: ["b=2", "a=1"] }],
    });
  });

  it("tells status, error and timings apart from the exchange", async () => {
    const a = storedEntry({ duration_ms: 10 });
    const slow = await diffEntries(a, storedEntry({ duration_ms: 900 }));
    expect(slow.same_exchange).toBe(true);
    expect(slow.timings).toEqual({ duration_ms: { a: 10, b: 900 } });
    const failed = await diffEntries(a, storedEntry({ status: null, error: "reset" }));
    expect(failed.response).toEqual({
      status: { a: 200, b: null },
      error: { a: null, b: "reset" },
    });
  });

  it("compares JSON by structure, forms by field, text by line and bytes by hash", async () => {
    const json = (text: string) =>
      storedEntry({}, { responseHeaders: JSON_HEADERS, responseBody: text });
    const structure = await diffEntries(json('{"a":1,"b":[1,2]}'), json('{"b":[1,3],"a":1}'));
    expect(structure.response?.body?.changes)
      .toEqual([{ op: "replace", path: "/b/1", was: 2, value: 3 }]);

    const form = (text: string) =>
      storedEntry({}, {
        requestHeaders: { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" },
        requestBody: text,
      });
    const fields = await diffEntries(form("a=1&b=%20"), form("a=2&b=+"));
    expect(fields.request?.body?.fields)
      .toEqual([{ name: "a", change: "changed", a: ["1"], b: ["2"] }]);

    const text = (responseBody: unknown) => storedEntry({}, { responseBody });
    const lines = await diffEntries(text("one\ntwo\nthree"), text("one\nzwei\nthree\nfour"));
    expect(lines.response?.body?.hunks).toEqual([
      { a_line: 2, b_line: 2, removed: ["two"], added: ["zwei"] },
      { a_line: 4, b_line: 4, removed: [], added: ["four"] },
    ]);

    const bytes = await diffEntries(
      text({ text: "/w==", encoding: "base64" }),
      text({ text: "/v8=", encoding: "base64" }),
    );
    expect(bytes.response?.body).toEqual({
      a: {
        kind: "binary",
        bytes: 1,
        sha256: "a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89",
      },
      b: { kind: "binary", bytes: 2, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  it("says what it left out", async () => {
    const many = (sign: number) =>
      storedEntry({}, {
        responseBody: JSON.stringify(Array.from({ length: 1_000 }, (_, n) => sign * (n + 1))),
      });
    const bounded = await diffEntries(many(1), many(-1));
    expect(bounded.response?.body?.changes).toHaveLength(200);
    expect(bounded.left_out).toEqual(["response body: 800 more changes"]);

    const long = (tail: string) =>
      storedEntry({}, { responseBody: `{"a":"${"x".repeat(2_000)}${tail}"}` });
    const cut = await diffEntries(long("1"), long("22"));
    expect(cut.response?.body?.changes)
      .toEqual([{ op: "replace", path: "/a", long: { was: 2_003, value: 2_004 } }]);

    const line = (tail: string) => storedEntry({}, { responseBody: "x".repeat(5_000) + tail });
    const [hunk] = (await diffEntries(line("1"), line("2"))).response!.body!.hunks!;
    expect(hunk).toMatchObject({
      removed: [`…${"x".repeat(60)}1`],
      added: [`…${"x".repeat(60)}2`],
    });

    const spelling = await diffEntries(
      storedEntry({}, { responseBody: '{"a": 1}' }),
      storedEntry({}, { responseBody: '{"a":1}' }),
    );
    expect(spelling.response?.body?.changes).toEqual([]);
    expect(spelling.left_out[0]).toMatch(/^response body: differences of spelling/);

    const hidden = storedEntry({ redacted: true }, {
      responseBody: { text: "", encoding: "base64", omitted: true },
    });
    expect((await diffEntries(hidden, hidden)).left_out).toHaveLength(2);
  });

  it("compares bodies that nest too deep to walk as text", async () => {
    const deep = (value: number) =>
      storedEntry({}, {
        responseHeaders: JSON_HEADERS,
        responseBody: `${"[".repeat(50_000)}${value}${"]".repeat(50_000)}`,
      });
    const { response } = await diffEntries(deep(1), deep(2));
    expect(response?.body?.a.kind).toBe("text");
    expect(response?.body?.hunks).toHaveLength(1);
  });
});
