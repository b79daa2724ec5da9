import type fs from "node:fs/promises";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { exchange, finishExchange, STAGED } from "./exchange.ts";

/** How many more renames and removals there are before the machine goes down. */
let steps = Infinity;

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof fs>();
  const step =
    <Args extends unknown[], T>(act: (...args: Args) => Promise<T>) => (...args: Args) => {
      if (steps-- <= 0) throw new Error("the machine goes down");
      return act(...args);
    };
  return { ...real, rename: step(real.rename), rm: step(real.rm) };
});

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "busymate-exchange-"));
  await stage();
});
afterEach(async () => {
  steps = Infinity;
  await rm(directory, { recursive: true });
});

const write = (name: string, text: string) => writeFile(join(directory, name), text);
const read = (name: string) => readFile(join(directory, name), "utf8");

async function database(name: string, version: string): Promise<void> {
  await mkdir(join(directory, name));
  await write(join(name, "PG_VERSION"), version);
}

/** A restore of "new" over "old", just before the exchange. */
async function stage(): Promise<void> {
  await database("postgres", "old");
  await write("keys.json", "old keys");
  await database(STAGED.postgres, "new");
  await write(STAGED.keys, "new keys");
}

describe("what is staged", () => {
  it("takes the place of what was there, which is kept", async () => {
    const [postgres, keys, ...others] = await exchange(directory);
    expect(others).toEqual([]);
    expect(await readFile(join(postgres!, "PG_VERSION"), "utf8")).toBe("old");
    expect(await readFile(keys!, "utf8")).toBe("old keys");
    await finishExchange(directory);
    expect(await read("postgres/PG_VERSION")).toBe("new");
    expect(await read("keys.json")).toBe("new keys");
  });

  it("takes it where nothing was", async () => {
    await rm(join(directory, "postgres"), { recursive: true });
    await rm(join(directory, "keys.json"));
    expect(await exchange(directory)).toEqual([]);
    expect(await readdir(directory)).toEqual(["keys.json", "postgres"]);
    expect(await read("postgres/PG_VERSION")).toBe("new");
  });

  it("takes it whole or not at all, wherever the machine goes down", async () => {
    for (let survived = 0;; survived++) {
      steps = survived;
      const done = await exchange(directory).then(() => true, () => false);
      // And once more, while the first who comes after it puts it right.
      steps = 1;
      await finishExchange(directory).catch(() => {});
      steps = Infinity;
      await finishExchange(directory);
      const now = await read("keys.json");
      expect(await read("postgres/PG_VERSION"), `${survived}`).toBe(now.split(" ")[0]);
      const kept = (await readdir(directory)).filter((name) => name.includes(".replaced-"));
      expect(kept, `${survived}`).toHaveLength(now === "new keys" ? 2 : 0);
      if (done) {
        expect(survived).toBeGreaterThan(4);
        return;
      }
      await rm(directory, { recursive: true });
      await mkdir(directory);
      await stage();
    }
  });
});
