import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitMessage } from "./split.ts";

describe("splitting a text into messages", () => {
  it("leaves what fits in one piece, and makes nothing of nothing", () => {
    expect(splitMessage("short")).toEqual(["short"]);
    expect(splitMessage(" \n ")).toEqual([]);
  });

  it("cuts between paragraphs before lines before words", () => {
    expect(splitMessage("one two\n\nthree four", 14)).toEqual(["one two", "three four"]);
    expect(splitMessage("one two\nthree four", 14)).toEqual(["one two", "three four"]);
    expect(splitMessage("one two three four", 14)).toEqual(["one two three", "four"]);
  });

  it("loses no word, exceeds no limit and halves no character", () => {
    fc.assert(fc.property(
      fc.array(fc.string({ unit: "grapheme", maxLength: 30 })),
      fc.integer({ min: 8, max: 60 }),
      (words, limit) => {
        const text = words.join(" ");
        const parts = splitMessage(text, limit);
        const bare = (whole: string) => whole.replace(/\s/g, "");
        expect(bare(parts.join(""))).toBe(bare(text));
        for (const part of parts) {
          expect(part.length).toBeLessThanOrEqual(limit);
          expect(part).not.toBe("");
          expect(part.isWellFormed()).toBe(true);
        }
      },
    ));
  });
});
