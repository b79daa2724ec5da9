import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { taints, type Traits, type Verdict, verdictsOn } from "./verdict.ts";

const traits: fc.Arbitrary<Traits> = fc.record({
  effect: fc.constantFrom("read", "write", "destructive"),
  content: fc.constantFrom("product", "captured"),
}, { requiredKeys: ["effect", "content"] }).chain((base) =>
  fc.record({ people: fc.boolean(), open: fc.boolean() }).map(({ people, open }) => ({
    ...base,
    ...(people && { peopleOnly: true as const }),
    ...(open && { openWorld: true as const }),
  }))
);

/** What a model without scruples makes of a conversation: steps of calls at once, known and unknown. */
const steps = fc.array(fc.array(fc.option(traits, { nil: undefined }), { maxLength: 4 }), {
  maxLength: 8,
});

describe("a conversation", () => {
  it("never acts once untrusted content is in it, in 10,000 random sequences of tools", () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (sequence, suppliedHistory) => {
        let tainted = suppliedHistory;
        let untrustedSeen = suppliedHistory;
        for (const calls of sequence) {
          const { verdicts, tainted: after } = verdictsOn(calls, tainted);
          untrustedSeen ||= calls.some((one, at) =>
            one !== undefined && verdicts[at] === "run" && taints(one)
          );
          calls.forEach((one, at) => {
            const ran = verdicts[at] === "run";
            const acts = one !== undefined && (one.effect !== "read" || one.openWorld === true);
            // Independent of how the rule is written: what ran, and what had been read by then.
            expect(ran && acts && untrustedSeen).toBe(false);
            expect(ran && one?.effect === "destructive").toBe(false);
            expect(ran && (one === undefined || (acts && one.peopleOnly === true))).toBe(false);
          });
          expect(tainted && !after).toBe(false);
          expect(untrustedSeen && !after).toBe(false);
          tainted = after;
        }
      }),
      { numRuns: 10_000 },
    );
  }, 60_000);

  it("still does what is asked of it while it is clean", () => {
    const rename: Traits = { effect: "write", content: "product" };
    const list: Traits = { effect: "read", content: "product" };
    expect(verdictsOn([list, rename], false)).toEqual({ verdicts: ["run", "run"], tainted: false });
  });

  it.each<[string, Traits, boolean, Verdict]>([
    ["a destructive act always", { effect: "destructive", content: "product" }, false, "propose"],
    ["a write when tainted", { effect: "write", content: "product" }, true, "propose"],
    [
      "a write that reads captured content",
      { effect: "write", content: "captured" },
      false,
      "propose",
    ],
    ["a read of captured content", { effect: "read", content: "captured" }, true, "run"],
    [
      "what only people do",
      { effect: "write", content: "product", peopleOnly: true },
      false,
      "refuse",
    ],
  ])("%s", (_what, one, tainted, expected) => {
    expect(verdictsOn([one], tainted).verdicts).toEqual([expected]);
  });
});
