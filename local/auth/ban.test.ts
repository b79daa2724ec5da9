import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { banEnd } from "./ban.ts";
import { AuthError } from "./errors.ts";

describe("banEnd", () => {
  it("adds up hours, minutes and seconds", () => {
    const amount = fc.nat(100_000);
    fc.assert(fc.property(amount, amount, amount, fc.nat(2 ** 40), (h, m, s, now) => {
      expect(banEnd(`${h}h${m}m${s}s`, now)?.getTime()).toBe(now + ((h * 60 + m) * 60 + s) * 1000);
    }));
  });

  it("reads fractions, as Go does", () => {
    expect(banEnd("1.5h", 0)?.getTime()).toBe(90 * 60_000);
  });

  it("is null for none", () => {
    expect(banEnd("none", 0)).toBeNull();
  });

  it.each(["", "24", "h", "-1h", "1h x", "1d", "99999999999h"])("refuses %j", (duration) => {
    expect(() => banEnd(duration, 0)).toThrow(AuthError);
  });
});
