import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changeId, ChangeRefused, parseChange } from "./change-filter.ts";

const filtersOf = (filter: string) => parseChange({ filter }).filters;

describe("parseChange", () => {
  it("fills in what is left out", () => {
    expect(parseChange({})).toEqual({
      event: "*",
      schema: "*",
      table: "*",
      filters: [],
      select: null,
    });
  });

  it("reads conditions, lists, negation and quotes", () => {
    expect(filtersOf('a=eq.1,b=not.in.(x,"y,z",w),c=eq."1,\\"2\\"",d=is.null')).toEqual([
      { column: "a", op: "eq", value: "1", negate: false },
      { column: "b", op: "in", value: '{x,"y,z",w}', negate: true },
      { column: "c", op: "eq", value: '1,"2"', negate: false },
      { column: "d", op: "is", value: "null", negate: false },
    ]);
  });

  it("gives a quoted value back whatever it is", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (value) => {
      const quoted = `"${value.replaceAll(/["\\]/g, "\\$&")}"`;
      expect(filtersOf(`a=eq.${quoted},b=gt.1`)).toEqual([
        { column: "a", op: "eq", value, negate: false },
        { column: "b", op: "gt", value: "1", negate: false },
      ]);
    }));
  });

  it("reads anything or refuses it, and throws nothing else", () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab=.,()"\\ eqnotin') });
    fc.assert(fc.property(text, (filter) => {
      try {
        expect(Array.isArray(filtersOf(filter))).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(ChangeRefused);
      }
    }));
  });

  it("refuses columns of no table in particular", () => {
    expect(() => parseChange({ schema: "public", select: ["id"] })).toThrow(ChangeRefused);
  });
});

describe("changeId", () => {
  it("has 27 bits, and is the same for the same request", () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.string()), (param) => {
      const id = changeId(param);
      expect(Number.isInteger(id) && id >= 0 && id < 2 ** 27).toBe(true);
      expect(changeId({ ...param })).toBe(id);
    }));
  });
});
