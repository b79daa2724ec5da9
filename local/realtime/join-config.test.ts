import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJoin } from "./join-config.ts";

const DEFAULTS = {
  private: false,
  ack: false,
  self: false,
  presence: false,
  replicationReady: false,
  unserved: [],
};

describe("parseJoin", () => {
  it("takes what supabase-js sends", () => {
    expect(parseJoin({
      config: {
        broadcast: { ack: true, self: false },
        presence: { key: "", enabled: true },
        postgres_changes: [],
        private: true,
      },
      access_token: "a.b.c",
    })).toEqual({
      config: { ...DEFAULTS, ack: true, presence: true, private: true },
      accessToken: "a.b.c",
    });
  });

  it("takes booleans as text, in any case", () => {
    const config = { private: "TRUE", broadcast: { ack: "true", self: "False" } };
    expect(parseJoin({ config }).config).toEqual({ ...DEFAULTS, private: true, ack: true });
  });

  it("names what is not served", () => {
    const config = { postgres_changes: [{ event: "*" }], broadcast: { replay: { since: 1 } } };
    expect(parseJoin({ config }).config.unserved).toEqual(["postgres_changes", "replay"]);
  });

  it("joins with defaults whatever else it is given", () => {
    const odd = fc.anything().filter((value) => typeof value !== "object" || value === null);
    fc.assert(fc.property(odd, odd, (config, broadcast) => {
      expect(parseJoin(config).config).toEqual(DEFAULTS);
      expect(parseJoin({ config }).config).toEqual(DEFAULTS);
      expect(parseJoin({ config: { broadcast } }).config).toEqual(DEFAULTS);
    }));
  });
});
