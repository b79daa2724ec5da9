import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cpuMs } from "./cpu.fake.ts";
import { compilePattern } from "./pattern.ts";

const atom = fc.constantFrom("a", "b", ".", "\\d", "\\w", "[ab]", "[^a]", "\\.", "-", "1");
const repeat = fc.constantFrom("", "", "", "?", "*", "+", "{2}", "{1,3}", "{2,}");
const source = fc.array(fc.tuple(atom, repeat).map((pair) => pair.join("")), {
  minLength: 1,
  maxLength: 5,
}).map((items) => items.join(""));

describe("a pattern", () => {
  it("covers whatever the same regular expression matches, from wherever it starts", () => {
    fc.assert(
      fc.property(
        source,
        fc.string({ unit: fc.constantFrom("a", "b", "1", "-", ".") }),
        (pattern, text) => {
          const covered = new Set<number>();
          for (const { start, end } of compilePattern(pattern)(text)) {
            for (let at = start; at < end; at++) covered.add(at);
          }
          const sticky = new RegExp(pattern, "sy");
          const expected = new Set<number>();
          for (let from = 0; from < text.length; from++) {
            sticky.lastIndex = from;
            const length = sticky.exec(text)?.[0].length ?? 0;
            for (let at = from; at < from + length; at++) expected.add(at);
          }
          expect(covered).toEqual(expected);
        },
      ),
    );
  });

  it.each([
    "(a)",
    "a**",
    "[",
    "^a",
    "a$",
    "\\b",
    "a{1000}b{1,2",
    "",
    "a{900}b{900}",
    "a".repeat(201),
  ])(
    "is refused where it could be slow or means nothing here: %j",
    (pattern) => expect(() => compilePattern(pattern)).toThrow(/use characters|repeats more/),
  );

  it("takes time that grows with the text", () => {
    const text = "a".repeat(500_000);
    expect(cpuMs(() => expect(compilePattern("a*a*a*a*a*b")(text)).toEqual([]))).toBeLessThan(
      5_000,
    );
  });
});
