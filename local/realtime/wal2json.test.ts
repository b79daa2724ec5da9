import { describe, expect, it } from "vitest";
import { ChangeDecoder } from "./wal2json.ts";

const utf8 = new TextEncoder();
const int = (bytes: number, value: number) =>
  Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** (bytes - 1 - i)) & 255);
const cstring = (text: string) => [...utf8.encode(text), 0];
const tag = (letter: string) => letter.charCodeAt(0);

/** A table with a key `id` (int4), or whose replica identity is the whole row. */
const relation = (whole = false) =>
  Uint8Array.from([
    tag("R"),
    ...int(4, 7),
    ...cstring("public"),
    ...cstring("things"),
    tag(whole ? "f" : "d"),
    ...int(2, 2),
    ...[1, ...cstring("id"), ...int(4, 23), ...int(4, 0)],
    ...[whole ? 1 : 0, ...cstring("body"), ...int(4, 25), ...int(4, 0)],
  ]);
const UNCHANGED = Symbol("unchanged");
type Value = string | null | typeof UNCHANGED;
const tuple = (kind: string, values: Value[]) => [
  tag(kind),
  ...int(2, values.length),
  ...values.flatMap((value) => {
    if (value === null) return [tag("n")];
    if (value === UNCHANGED) return [tag("u")];
    const bytes = utf8.encode(value);
    return [tag("t"), ...int(4, bytes.length), ...bytes];
  }),
];
const change = (kind: string, ...tuples: number[][]) =>
  Uint8Array.from([tag(kind), ...int(4, 7), ...tuples.flat()]);
const begin = Uint8Array.from([tag("B"), ...int(8, 1), ...int(8, 1_500_000), ...int(4, 9)]);

function decode(table: Uint8Array, message: Uint8Array) {
  const decoder = new ChangeDecoder();
  for (const before of [begin, table]) expect(decoder.decode(before)).toBeUndefined();
  return decoder.decode(message)?.change;
}
const id = (value: string) => ({ name: "id", typeoid: 23, value });
const body = (value: string | null) => ({ name: "body", typeoid: 25, value });
const common = { schema: "public", table: "things", timestamp: "2000-01-01T00:00:01.500Z" };

describe("ChangeDecoder", () => {
  it("gives an insert the new row", () => {
    expect(decode(relation(), change("I", tuple("N", ["1", null]))))
      .toEqual({ ...common, action: "I", columns: [id("1"), body(null)] });
  });

  it("gives an update its key, which is the new one unless the old was logged", () => {
    expect(decode(relation(), change("U", tuple("N", ["1", UNCHANGED]))))
      .toEqual({ ...common, action: "U", columns: [id("1")], identity: [id("1")] });
    const moved = change("U", tuple("K", ["1", null]), tuple("N", ["2", "x"]));
    expect(decode(relation(), moved))
      .toEqual({ ...common, action: "U", columns: [id("2"), body("x")], identity: [id("1")] });
  });

  it("gives the whole old row where that is the identity", () => {
    const update = change("U", tuple("O", ["1", "old"]), tuple("N", ["1", UNCHANGED]));
    expect(decode(relation(true), update))
      .toEqual({ ...common, action: "U", columns: [id("1")], identity: [id("1"), body("old")] });
    expect(decode(relation(true), change("D", tuple("O", ["1", "old"]))))
      .toEqual({ ...common, action: "D", identity: [id("1"), body("old")] });
  });

  it("gives a deletion its key, and passes over everything else", () => {
    expect(decode(relation(), change("D", tuple("K", ["1", null]))))
      .toEqual({ ...common, action: "D", identity: [id("1")] });
    for (const other of ["C", "T", "O", "Y", "M"]) {
      expect(decode(relation(), Uint8Array.from([tag(other), ...int(4, 7)]))).toBeUndefined();
    }
    expect(new ChangeDecoder().decode(change("I", tuple("N", ["1", null])))).toBeUndefined();
  });
});
