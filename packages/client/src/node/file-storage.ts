import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { TokenStorage } from "../oauth/storage.ts";

/** Keeps tokens in a file that only its owner can read. */
export function fileStorage(file: string): TokenStorage {
  const read = async (): Promise<Record<string, string>> => {
    try {
      return JSON.parse(await readFile(file, "utf8")) as Record<string, string>;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
      throw error;
    }
  };
  let writing = Promise.resolve();
  /** One change after the other, or the later would undo the earlier. */
  const change = (edit: (items: Record<string, string>) => void): Promise<void> => {
    const turn = writing.then(async () => {
      const items = await read();
      edit(items);
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      // Written aside and moved: a program that is killed here must not leave half of it.
      const aside = `${file}.${process.pid}`;
      await writeFile(aside, JSON.stringify(items), { mode: 0o600 });
      await rename(aside, file);
    });
    writing = turn.catch(() => {});
    return turn;
  };
  return {
    getItem: async (key) => (await read())[key] ?? null,
    setItem: (key, value) => change((items) => items[key] = value),
    removeItem: (key) => change((items) => delete items[key]),
  };
}
