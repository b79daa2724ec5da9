import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { fileStorage } from "./file-storage.ts";

it("keeps everything that was set at once, for its owner alone", async () => {
  const directory = await mkdtemp(join(tmpdir(), "busymate-storage-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, "below", "tokens.json");
  const storage = fileStorage(file);
  expect(await storage.getItem("a")).toBeNull();
  const names = Array.from({ length: 20 }, (_, index) => `item ${index}`);
  await Promise.all(names.map((name) => storage.setItem(name, name)));
  await storage.removeItem("item 7");

  const again = fileStorage(file);
  expect(await Promise.all(names.map((name) => again.getItem(name))))
    .toEqual(names.map((name) => name === "item 7" ? null : name));
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(directory, "below"))).toEqual(["tokens.json"]);
});
