import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { harmlessMarkup } from "./markup.ts";

function inPieces(text: string, cuts: number[]): string {
  const markup = harmlessMarkup();
  const at = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  return at.slice(1).map((end, i) => markup.push(text.slice(at[i], end))).join("") + markup.end();
}

const nasty = fc.array(
  fc.constantFrom(
    "![",
    "!",
    "[",
    "](https://evil.example/x)",
    "<",
    "img",
    "<img src=x>",
    "</",
    "IFRAME",
    " ",
    "a",
    "<access_token>",
    "<b",
  ),
  { maxLength: 20 },
).map((parts) => parts.join(""));

describe("an answer's markup", () => {
  it("loads nothing by being shown, however it comes in pieces", () => {
    fc.assert(fc.property(nasty, fc.array(fc.nat(), { maxLength: 6 }), (text, cuts) => {
      const shown = inPieces(text, cuts);
      expect(shown).not.toMatch(/!\[|<\/?(?:img|iframe)\b/i);
      expect(shown).toBe(inPieces(text, []));
    }));
  });

  it.each([
    ["![logo](https://evil.example/?d=1)", "[logo](https://evil.example/?d=1)"],
    ["<img src=https://evil.example>", "&lt;img src=https://evil.example>"],
    ["<access_token> and <b>, 1 < 2!", "<access_token> and <b>, 1 < 2!"],
    ["Done! [Docs](/docs)", "Done! [Docs](/docs)"],
  ])("%s", (text, shown) => expect(inPieces(text, [])).toBe(shown));
});
