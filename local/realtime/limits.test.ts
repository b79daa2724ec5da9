import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RateMeter } from "./limits.ts";

const SECOND_MS = 1000;

describe("RateMeter", () => {
  it("goes by the average of the last twelve looks", () => {
    const loads = fc.array(fc.nat(100), { minLength: 1, maxLength: 40 });
    fc.assert(fc.property(fc.integer({ min: 1, max: 100 }), loads, (limit, loads) => {
      const meter = new RateMeter(limit, SECOND_MS);
      loads.forEach((load, index) => {
        meter.count(load);
        meter.tick();
        const last = loads.slice(0, index + 1).slice(-12);
        const average = last.reduce((sum, events) => sum + events, 0) / last.length;
        expect(meter.exceeded).toBe(average >= limit);
      });
    }));
  });

  it("lets a burst through until it looks", () => {
    const meter = new RateMeter(1, SECOND_MS);
    meter.count(1000);
    expect(meter.exceeded).toBe(false);
    meter.tick();
    expect(meter.exceeded).toBe(true);
  });
});
