import { chmod, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../scripts/tools.ts";

export interface Clone {
  readonly path: string;
  remove(): Promise<void>;
}

/** Kept by a working copy for itself. */
const OWN = new Set([".git", ".busymate"]);

/**
 * A working copy as after a clone and `npm ci`, made of links to this one. What commands write below
 * the current directory (data, keys, certificates) is the clone's own and goes with it.
 */
export async function newClone(): Promise<Clone> {
  const path = await mkdtemp(join(tmpdir(), "busymate-clone-"));
  // As directories are that people make: Postgres, started by root, runs as somebody else.
  await chmod(path, 0o755);
  for (const name of await readdir(root)) {
    if (!OWN.has(name)) await symlink(join(root, name), join(path, name));
  }
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
