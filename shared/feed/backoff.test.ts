import fc from "fast-check";
import { expect, it } from "vitest";
import { backoffMs } from "./backoff.ts";

it("is anywhere between nothing and a bound that doubles up to its maximum", () => {
  fc.assert(fc.property(
    fc.nat(2_000),
    fc.integer({ min: 1, max: 5_000 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    (attempt, firstMs, random) => {
      const maxMs = 30_000;
      const delay = backoffMs(attempt, { firstMs, maxMs, random: () => random });
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(Math.min(maxMs, firstMs * 2 ** attempt));
      expect(backoffMs(attempt, { firstMs, maxMs, random: () => 1 })).toBeGreaterThanOrEqual(delay);
    },
  ));
});
