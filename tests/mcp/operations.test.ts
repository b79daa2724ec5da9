// Half of the operations, and that none is without a case; see support/operations.ts.

import { describe, expect, it } from "vitest";
import { TOOLSETS } from "../../shared/operations/operation.ts";
import { OPERATIONS } from "../../shared/operations/registry.ts";
import { CASES } from "./cases/all.ts";
import { FIRST_HALF, SECOND_HALF } from "./support/halves.ts";
import { tryOperations } from "./support/operations.ts";

describe("the registry", () => {
  it("has a case for each of its operations, and no case without one", () => {
    const names = [...OPERATIONS.keys()];
    expect(names.filter((name) => !(name in CASES)), "operations without a case").toEqual([]);
    expect(Object.keys(CASES).filter((name) => !names.includes(name)), "no operation").toEqual([]);
  });

  it("is tried whole: no toolset is in neither half", () => {
    expect([...FIRST_HALF, ...SECOND_HALF].toSorted()).toEqual(Object.keys(TOOLSETS).toSorted());
  });
});

tryOperations(FIRST_HALF);
