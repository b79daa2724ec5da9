import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainText } from "./plain.ts";

describe("an answer as plain text", () => {
  it.each([
    ["# Devices\n\n- **Phone**: `online`\n* Tablet", "Devices\n\n• Phone: online\n• Tablet"],
    ["see [the docs](https://example.com/a)", "see the docs (https://example.com/a)"],
    ["run:\n```sh\ncurl **x** `y`\n```\ndone", "run:\ncurl **x** `y`\ndone"],
    ["2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"],
    ["```\nunclosed **b**", "unclosed **b**"],
  ])("%j", (markdown, plain) => {
    expect(plainText(markdown)).toBe(plain);
  });

  it("keeps every letter and digit, and takes linear time", () => {
    const kept = (text: string) => text.replace(/[^\p{L}\p{N}]/gu, "");
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
      fc.pre(!text.includes("```"));
      expect(kept(plainText(text))).toBe(kept(text));
    }));
    for (const hostile of ["[", "**", "`", "- ", "[a](", "```\n"]) {
      const started = performance.now();
      plainText(hostile.repeat(100_000));
      expect(performance.now() - started).toBeLessThan(2_000);
    }
  });
});
