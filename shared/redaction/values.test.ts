import { describe, expect, it } from "vitest";
import { cpuMs } from "./cpu.fake.ts";
import { looksRandom, looksSecret } from "./values.ts";

const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
// Put together here, so that no scanner takes them for real.
const SECRETS = [
  JWT,
  "Bearer abcdefg8",
  "basic dXNlcjpwYXNz",
  `sk_live_${"a1".repeat(8)}`,
  `ghp_${"aB3".repeat(12)}`,
  `AKIA${"A1B2".repeat(4)}`,
  `xoxb-${"1234567890"}-abc`,
  "-----BEGIN EC PRIVATE KEY-----",
];

describe("a secret", () => {
  it.each(SECRETS)("is known by its look: %s", (secret) => {
    expect(looksSecret(secret)).toBe(true);
    expect(looksSecret(`before ${secret} after`)).toBe(true);
  });

  it.each(["", "Ada", "basic needs", "eyJ.a.b", "sk_live_", "2026-11-24", "a".repeat(200)])(
    "is not seen in %j",
    (text) => expect(looksSecret(text) || looksRandom(text)).toBe(false),
  );

  it.each([
    "eyJ-",
    "eyJaaaaaaaaa",
    "bearer ",
    " ",
    "basic\t",
    "eyJaaaaaaaa.",
    "sk-",
    "-----BEGIN ",
  ])(
    "is looked for in time that grows with the text: %j",
    (piece) => {
      const text = piece.repeat(Math.ceil(1_048_576 / piece.length));
      expect(cpuMs(() => {
        looksSecret(text);
        looksRandom(text);
      })).toBeLessThan(2_000);
    },
  );
});
