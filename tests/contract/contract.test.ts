// Programs written against the last release must go on running.

import { describe, expect, it } from "vitest";
import {
  brokenPromises,
  currentContract,
  releasedContract,
} from "../../scripts/contract/contract.ts";
import { mayBreak, readReleases, refuseChangedHistory } from "../../scripts/contract/releases.ts";
import { root } from "../../scripts/tools.ts";
import version from "../../version.json" with { type: "json" };
import { stack } from "../support/stack.ts";

describe("what was released", () => {
  it("keeps its migrations as databases have run them", () => {
    const releases = readReleases(root);
    expect(releases.length).toBeGreaterThan(0);
    expect(() => refuseChangedHistory(root, releases)).not.toThrow();
  });

  it("is kept by name, argument, type and field, unless the version may break it", async () => {
    const released = releasedContract(root);
    const current = await currentContract(stack().db_url);
    // What no surface promises nothing could break.
    for (const [name, { provides }] of current) {
      expect(Object.keys(provides).length, name).toBeGreaterThan(8);
    }
    const broken = brokenPromises(released, current);
    const last = readReleases(root).at(-1)!;
    if (!mayBreak(last.version, version.components.supabase.version)) expect(broken).toEqual([]);
  });
});

describe("a change of meaning is noticed", () => {
  it("on every surface, whichever fact of it changes", async () => {
    const current = await currentContract(stack().db_url);
    for (const [name, surface] of current) {
      for (const fact of Object.keys(surface.provides)) {
        const { [fact]: was, ...provides } = surface.provides;
        const renamed = { ...surface, provides: { ...provides, [`${fact} renamed`]: was! } };
        const changed = { ...surface, provides: { ...provides, [fact]: `not ${was}` } };
        for (const other of [renamed, changed]) {
          const alone = new Map([[name, surface]]);
          expect(brokenPromises(alone, new Map([[name, other]])), fact).toHaveLength(1);
        }
      }
    }
  });

  it("when an argument must be given that could be left out, or was unknown", async () => {
    const current = await currentContract(stack().db_url);
    const rpcs = current.get("rpcs")!;
    expect(rpcs.demands).toHaveProperty(["authenticated may call get_entry(id)"]);
    const stricter = {
      ...rpcs,
      demands: { ...rpcs.demands, "authenticated may call get_stats(workspace_id)": "uuid" },
    };
    expect(brokenPromises(current, new Map([...current, ["rpcs", stricter]]))).toEqual([
      "rpcs: authenticated may call get_stats(workspace_id) is demanded now (uuid)",
    ]);
  });
});
