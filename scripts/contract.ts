// npm run contract: tells whether programs written against the last release still run. With --release
// what there is now becomes what is promised, under the version that version.json has.

import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readOptions } from "./arguments.ts";
import { Complaint, runProgram } from "./complaint.ts";
import {
  brokenPromises,
  CONTRACT_FOLDER,
  currentContract,
  releasedContract,
  snapshotFile,
} from "./contract/contract.ts";
import {
  currentRelease,
  mayBreak,
  readReleases,
  refuseChangedHistory,
  RELEASES_FILE,
} from "./contract/releases.ts";
import { withMigratedDatabase } from "./migrated-database.ts";
import { root } from "./tools.ts";
import { VersionFile } from "./version.ts";

async function backendVersion(): Promise<{ version: string; build: number }> {
  const file = VersionFile.parse(JSON.parse(await readFile(join(root, "version.json"), "utf8")));
  const { version, build } = file.components.supabase;
  return { version, build };
}

await runProgram(async () => {
  const { release } = readOptions("Usage: npm run contract [-- --release]", {
    options: { release: { type: "boolean", default: false } },
  });
  const releases = existsSync(join(root, RELEASES_FILE)) ? readReleases(root) : [];
  refuseChangedHistory(root, releases);
  const current = await withMigratedDatabase(currentContract);
  const broken = brokenPromises(releasedContract(root), current);
  const next = currentRelease(root, await backendVersion());
  const last = releases.at(-1);
  const excused = last === undefined || mayBreak(last.version, next.version);
  if (broken.length > 0 && !excused) {
    throw new Complaint(
      `${
        broken.join("\n")
      }\n${broken.length} promises of ${last.version} are broken: keep the old ` +
        "beside the new, or release a version that may break (docs/versioning.md)",
    );
  }
  if (!release) {
    process.stdout.write(
      broken.length === 0
        ? "Every promise is kept.\n"
        : `${broken.join("\n")}\nAllowed: ${next.version} may break.\n`,
    );
    return;
  }
  if (last !== undefined && last.build >= next.build) {
    throw new Complaint(
      `Build ${last.build} is released already: npm run sync-version gives the backend a new one`,
    );
  }
  await mkdir(join(root, CONTRACT_FOLDER), { recursive: true });
  for (const [name, surface] of current) {
    await writeFile(snapshotFile(root, name), `${JSON.stringify(surface, null, 2)}\n`);
  }
  await writeFile(
    join(root, RELEASES_FILE),
    `${JSON.stringify([...releases, next], null, 2)}\n`,
  );
  process.stdout.write(`Released: ${next.version}, build ${next.build}.\n`);
});
