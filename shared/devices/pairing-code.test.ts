import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPairingCode, hashPairingCode, readPairingCode } from "./pairing-code.ts";

describe("a pairing code", () => {
  it("is eight characters nobody mistakes, and not the same twice", () => {
    const codes = Array.from({ length: 500 }, createPairingCode);
    expect(codes.every((code) => /^[2-9A-HJ-NP-Z]{8}$/.test(code))).toBe(true);
    expect(new Set(codes).size).toBe(500);
    expect(new Set(codes.join("")).size).toBe(32);
  });

  it("is read in any case, with dashes and spaces anywhere", () => {
    const typed = fc.tuple(fc.constantFrom("", "-", " "), fc.boolean(), fc.nat(8));
    fc.assert(fc.property(typed, ([gap, lower, at]) => {
      const code = createPairingCode();
      const text = code.slice(0, at) + gap + code.slice(at);
      expect(readPairingCode(lower ? text.toLowerCase() : text)).toBe(code);
    }));
  });

  it.each(["", "ABCD", "ABCDEFGHJ", "ABCDEFG0", "ABCDEFGÄ", "ABCDEFG\0"])(
    "cannot be %j",
    (text) => {
      expect(readPairingCode(text)).toBeNull();
    },
  );

  it("is stored as the SHA-256 of its characters", async () => {
    expect(await hashPairingCode("ABCDEFGH"))
      .toBe("9ac2197d9258257b1ae8463e4214e4cd0a578bc1517f2415928b91be4283fc48");
  });
});
