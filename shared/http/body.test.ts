import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readBytes, readJson } from "./body.ts";

const RULES = { limit: 1_000 };

function post(body: BodyInit, headers: Record<string, string> = {}): Request {
  return new Request("http://function.test/", {
    method: "POST",
    body,
    headers: { "Content-Type": "application/json", ...headers },
    duplex: "half",
  } as RequestInit);
}

async function gzip(data: string | Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([data]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

describe("readJson", () => {
  it("reads plain and gzipped JSON alike", async () => {
    const value = { text: "grüße" };
    const text = JSON.stringify(value);
    expect(await readJson(post(text), RULES)).toEqual(value);
    const request = post(await gzip(text), { "Content-Encoding": "gzip" });
    expect(await readJson(request, RULES)).toEqual(value);
  });

  it("takes an empty body for none", async () => {
    expect(await readJson(new Request("http://function.test/", { method: "POST" }), RULES))
      .toBeUndefined();
  });

  it("says where broken JSON breaks, without quoting it", async () => {
    await expect(readJson(post('{"secret": hunter2}'), RULES)).rejects.toMatchObject({
      code: "invalid_json",
      message: "The body is not JSON: fault at position 11.",
      details: { position: 11 },
    });
  });

  it.each([
    ["invalid UTF-8", post(new Uint8Array([0x22, 0xc3, 0x28, 0x22])), "invalid_utf8", 400],
    [
      "another media type",
      post("a=1", { "Content-Type": "text/plain" }),
      "unsupported_media_type",
      415,
    ],
    [
      "another charset",
      post("{}", { "Content-Type": "application/json; charset=latin1" }),
      "unsupported_media_type",
      415,
    ],
    ["another coding", post("{}", { "Content-Encoding": "br" }), "unsupported_encoding", 415],
    ["gzip that is none", post("{}", { "Content-Encoding": "gzip" }), "invalid_compression", 400],
  ])("refuses %s", async (_, request, code, status) => {
    await expect(readJson(request, RULES)).rejects.toMatchObject({ code, status });
  });

  it("refuses gzip that ends early", async () => {
    const whole = await gzip(JSON.stringify("x".repeat(500)));
    const request = post(whole.slice(0, -6), { "Content-Encoding": "gzip" });
    await expect(readJson(request, RULES)).rejects.toMatchObject({ code: "invalid_compression" });
  });

  it("takes application/problem+json and a quoted charset", async () => {
    const request = post("1", { "Content-Type": 'application/problem+json; charset="UTF-8"' });
    expect(await readJson(request, RULES)).toBe(1);
  });
});

describe("readBytes", () => {
  it("takes exactly the limit and refuses one byte more", async () => {
    expect((await readBytes(post("x".repeat(1_000)), RULES)).byteLength).toBe(1_000);
    await expect(readBytes(post("x".repeat(1_001)), RULES)).rejects.toMatchObject({
      code: "body_too_large",
      status: 413,
    });
  });

  it("stops an endless body at the limit and lets go of its source", async () => {
    let pulls = 0;
    let released = false;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulls++;
        controller.enqueue(new Uint8Array(100));
      },
      cancel() {
        released = true;
      },
    });
    await expect(readBytes(post(endless), RULES)).rejects.toMatchObject({ code: "body_too_large" });
    expect(pulls).toBeLessThan(20);
    expect(released).toBe(true);
  });

  it("inflates a bomb no further than the limit", async () => {
    const bomb = gzipSync(new Uint8Array(32 * 1_048_576));
    const before = process.memoryUsage().rss;
    const request = post(bomb, { "Content-Encoding": "gzip" });
    await expect(readBytes(request, { limit: 1_048_576 })).rejects.toMatchObject({
      code: "body_too_large",
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1_048_576);
  });

  it("calls a body that breaks off aborted, not broken gzip", async () => {
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.error(new TypeError("connection reset"));
      },
    });
    await expect(readBytes(post(broken), RULES)).rejects.toMatchObject({ code: "request_aborted" });
  });
});
