import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { base64Size, canonicalBase64, cutBase64, fromBase64, toBase64 } from "./base64.ts";
import { BODY_LIMIT, bytesBody, decodeBody, normaliseBody, textBody } from "./body.ts";
import type { Body } from "./body.ts";
import { isStorable } from "./text.ts";

const codeUnit = fc.oneof(
  fc.integer({ min: 0, max: 0xffff }),
  fc.constantFrom(0, 0xd800, 0xdc00, 0xfeff),
)
  .map((unit) => String.fromCharCode(unit));
const anyText = fc.string({ unit: codeUnit });
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  anyText.map((text) => new TextEncoder().encode(text)),
);

function bytesOf(decoded: string | Uint8Array): Uint8Array {
  return typeof decoded === "string" ? new TextEncoder().encode(decoded) : decoded;
}

function textOf(body: Exclude<Body, null>): string {
  return typeof body === "string" ? body : body.text;
}

describe("a body", () => {
  it("gives back any text it was made from", () => {
    fc.assert(fc.property(anyText, (text) => {
      const body = textBody(text);
      expect(isStorable(textOf(body))).toBe(true);
      expect(decodeBody(body)).toBe(text);
    }));
  });

  it("gives back any bytes it was made from", () => {
    fc.assert(fc.property(anyBytes, (bytes) => {
      const body = bytesBody(bytes);
      expect(isStorable(textOf(body))).toBe(true);
      expect(bytesOf(decodeBody(body))).toEqual(bytes);
    }));
  });

  it("is not changed by being normalised again", () => {
    const given = fc.oneof(
      anyText,
      fc.record({ text: anyText, truncated: fc.constant(true as const), size: fc.nat() }, {
        requiredKeys: ["text"],
      }),
      anyBytes.map((bytes) => ({ text: toBase64(bytes), encoding: "base64" as const })),
    );
    fc.assert(fc.property(given, (body) => {
      const once = normaliseBody(body);
      expect(once).not.toBeNull();
      if (once !== null) expect(normaliseBody(once)).toEqual(once);
    }));
  });

  it("stays plain text whenever it can", () => {
    expect(textBody("grüße 😀")).toBe("grüße 😀");
    expect(bytesBody(new TextEncoder().encode("\u{feff}with BOM"))).toBe("\u{feff}with BOM");
    expect(normaliseBody({ text: "plain" })).toBe("plain");
  });

  it("marks how it was encoded", () => {
    expect(textBody("a\0b")).toEqual({ text: "YQBi", encoding: "base64", charset: "utf-8" });
    expect(textBody("\ud800")).toEqual({ text: "ANg=", encoding: "base64", charset: "utf-16le" });
    expect(bytesBody(new Uint8Array([0xff, 0]))).toEqual({ text: "/wA=", encoding: "base64" });
  });

  it.each([
    ["text", "x".repeat(BODY_LIMIT + 5)],
    ["text of wide characters", "😀".repeat(BODY_LIMIT / 4 + 1)],
    ["text that a cut at the limit would split", "x" + "ü".repeat(BODY_LIMIT / 2)],
    ["text with NUL", "\0".repeat(BODY_LIMIT + 5)],
    ["text with lone surrogates", "\ud800".repeat(BODY_LIMIT)],
  ])("keeps the first MiB of %s, and remembers the whole's size", (_, text) => {
    const body = textBody(text);
    if (typeof body === "string") throw new Error("not cut");
    const decoded = decodeBody(body);
    expect(text.startsWith(decoded as string)).toBe(true);
    const kept = body.encoding
      ? fromBase64(body.text).length
      : new TextEncoder().encode(body.text).length;
    expect(kept).toBeLessThanOrEqual(BODY_LIMIT);
    expect(kept).toBeGreaterThan(BODY_LIMIT - 4);
    expect(body.truncated).toBe(true);
    expect(body.size).toBeGreaterThan(BODY_LIMIT);
    expect(normaliseBody(body)).toEqual(body);
  });

  it("keeps the first MiB of bytes", () => {
    const bytes = new Uint8Array(BODY_LIMIT + 100).fill(0xfe);
    const body = bytesBody(bytes);
    expect(body).toMatchObject({ encoding: "base64", truncated: true, size: BODY_LIMIT + 100 });
    const kept = Buffer.from(bytesOf(decodeBody(body)));
    expect(kept.equals(bytes.subarray(0, BODY_LIMIT))).toBe(true);
  });

  it("is not cut at exactly the limit", () => {
    const text = "x".repeat(BODY_LIMIT);
    expect(textBody(text)).toBe(text);
    const bytes = new Uint8Array(BODY_LIMIT).fill(0xfe);
    expect(bytesBody(bytes)).toEqual({ text: toBase64(bytes), encoding: "base64" });
  });

  it("believes the size a client that cut it has given", () => {
    expect(normaliseBody({ text: "x".repeat(BODY_LIMIT + 1), truncated: true, size: 99_000_000 }))
      .toMatchObject({ truncated: true, size: 99_000_000 });
  });
});

describe("base64", () => {
  it("turns any bytes into what decodes to them", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = toBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString("base64"));
      expect(fromBase64(text)).toEqual(bytes);
      expect(base64Size(text)).toBe(bytes.length);
      expect(canonicalBase64(text)).toBe(text);
    }));
    const large = new Uint8Array(100_000).map((_, at) => at * 7);
    expect(toBase64(large)).toBe(Buffer.from(large).toString("base64"));
  });

  it("cuts at any byte", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(70), (bytes, limit) => {
      expect(fromBase64(cutBase64(toBase64(bytes), limit))).toEqual(bytes.subarray(0, limit));
    }));
  });

  it.each([["YQ", "YQ=="], ["Y\nQ=\r\n=", "YQ=="], ["", ""], ["Y", null], ["Y-_=", null], [
    "YQ===",
    null,
  ]])(
    "reads %j as %j",
    (text, canonical) => {
      expect(canonicalBase64(text)).toBe(canonical);
    },
  );
});
