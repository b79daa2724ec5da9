import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nestsDeeper } from "./json-depth.ts";

function depthOf(value: unknown): number {
  if (value === null || typeof value !== "object") return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe("nestsDeeper", () => {
  it("counts as deep as the value nests, whatever its strings hold", () => {
    const tricky = fc.constantFrom("[", "{", "]", "}", '"', "\\", "a");
    const value = fc.jsonValue({ maxDepth: 5, stringUnit: tricky });
    fc.assert(fc.property(value, (json) => {
      const depth = depthOf(json);
      const text = JSON.stringify(json);
      expect(nestsDeeper(text, depth)).toBe(false);
      expect(nestsDeeper(text, depth - 1)).toBe(true);
    }));
  });

  it("leaves strings that never close to the parser", () => {
    expect(nestsDeeper('"[[[[', 1)).toBe(false);
  });
});
