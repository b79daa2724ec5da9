// npm run backup: one file with everything the embedded stack must not lose, made while it runs.

import { createWriteStream, existsSync } from "node:fs";
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { finished } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type DataDirectory, holdDirectory } from "../local/directory.ts";
import { freePort } from "../local/ports.ts";
import { launchPostgres } from "../local/postgres/launch.ts";
import { readOptions } from "./arguments.ts";
import { writeBaseBackup } from "./backup/base-backup.ts";
import { About, ABOUT_FILE, KEYS_FILE, POSTGRES_MAJOR } from "./backup/format.ts";
import { Complaint, runProgram } from "./complaint.ts";
import { readStackInfo, stackFile } from "./stack-info.ts";
import version from "../version.json" with { type: "json" };

const USAGE = "Usage: npm run backup -- --out FILE";

function outFile(): string {
  const { out } = readOptions(USAGE, { options: { out: { type: "string" } } });
  if (!out) throw new Complaint(USAGE);
  return resolve(out);
}

/** What is backed up: the keys, and the database's URL. */
type Use = (url: string, keys: Uint8Array) => Promise<void>;

/** Calls back with the database of the stack that runs, or of a server started for the moment. */
async function withDatabase(dataDir: string, use: Use): Promise<void> {
  if (!existsSync(dataDir)) throw nothingIn(dataDir);
  let held: DataDirectory;
  try {
    held = await holdDirectory(dataDir);
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    await use(readStackInfo(stackFile(process.env)).db_url, await keysOf(dataDir));
    return;
  }
  try {
    const keys = await keysOf(held.path);
    const postgres = await launchPostgres({
      dataDir: join(held.path, "postgres"),
      port: await freePort(),
    });
    try {
      await use(postgres.url("postgres"), keys);
    } finally {
      await postgres.stop();
    }
  } finally {
    held.release();
  }
}

const keysOf = (dataDir: string): Promise<Uint8Array> =>
  readFile(join(dataDir, "keys.json")).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT" ? nothingIn(dataDir) : error;
  });

const nothingIn = (dataDir: string) =>
  new Complaint(`There is nothing to back up in ${dataDir}: no stack ever ran on it.`);

/** Neither an interruption nor a full disk leaves a file of the wanted name that is not whole. */
async function writeWhole(
  file: string,
  write: (partial: string) => Promise<void>,
): Promise<void> {
  const partial = `${file}.partial`;
  await rm(partial, { force: true });
  try {
    await write(partial);
    const handle = await open(partial);
    await handle.sync();
    await handle.close();
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

await runProgram(async () => {
  const file = outFile();
  if (await stat(file).then((found) => found.isDirectory(), () => false)) {
    throw new Complaint(`${file} is a directory: name the file to be written.`);
  }
  const dataDir = resolve(process.env["BUSYMATE_DATA"] || ".busymate");
  const about: About = {
    format: 1,
    created_at: new Date().toISOString(),
    version: version.version,
    build: version.build,
    postgres: POSTGRES_MAJOR,
  };
  await withDatabase(dataDir, (url, keys) =>
    writeWhole(file, async (partial) => {
      const files = new Map<string, Uint8Array>([
        [ABOUT_FILE, Buffer.from(JSON.stringify(about))],
        [KEYS_FILE, keys],
      ]);
      // The fastest level: half the size for little of the processor, which the stack needs too.
      const gzip = createGzip({ level: 1 });
      // It holds the keys, so it is for its owner alone.
      const out = gzip.pipe(createWriteStream(partial, { mode: 0o600 }));
      gzip.on("error", (error) => out.destroy(error));
      out.on("error", (error) => gzip.destroy(error));
      await Promise.all([writeBaseBackup(url, files, gzip), finished(out)]);
    }));
  const { size } = await stat(file);
  process.stdout.write(`${file}: ${(size / 2 ** 20).toFixed(1)} MiB\n`);
});
