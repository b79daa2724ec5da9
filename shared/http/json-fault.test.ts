import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonFault } from "./json-fault.ts";

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("jsonFault", () => {
  it.each([
    ["", 0],
    ["{", 1],
    ["nul", 0],
    ['{"a":1,}', 7],
    ["[1,]", 3],
    ["[1 2]", 3],
    ['{"a" 1}', 5],
    ['"open', 5],
    ['"bad \\x"', 5],
    ["01", 1],
    ["1 x", 2],
    ['["a\nb"]', 3],
  ])("finds where %j breaks", (text, position) => {
    expect(jsonFault(text)).toBe(position);
  });

  it("finds a fault exactly where JSON.parse fails", () => {
    const damaged = fc.tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom("", ",", "}", '"', "0", "\\", "\n"),
    )
      .map(([text, at, patch]) => {
        const cut = at % (text.length + 1);
        return text.slice(0, cut) + patch + text.slice(cut + 1);
      });
    fc.assert(
      fc.property(fc.oneof(fc.json(), damaged, fc.string()), (text) => {
        expect(jsonFault(text) === null).toBe(parses(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("walks nesting of any depth", () => {
    const depth = 1_000_000;
    expect(jsonFault("[".repeat(depth))).toBe(depth);
  });
});
