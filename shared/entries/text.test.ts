import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isStorable, nestsDeeperThan, storableJson } from "./text.ts";
import type { Json } from "./text.ts";

/** Any UTF-16 code units, NUL and lone surrogates among them. */
export const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
});
const anyJson = fc.jsonValue({ stringUnit: "binary" }).map((value) => value as Json);

function texts(value: Json): string[] {
  if (typeof value === "string") return [value];
  if (value === null || typeof value !== "object") return [];
  return Array.isArray(value)
    ? value.flatMap(texts)
    : Object.entries(value).flatMap(([name, member]) => [name, ...texts(member)]);
}

describe("storableJson", () => {
  it("leaves no text that Postgres cannot hold, names included", () => {
    const poisoned = fc.dictionary(anyText, fc.oneof(anyText, fc.array(anyText), anyJson));
    fc.assert(fc.property(poisoned, (value) => {
      const stored = storableJson(value as Json);
      expect(texts(stored).every(isStorable)).toBe(true);
      const written = JSON.stringify(stored);
      expect(written).not.toContain("\\u0000");
      expect(written).not.toMatch(/(?<!\\)(?:\\\\)*\\ud[89a-f]/i);
      expect(storableJson(stored)).toBe(stored);
    }));
  });

  it("hands back the very value when there is nothing to replace", () => {
    const value = { a: ["ü", { b: 1 }], c: null };
    expect(storableJson(value)).toBe(value);
  });

  it("keeps a member named __proto__ a member", () => {
    const stored = storableJson(JSON.parse('{"__proto__":{"a":"\\u0000"}}'));
    expect(JSON.stringify(stored)).toBe('{"__proto__":{"a":"\u{fffd}"}}');
  });
});

describe("nestsDeeperThan", () => {
  it("counts levels, and none for a plain value", () => {
    expect(nestsDeeperThan("x", 0)).toBe(false);
    expect(nestsDeeperThan([], 0)).toBe(true);
    expect(nestsDeeperThan({ a: [1] }, 2)).toBe(false);
    expect(nestsDeeperThan({ a: [[1]] }, 2)).toBe(true);
  });

  it("survives nesting that would exhaust the stack", () => {
    const deep = JSON.parse("[".repeat(200_000) + "]".repeat(200_000));
    expect(nestsDeeperThan(deep, 64)).toBe(true);
  });
});
