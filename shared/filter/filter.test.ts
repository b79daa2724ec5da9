import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkFilter, type Filter } from "./ast.ts";
import { FilterError } from "./error.ts";
import { type Field, FIELDS, type Op, OPS } from "./fields.ts";
import { parseFilter } from "./parse.ts";
import { normalise, printFilter } from "./print.ts";

const NOW = new Date("2026-11-24T12:00:00.000Z");
const text = fc.string({ unit: "grapheme", maxLength: 60 }).filter((value) => value.length <= 1000);
const anyText = fc.oneof(
  text,
  fc.constantFrom("*", "a*b?", '"', "\\", "or", "not x", "(", ")", ",", ""),
);

const valueOf = (field: Field) => {
  switch (FIELDS[field]) {
    case "number":
      return fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
        .map((value) => value === 0 ? 0 : value);
    case "boolean":
      return fc.boolean();
    case "time":
      return fc.date({ min: new Date(0), max: new Date("2999-01-01"), noInvalidDate: true })
        .map((date) => date.toISOString());
    default:
      return anyText;
  }
};

const condition = fc.constantFrom(...Object.keys(FIELDS) as Field[]).chain((field) =>
  fc.constantFrom(...OPS[FIELDS[field]]).chain((op: Op) =>
    fc.record({
      field: fc.constant(field),
      op: fc.constant(op),
      value: op === "exists"
        ? fc.boolean()
        : op === "in"
        ? fc.array(valueOf(field) as fc.Arbitrary<string>, { minLength: 1, maxLength: 5 })
        : valueOf(field),
      ...(field === "header"
        ? { name: fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/) }
        : {}),
    })
  )
) as fc.Arbitrary<Filter>;

const filter = fc.letrec<{ node: Filter }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    condition,
    fc.record({ and: fc.array(tie("node"), { maxLength: 4 }) }),
    fc.record({ or: fc.array(tie("node"), { maxLength: 4 }) }),
    fc.record({ not: tie("node") }),
    fc.constant({}),
  ),
})).node;

describe("the text form of a filter", () => {
  it("reads back as the filter it was printed from", () => {
    fc.assert(
      fc.property(filter, (given) => {
        const printed = printFilter(given);
        fc.pre(printed.length <= 8_000);
        expect(parseFilter(printed, NOW)).toEqual(normalise(given));
        expect(printFilter(parseFilter(printed, NOW))).toBe(printed);
      }),
      { numRuns: 2_000 },
    );
  });

  it("throws its own error with a position, whatever it is given", () => {
    const pieces = fc.constantFrom(
      "host",
      "status",
      "header",
      "[a]",
      ":",
      "=",
      ">=",
      "=~",
      "~",
      "(",
      ")",
      ",",
      "in",
      "not",
      "or",
      "and",
      "has",
      "since",
      "1h",
      '"',
      '"x"',
      "*",
      "true",
      "2026-01-01",
      " ",
    );
    const given = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 20 }).map((all) => all.join(" ")),
      fc.array(pieces, { maxLength: 20 }).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(given, (input) => {
        try {
          checkFilter(parseFilter(input, NOW));
        } catch (error) {
          expect(error).toBeInstanceOf(FilterError);
          expect((error as FilterError).position).toBeTypeOf("number");
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it("reads what people type", () => {
    expect(parseFilter(
      'host:*.example.com status>=400 (method:POST or method:PUT) not path:/health* header[authorization]~Bearer body~"timeout" since:1h',
      NOW,
    )).toEqual({
      and: [
        { field: "host", op: "glob", value: "*.example.com" },
        { field: "status", op: "gte", value: 400 },
        {
          or: [{ field: "method", op: "eq", value: "POST" }, {
            field: "method",
            op: "eq",
            value: "PUT",
          }],
        },
        { not: { field: "path", op: "glob", value: "/health*" } },
        { field: "header", name: "authorization", op: "contains", value: "Bearer" },
        { field: "body", op: "contains", value: "timeout" },
        { field: "ts", op: "gte", value: "2026-11-24T11:00:00.000Z" },
      ],
    });
  });

  it("binds not before and before or", () => {
    expect(parseFilter("not os:iOS os:macOS or secure:true")).toEqual({
      or: [
        {
          and: [{ not: { field: "os", op: "eq", value: "iOS" } }, {
            field: "os",
            op: "eq",
            value: "macOS",
          }],
        },
        { field: "secure", op: "eq", value: true },
      ],
    });
  });

  it.each([
    ["status:abc", 7, "status is compared with a number"],
    ["nope:1", 0, 'unknown field "nope"'],
    ["host:a and", 10, "a field is expected here, not the end"],
    ["(host:a", 7, '")" is missing'],
    ["host>a", 4, "host cannot be compared with >"],
    ["header:a", 6, "a header is named in brackets"],
    ['host:"a', 5, "the quotation mark is not closed"],
    ["status in (1,2", 14, '"," or ")" is expected here'],
  ])("says where %j is wrong", (input, position, message) => {
    expect(() => parseFilter(input)).toThrow(message);
    try {
      parseFilter(input);
    } catch (error) {
      expect((error as FilterError).position).toBe(position);
    }
  });
});

describe("a filter from outside", () => {
  it.each([
    [[], ""],
    [{ and: [{ field: "status", op: "eq", value: "200" }] }, ".and[0]"],
    [{ not: { field: "host", op: "gt", value: "a" } }, ".not"],
    [{ and: [], or: [] }, ""],
    [{ field: "host", op: "eq" }, ""],
    [{ or: [{ field: "header", op: "eq", value: "x" }] }, ".or[0]"],
    [{ field: "status", op: "in", value: [] }, ""],
    [{ field: "host", op: "eq", value: "a", extra: 1 }, ""],
    [{ field: "ts", op: "gt", value: "2026-01-01 BC" }, ""],
    [{ not: { field: "ts", op: "gt", value: "2026-01-01T10:00 Europe/Zurich" } }, ".not"],
  ])("%j is refused with its position", (given, position) => {
    try {
      checkFilter(given);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(FilterError);
      expect((error as FilterError).position).toBe(position);
    }
  });
});
