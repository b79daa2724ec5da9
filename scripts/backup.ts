// npm run backup: one file with everything the embedded stack must not lose, made while it runs.

import { createWriteStream } from "node:fs";
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { finished } from "node:stream/promises";
import { parseArgs } from "node:util";
import { createGzip } from "node:zlib";
import { type DataDirectory, holdDirectory } from "../local/directory.ts";
import { freePort } from "../local/ports.ts";
import { launchPostgres } from "../local/postgres/launch.ts";
import { writeBaseBackup } from "./backup/base-backup.ts";
import { About, ABOUT_FILE, KEYS_FILE, POSTGRES_MAJOR } from "./backup/format.ts";
import { Complaint, runProgram } from "./complaint.ts";
import { readStackInfo, stackFile } from "./stack-info.ts";
import { root } from "./tools.ts";

const USAGE = "Usage: npm run backup -- --out FILE";

function outFile(): string {
  try {
    const { out } = parseArgs({ options: { out: { type: "string" } } }).values;
    if (out) return resolve(out);
  } catch (error) {
    throw new Complaint(`${(error as Error).message}\n${USAGE}`);
  }
  throw new Complaint(USAGE);
}

/** Calls back with the database's URL: of the stack that runs, or of a server for the moment. */
async function withDatabase(dataDir: string, use: (url: string) => Promise<void>): Promise<void> {
  let held: DataDirectory;
  try {
    held = await holdDirectory(dataDir);
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    await use(readStackInfo(stackFile(process.env)).db_url);
    return;
  }
  try {
    const postgres = await launchPostgres({
      dataDir: join(held.path, "postgres"),
      port: await freePort(),
    });
    try {
      await use(postgres.url("postgres"));
    } finally {
      await postgres.stop();
    }
  } finally {
    held.release();
  }
}

/** Neither an interruption nor a full disk leaves a file of the wanted name that is not whole. */
async function writeWhole(
  file: string,
  write: (partial: string) => Promise<void>,
): Promise<void> {
  const partial = `${file}.partial`;
  await rm(partial, { force: true });
  await write(partial);
  const handle = await open(partial);
  await handle.sync();
  await handle.close();
  await rename(partial, file);
}

await runProgram(async () => {
  const file = outFile();
  const dataDir = resolve(process.env["BUSYMATE_DATA"] || ".busymate");
  const keys = await readFile(join(dataDir, "keys.json")).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw new Complaint(`There is nothing to back up in ${dataDir}: no stack ever ran on it.`);
  });
  const { version, build } = JSON.parse(await readFile(join(root, "version.json"), "utf8"));
  const about: About = {
    format: 1,
    created_at: new Date().toISOString(),
    version,
    build,
    postgres: POSTGRES_MAJOR,
  };
  const files = new Map<string, Uint8Array>([
    [ABOUT_FILE, Buffer.from(JSON.stringify(about))],
    [KEYS_FILE, keys],
  ]);
  await withDatabase(dataDir, (url) =>
    writeWhole(file, async (partial) => {
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
