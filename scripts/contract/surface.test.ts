import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { acceptedBy, factsOf } from "./json-schema.ts";
import { mayBreak } from "./releases.ts";
import { breaks, type Surface } from "./surface.ts";

const facts = fc.dictionary(fc.string(), fc.string());
const surface: fc.Arbitrary<Surface> = fc.record({ provides: facts, demands: facts });

describe("a surface", () => {
  it("breaks nothing by staying, by providing more or by demanding less", () => {
    fc.assert(fc.property(surface, surface, (released, more) => {
      expect(breaks(released, released)).toEqual([]);
      const current = { provides: { ...more.provides, ...released.provides }, demands: {} };
      expect(breaks(released, current)).toEqual([]);
    }));
  });

  it("breaks a promise for each thing that is gone, another, or demanded anew", () => {
    fc.assert(fc.property(surface, fc.string(), fc.string(), (released, name, value) => {
      const { [name]: _, ...others } = released.provides;
      const provided = { provides: { ...others, [name]: value }, demands: {} };
      expect(breaks(provided, { provides: others, demands: {} })).toEqual([
        `${name} is gone (it was ${value})`,
      ]);
      expect(
        breaks(provided, { provides: { ...others, [name]: `${value}!` }, demands: {} }),
      ).toEqual([`${name} is ${value}! (it was ${value})`]);
      const demanding = { ...provided, demands: { [value]: name } };
      expect(breaks(provided, demanding)).toEqual([`${value} is demanded now`]);
      expect(breaks(demanding, provided)).toEqual([]);
      expect(breaks({ provides: others, demands: {} }, demanding)).toEqual([]);
    }));
  });
});

describe("a JSON Schema", () => {
  it("is told apart by path, down into lists, alternatives and maps", () => {
    const schema = {
      type: "object",
      required: ["entries"],
      properties: {
        entries: {
          type: "array",
          items: {
            type: "object",
            required: ["id"],
            properties: {
              id: { type: "string", format: "uuid", description: "Not a promise." },
              status: { anyOf: [{ type: "integer" }, { type: "null" }] },
            },
          },
        },
        counts: { type: "object", additionalProperties: { type: "integer" } },
      },
    };
    expect(factsOf(schema)).toEqual([
      { path: "entries", type: "array", required: true },
      { path: "entries[]", type: "object", required: true },
      { path: "entries[].id", type: 'string format "uuid"', required: true },
      { path: "entries[].status", type: "integer or null", required: false },
      { path: "counts", type: "object", required: false },
      { path: "counts{}", type: "integer", required: true },
    ]);
  });
});

describe("what may be sent", () => {
  const accepted = (schema: object) =>
    acceptedBy(schema as never).map(({ path, alternatives, required, within }) =>
      `${path || "all"}: ${alternatives}${required ? " needed" : ""} in ${within || "all"}`
    );

  it("is told apart by path and alternative, with what must be there", () => {
    expect(accepted({
      type: "object",
      required: ["list", "mode"],
      properties: {
        mode: { enum: ["one", "two"], type: "string" },
        list: {
          type: "array",
          items: { type: "object", required: ["id"], properties: { id: { type: "string" } } },
        },
        bound: { anyOf: [{ type: "integer" }, { type: "null" }] },
        filter: { type: ["object", "null"], additionalProperties: { const: 1 } },
        any: {},
      },
    })).toEqual([
      "all: object needed in all",
      'mode: "one","two" needed in all',
      "list: array needed in all",
      "list[]: object in list",
      "list[].id: string needed in list[]",
      "bound: integer,null in all",
      "filter: null,object in all",
      "filter{}: 1 in filter",
      "any: anything in all",
    ]);
  });
});

describe("a version", () => {
  it.each([
    ["1.2.3", "2.0.0", true],
    ["1.2.3", "1.3.0", false],
    ["1.2.3", "1.2.4", false],
    ["0.1.0", "0.2.0", true],
    ["0.1.0", "0.1.1", false],
    ["0.9.0", "1.0.0", true],
  ])("after %s, %s may break promises: %s", (released, next, expected) => {
    expect(mayBreak(released, next)).toBe(expected);
  });
});
