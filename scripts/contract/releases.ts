// Which versions were released, and with which schema: supabase/releases.json.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Complaint } from "../complaint.ts";

export const RELEASES_FILE = "supabase/releases.json";

const Release = z.strictObject({
  version: z.string(),
  build: z.int(),
  /** The last migration it has, by number. */
  migration: z.string(),
  /** SHA-256 over all its migrations: databases out there have run them as they were. */
  sha256: z.string(),
});
export type Release = z.infer<typeof Release>;

export const readReleases = (root: string): Release[] =>
  z.array(Release).parse(JSON.parse(readFileSync(join(root, RELEASES_FILE), "utf8")));

const numberOf = (name: string) => name.split("_")[0]!;

export function migrationsOf(root: string): string[] {
  return readdirSync(join(root, "supabase/migrations")).filter((name) => name.endsWith(".sql"))
    .sort();
}

/** The files a release has of today's. */
export const releasedMigrations = (root: string, { migration }: Pick<Release, "migration">) =>
  migrationsOf(root).filter((name) => numberOf(name) <= migration);

/** This working copy, as a release. */
export function currentRelease(root: string, version: { version: string; build: number }): Release {
  const migration = numberOf(migrationsOf(root).at(-1)!);
  return { ...version, migration, sha256: hashOf(root, { migration }) };
}

/** Complains if a released migration was changed, removed or given a neighbour: they are only added. */
export function refuseChangedHistory(root: string, releases: readonly Release[]): void {
  for (const release of releases) {
    if (hashOf(root, release) !== release.sha256) {
      throw new Complaint(
        `Migrations up to ${release.migration} were released with ${release.version} (build ` +
          `${release.build}) and have changed since: put them back and write a new one.`,
      );
    }
  }
}

function hashOf(root: string, release: Pick<Release, "migration">): string {
  const hash = createHash("sha256");
  for (const name of releasedMigrations(root, release)) {
    hash.update(name).update(readFileSync(join(root, "supabase/migrations", name)));
  }
  return hash.digest("hex");
}

/**
 * Whether a version may break what the one before promised: only with a new major version, and before
 * 1.0 with a new minor one (https://semver.org, 4).
 */
export function mayBreak(released: string, next: string): boolean {
  const [wasMajor, wasMinor] = released.split(".").map(Number);
  const [major, minor] = next.split(".").map(Number);
  return major! > wasMajor! || (major === 0 && wasMajor === 0 && minor! > wasMinor!);
}
