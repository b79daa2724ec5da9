import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffJson } from "./json-diff.ts";
import type { JsonChange } from "./json-diff.ts";
import type { Json } from "./text.ts";

/** JSON Patch (RFC 6902) as its readers apply it. */
function apply(document: Json, changes: JsonChange[]): Json {
  const root = { "": structuredClone(document) } as Record<string, Json>;
  for (const change of changes) {
    const keys = ["", ...change.path.split("/").slice(1)]
      .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = keys.pop()!;
    // deno-lint-ignore no-explicit-any
    const parent = keys.reduce((node: any, key) => node[key], root);
    if ("was" in change) expect(parent[last]).toEqual(change.was);
    if (Array.isArray(parent)) {
      const value = "value" in change ? [structuredClone(change.value)] : [];
      parent.splice(Number(last), change.op === "add" ? 0 : 1, ...value);
    } else if (change.op === "remove") delete parent[last];
    else {
      Object.defineProperty(parent, last, {
        value: structuredClone(change.value),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
  }
  return root[""]!;
}

const json = fc.jsonValue({ maxDepth: 4 }).map((value) =>
  JSON.parse(JSON.stringify(value)) as Json
);
/** Small alphabets make lists and objects that have much in common. */
const { similar } = fc.letrec<{ similar: Json; object: Json; list: Json }>((tie) => ({
  similar: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>(0, 1, "a", null, true),
    tie("list"),
    tie("object"),
  ),
  list: fc.array(tie("similar"), { maxLength: 8 }),
  object: fc.dictionary(fc.constantFrom("a", "b", "a/b", "~", "", "0"), tie("similar")),
}));

describe("diffJson", () => {
  it("finds nothing between a value and itself", () => {
    fc.assert(fc.property(json, (value) => {
      expect(diffJson(value, structuredClone(value))).toEqual([]);
    }));
  });

  it("turns a into b when applied", { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(fc.oneof(fc.tuple(json, json), fc.tuple(similar, similar)), ([a, b]) => {
        expect(apply(a, diffJson(a, b))).toEqual(b);
      }),
      { numRuns: 300 },
    );
  });

  it("sees no difference in the order of members", () => {
    expect(diffJson({ a: 1, b: [{ c: 1, d: 2 }] }, { b: [{ d: 2, c: 1 }], a: 1 })).toEqual([]);
  });

  it("finds the one changed item of a list that moved", () => {
    const item = (id: number, name = "x") => ({ id, name });
    const a = [item(1), item(2), item(3), item(4)];
    const b = [item(0), item(1), item(2, "y"), item(3), item(4)];
    expect(diffJson(a, b)).toEqual([
      { op: "add", path: "/0", value: item(0) },
      { op: "replace", path: "/2/name", was: "x", value: "y" },
    ]);
  });

  it("compares long lists that have nothing in common without searching", () => {
    const a = Array.from({ length: 5_000 }, (_, n) => n);
    const b = a.map((n) => -1 - n);
    expect(diffJson(a, b)).toHaveLength(5_000);
  });

  it("keeps members named as Object's own apart", () => {
    const a = JSON.parse('{"__proto__":{"x":1},"constructor":1}');
    const b = JSON.parse('{"__proto__":{"x":2},"toString":1}');
    expect(diffJson(a, b).map(({ op, path }) => `${op} ${path}`)).toEqual([
      "replace /__proto__/x",
      "remove /constructor",
      "add /toString",
    ]);
  });
});
