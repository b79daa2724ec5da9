import { existsSync } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/** Where a database and keys are made ready that shall take the place of those of a data directory. */
export const STAGED = { postgres: "restoring", keys: "restoring.keys.json" } as const;

const PLACE: Record<keyof typeof STAGED, string> = { postgres: "postgres", keys: "keys.json" };
/** There from before the first rename until after the last; holds what the old gets after its name. */
const PLAN = "restoring.plan";

/**
 * Puts what is staged into its place and what was there aside; answers where it is now. It takes
 * several renames, and a machine may go down between any two: the plan is written down first, so that
 * whoever holds the directory next finishes it. Nobody ever works with half of it.
 */
export async function exchange(directory: string): Promise<string[]> {
  const stamp = new Date().toISOString().replace(/[:.]/g, "-");
  const plan = join(directory, PLAN);
  await writeSynced(`${plan}.new`, stamp);
  await rename(`${plan}.new`, plan);
  await finishExchange(directory);
  return Object.values(PLACE).map((name) => aside(join(directory, name), stamp)).filter(existsSync);
}

/** Does what an exchange left undone. Each step tells from the files whether it has been done. */
export async function finishExchange(directory: string): Promise<void> {
  const plan = join(directory, PLAN);
  if (!existsSync(plan)) return;
  const stamp = await readFile(plan, "utf8");
  for (const part of ["postgres", "keys"] as const) {
    const staged = join(directory, STAGED[part]);
    const place = join(directory, PLACE[part]);
    if (!existsSync(staged)) continue;
    if (existsSync(place)) await rename(place, aside(place, stamp));
    await rename(staged, place);
  }
  await rm(plan);
}

const aside = (path: string, stamp: string) => `${path}.replaced-${stamp}`;

/** On disk before it counts. */
export async function writeSynced(file: string, content: string | Uint8Array): Promise<void> {
  const handle = await open(file, "w", 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
