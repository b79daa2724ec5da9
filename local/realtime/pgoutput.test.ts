import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { acknowledgement, InsertDecoder, readStream } from "./pgoutput.ts";

const utf8 = new TextEncoder();
const int = (bytes: number, value: number) =>
  Array.from({ length: bytes }, (_, i) => value / 256 ** (bytes - 1 - i) & 255);
const cstring = (text: string) => [...utf8.encode(text), 0];
const tag = (letter: string) => letter.charCodeAt(0);

/** As PostgreSQL documents the messages; the inverse of what is tested. */
const relation = (id: number, columns: string[]) =>
  Uint8Array.from([
    tag("R"),
    ...int(4, id),
    ...cstring("realtime"),
    ...cstring("messages_2026_01_01"),
    tag("d"),
    ...int(2, columns.length),
    ...columns.flatMap((name) => [0, ...cstring(name), ...int(4, 25), ...int(4, 0)]),
  ]);
const insert = (id: number, values: (string | null)[]) =>
  Uint8Array.from([
    tag("I"),
    ...int(4, id),
    tag("N"),
    ...int(2, values.length),
    ...values.flatMap((value) => {
      if (value === null) return [tag("n")];
      const bytes = utf8.encode(value);
      return [tag("t"), ...int(4, bytes.length), ...bytes];
    }),
  ]);

describe("InsertDecoder", () => {
  it("gives rows back as they were inserted", () => {
    const name = fc.stringMatching(/^[a-z_]{1,20}$/);
    const row = fc.dictionary(name, fc.option(fc.string({ unit: "grapheme" })), { minKeys: 1 });
    fc.assert(fc.property(fc.nat(2 ** 31), row, (id, row) => {
      const decoder = new InsertDecoder();
      expect(decoder.decode(relation(id, Object.keys(row)))).toBeUndefined();
      const decoded = decoder.decode(insert(id, Object.values(row)));
      const text = [...decoded!].map((
        [column, value],
      ) => [column, value && new TextDecoder().decode(value)]);
      expect(Object.fromEntries(text)).toEqual(row);
    }));
  });

  it("passes over other changes and unknown relations", () => {
    const decoder = new InsertDecoder();
    expect(decoder.decode(insert(1, ["a"]))).toBeUndefined();
    for (const other of ["B", "C", "U", "D", "T", "O", "Y", "M"]) {
      expect(decoder.decode(Uint8Array.from([tag(other), 0, 0, 0, 0]))).toBeUndefined();
    }
  });
});

describe("readStream", () => {
  it("tells changes from keepalives", () => {
    const position = [0, 0, 0, 1, 0, 0, 0, 2];
    const change = [1, 2, 3];
    const data = Uint8Array.from([tag("w"), ...position, ...position, ...position, ...change]);
    expect(readStream(data)).toEqual({ kind: "data", change: Uint8Array.from(change) });
    const keepalive = Uint8Array.from([tag("k"), ...position, ...position, 1]);
    expect(readStream(keepalive)).toEqual({ kind: "keepalive", end: 2n ** 32n + 2n, answer: true });
    expect(readStream(Uint8Array.from([0]))).toBeUndefined();
  });

  it("is answered with the position three times over", () => {
    const view = new DataView(acknowledgement(2n ** 40n).buffer);
    expect(String.fromCharCode(view.getUint8(0))).toBe("r");
    expect([1, 9, 17].map((offset) => view.getBigUint64(offset))).toEqual(Array(3).fill(2n ** 40n));
    const since2000 = Number(view.getBigInt64(25) / 1000n) + Date.UTC(2000, 0, 1);
    expect(Math.abs(since2000 - Date.now())).toBeLessThan(1000);
  });
});
