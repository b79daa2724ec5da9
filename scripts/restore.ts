// npm run restore: makes the embedded stack what it was when a backup was made. What was there is kept
// aside, and nothing is touched before the backup has proved to be whole and to start.

import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { chown, mkdir, readFile, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { holdDirectory } from "../local/directory.ts";
import { exchange, STAGED, writeSynced } from "../local/exchange.ts";
import { freePort } from "../local/ports.ts";
import { assertReachable, serverAccount } from "../local/postgres/cluster.ts";
import { launchPostgres } from "../local/postgres/launch.ts";
import { About, ABOUT_FILE, FOLDER, KEYS_FILE, POSTGRES_MAJOR } from "./backup/format.ts";
import { verifyManifest } from "./backup/manifest.ts";
import { Complaint, runProgram } from "./complaint.ts";
import version from "../version.json" with { type: "json" };

/** Unpacks as the server's account, whose files they will be. */
async function unpack(file: string, directory: string): Promise<void> {
  const account = serverAccount();
  await mkdir(directory, { mode: 0o700 });
  assertReachable(directory, account);
  if (account.uid !== undefined) await chown(directory, account.uid, account.gid!);
  const tar = spawn("tar", ["--extract", "--gzip", "--file=-"], {
    ...account,
    cwd: directory,
    env: { ...process.env, LC_ALL: "C" },
    stdio: ["pipe", "ignore", "pipe"],
  });
  let said = "";
  tar.stderr.setEncoding("utf8").on("data", (text: string) => said += text);
  const code = new Promise<number | null>((done, failed) => {
    tar.once("close", done).once("error", failed);
  });
  // Tar that has had enough closes its end; its exit code says why.
  await pipeline(createReadStream(file), tar.stdin).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  });
  if (await code === 0) return;
  if (said.includes("No space left on device")) throw new Complaint("The disk is full.");
  throw new Complaint(`${file} is not a whole backup: it cannot be unpacked.`);
}

/** What the backup says of itself; complains of one that this version cannot restore. */
async function readAbout(directory: string, file: string): Promise<About> {
  const text = await readFile(join(directory, ABOUT_FILE), "utf8").catch(() => {
    throw new Complaint(`${file} is not a backup of a stack.`);
  });
  const about = About.safeParse(JSON.parse(text));
  if (!about.success) throw new Complaint(`${file} is a backup in a format of another version.`);
  if (about.data.postgres !== POSTGRES_MAJOR) {
    throw new Complaint(`${file} is of Postgres ${about.data.postgres}, not ${POSTGRES_MAJOR}.`);
  }
  // An older schema is migrated by the next start; what a newer one means this version cannot know.
  if (about.data.build > version.build) {
    throw new Complaint(
      `${file} was made by ${about.data.version} build ${about.data.build}, this is ` +
        `${version.version} build ${version.build}: restore it with that version or a later one.`,
    );
  }
  return about.data;
}

/** Starts the server once: it replays the log up to the backup's end, and must then answer. */
async function recover(dataDir: string): Promise<void> {
  const postgres = await launchPostgres({ dataDir, port: await freePort() });
  await postgres.stop();
}

/** Makes the backup's database and keys ready beside what is there. */
async function stage(file: string, directory: string): Promise<About> {
  const staged = join(directory, STAGED.postgres);
  await rm(staged, { recursive: true, force: true });
  try {
    await unpack(file, staged);
    const about = await readAbout(staged, file);
    await verifyManifest(staged, file);
    const keys = await readFile(join(staged, KEYS_FILE));
    await rm(join(staged, FOLDER), { recursive: true });
    await recover(staged);
    await writeSynced(join(directory, STAGED.keys), keys);
    return about;
  } catch (error) {
    await rm(staged, { recursive: true, force: true });
    throw error;
  }
}

async function restore(file: string, dataDir: string): Promise<void> {
  const held = await holdDirectory(dataDir);
  try {
    const about = await stage(file, held.path);
    const asides = await exchange(held.path);
    process.stdout.write(`Restored what was backed up at ${about.created_at}.\n`);
    for (const aside of asides) process.stdout.write(`What was there before: ${aside}\n`);
  } finally {
    held.release();
  }
}

await runProgram(async () => {
  const [name, ...rest] = process.argv.slice(2);
  if (name === undefined || rest.length > 0 || name.startsWith("-")) {
    throw new Complaint("Usage: npm run restore -- FILE");
  }
  const file = resolve(name);
  if (!(await stat(file).catch(() => undefined))?.isFile()) {
    throw new Complaint(`${file} is not there.`);
  }
  await restore(file, resolve(process.env["BUSYMATE_DATA"] || ".busymate"));
});
