import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ANSWER_LIMIT, ANSWER_ROOM, fence, fit } from "./answer.ts";
import { pageOf, sliceOf } from "./paging.ts";

describe("a page", () => {
  const rows = Array.from({ length: 200 }, (_, id) => ({ id, text: "x".repeat(300) }));
  const next = (shown: readonly { id: number }[], whole: boolean) =>
    whole ? {} : { next: shown.at(-1)!.id };

  it("has the rows that fit, and goes on after the last of them", () => {
    const seen: number[] = [];
    for (let from: number | undefined = 0; from !== undefined;) {
      const page: { rows: { id: number }[]; next?: number } = pageOf(rows.slice(from), next);
      expect(fence(fit(page)).length).toBeLessThanOrEqual(ANSWER_LIMIT);
      expect(fit(page)).not.toContain("left_out");
      seen.push(...page.rows.map(({ id }) => id));
      from = page.next === undefined ? undefined : page.next + 1;
    }
    expect(seen).toEqual(rows.map(({ id }) => id));
  });

  it("has one row at least, however long", () => {
    const long = [{ id: 1, text: "x".repeat(100_000) }, { id: 2, text: "" }];
    expect(pageOf(long, next)).toEqual({ rows: [long[0]], next: 1 });
    expect(fit(pageOf(long, next)).length).toBeLessThanOrEqual(ANSWER_LIMIT);
  });
});

describe("slices", () => {
  it("are the whole text one after the other, each with room as JSON, whatever the text", () => {
    const piece = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom('"\\"', "\u0000".repeat(50), "🙂".repeat(40), "a".repeat(300)),
    );
    fc.assert(fc.property(
      fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join("")),
      fc.integer({ min: 1, max: 700 }),
      fc.integer({ min: 20, max: 700 }),
      (text, length, room) => {
        let read = "";
        for (let offset: number | undefined = 0; offset !== undefined;) {
          const slice = sliceOf(text, offset, length, room);
          expect(JSON.stringify(slice.text).length - 2).toBeLessThanOrEqual(room);
          expect(slice.text.length).toBeLessThanOrEqual(length);
          read += slice.text;
          expect(slice.next_offset ?? Infinity).toBeGreaterThan(offset);
          offset = slice.next_offset;
        }
        expect(read).toBe(text);
      },
    ));
  });

  it("of quotation marks fit an answer", () => {
    const { text, next_offset } = sliceOf('"'.repeat(30_000), 0, 20_000);
    expect(JSON.stringify(text).length).toBeLessThanOrEqual(ANSWER_ROOM + 2);
    expect(next_offset).toBe(text.length);
  });
});
