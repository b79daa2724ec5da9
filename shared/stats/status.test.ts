import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { publicStatusOf, publicStatusReader } from "./public-status.ts";
import { overallOf } from "./status.ts";

const components = fc.array(
  fc.record({ key: fc.string(), label: fc.string(), core: fc.boolean(), up: fc.boolean() }),
);
const row = fc.record({
  components,
  updated_at: fc.constant("2026-11-24T00:00:00Z"),
  age_seconds: fc.nat(),
  stale: fc.boolean(),
});

describe("overall", () => {
  it("is an outage with a core component down, degraded with any other, operational else", () => {
    fc.assert(fc.property(components, (all) => {
      const down = all.filter(({ up }) => !up);
      const expected = down.some(({ core }) => core)
        ? "outage"
        : down.length > 0
        ? "degraded"
        : "operational";
      expect(overallOf(all)).toBe(expected);
    }));
  });

  it("is never claimed of what is stale or was never posted", () => {
    fc.assert(fc.property(row, (stored) => {
      const { overall, stale } = publicStatusOf(stored);
      expect(overall === "unknown").toBe(stored.stale || stored.components.length === 0);
      expect(stale).toBe(stored.stale);
    }));
  });

  it("says nothing of a component but its name and whether it is up", () => {
    fc.assert(fc.property(row, (stored) => {
      for (const component of publicStatusOf(stored).components) {
        expect(Object.keys(component)).toEqual(["key", "label", "up"]);
      }
    }));
  });
});

describe("the reader", () => {
  const stored = {
    components: [],
    updated_at: "2026-11-24T00:00:00Z",
    age_seconds: 1,
    stale: true,
  };

  it("asks the database once for all who ask within a second", async () => {
    let asked = 0;
    const read = publicStatusReader({
      publicStatus: () => {
        asked++;
        return Promise.resolve(stored);
      },
    });
    await Promise.all([read(), read(), read()]);
    await read();
    expect(asked).toBe(1);
  });

  it("keeps no failure", async () => {
    let asked = 0;
    const read = publicStatusReader({
      publicStatus: () =>
        asked++ === 0 ? Promise.reject(new Error("away")) : Promise.resolve(stored),
    });
    await expect(read()).rejects.toThrow("away");
    expect((await read()).overall).toBe("unknown");
  });
});
