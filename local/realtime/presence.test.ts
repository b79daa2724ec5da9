import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Presence, type PresenceDiff, type PresenceState } from "./presence.ts";

const ROOM = { name: "room", private: false };

/** What a client makes of the differences: those that left go, those that joined come. */
function applied(state: PresenceState, { joins, leaves }: PresenceDiff): PresenceState {
  const next = structuredClone(state);
  for (const [key, { metas }] of Object.entries(joins)) {
    (next[key] ??= { metas: [] }).metas.push(...metas);
  }
  for (const [key, { metas }] of Object.entries(leaves)) {
    const gone = metas.map(({ phx_ref }) => phx_ref);
    const left = next[key]!.metas.filter(({ phx_ref }) => !gone.includes(phx_ref));
    if (left.length > 0) next[key] = { metas: left };
    else delete next[key];
  }
  return next;
}

const sorted = (state: PresenceState) =>
  Object.entries(state).map(([key, { metas }]) => [
    key,
    metas.toSorted((a, b) => a.phx_ref < b.phx_ref ? -1 : 1),
  ]).sort();

describe("Presence", () => {
  it("tells differences that add up to the state", () => {
    const step = fc.record({
      who: fc.nat(3),
      event: fc.constantFrom("track", "untrack"),
      n: fc.nat(),
    });
    fc.assert(fc.property(fc.array(step), (steps) => {
      const people = ["a", "b", "b", "c"].map((key) => ({ key }));
      let seen: PresenceState = {};
      const presence = new Presence((_, diff) => seen = applied(seen, diff));
      for (const { who, event, n } of steps) {
        const person = people[who]!;
        if (event === "track") presence.track(ROOM, person, person.key, { n });
        else presence.untrack(ROOM, person);
        expect(sorted(seen)).toEqual(sorted(presence.state(ROOM)));
      }
    }));
  });

  it("keeps public and private channels of a name apart, and the reference its own", () => {
    const presence = new Presence(() => {});
    presence.track(ROOM, {}, "me", { phx_ref: "forged" });
    expect(presence.state({ ...ROOM, private: true })).toEqual({});
    expect(presence.state(ROOM)["me"]!.metas[0]!.phx_ref).not.toBe("forged");
  });
});
