import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJoin } from "./join-config.ts";

const DEFAULTS = {
  private: false,
  ack: false,
  self: false,
  presence: false,
  presenceKey: undefined,
  replicationReady: false,
  replay: undefined,
  changes: [],
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

  it("keeps what is asked of changes and of the past, and passes over what is no object", () => {
    const config = {
      postgres_changes: [{ event: "*" }, null, "x"],
      postgres_changes_options: { wait: true, timeout: 1000 },
      broadcast: { replay: { since: 1 } },
      presence: { key: "me" },
    };
    expect(parseJoin({ config }).config).toEqual({
      ...DEFAULTS,
      presenceKey: "me",
      replay: { since: 1 },
      changes: [{ event: "*" }],
    });
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
