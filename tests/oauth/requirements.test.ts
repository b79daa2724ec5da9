// The list of requirements and the tests are held together here: a number without a test fails.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");

async function titled(): Promise<Set<string>> {
  const numbers = new Set<string>();
  for (const folder of ["tests/oauth", "tests/attack", "shared/oauth"]) {
    for (const file of await readdir(join(root, folder))) {
      if (!file.endsWith(".test.ts") || file === "requirements.test.ts") continue;
      const source = await readFile(join(root, folder, file), "utf8");
      for (const [, title = ""] of source.matchAll(/["'`]((?:[RT]\d\d )+)/g)) {
        for (const number of title.trim().split(" ")) numbers.add(number);
      }
    }
  }
  return numbers;
}

const numbers = (letter: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${letter}${`${n + 1}`.padStart(2, "0")}`);

describe("the numbered requirements", () => {
  it("each have a test that names them", async () => {
    const tested = await titled();
    const wanted = [...numbers("R", 48), ...numbers("T", 42)];
    expect(wanted.filter((number) => !tested.has(number))).toEqual([]);
  });

  it("each stand in the list, once", async () => {
    const list = await readFile(join(root, "docs/oauth-requirements.md"), "utf8");
    const listed = [...list.matchAll(/^\| (R\d\d) \|/gm)].map(([, number]) => number);
    expect(listed).toEqual(numbers("R", 48));
  });
});
