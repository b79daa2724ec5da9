import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** What the pages are made of besides themselves. */
const OTHERS = ["packages/client", "shared"];
/** Not part of what is built from. */
const OUTPUT = "dist";
const TOO_LATE = new Set(["ENOTEMPTY", "EEXIST", "ENOENT"]);

/**
 * Builds the web app unless what is there is newer than all it is built from. A build that fails is
 * reported and leaves what was there: the API works without pages.
 */
export async function buildWeb(root: string, report: (line: string) => void): Promise<void> {
  const web = join(root, "web");
  const folders = [web, ...OTHERS.map((folder) => join(root, folder))];
  const files = await Promise.all(folders.map(filesUnder));
  const sources = [join(root, "package-lock.json"), ...files.flat()];
  const built = await changedAt(join(web, OUTPUT, "index.html"));
  const newest = Math.max(...await Promise.all(sources.map(changedAt)));
  if (built > newest) return;
  try {
    await build(root, join(web, OUTPUT));
    report("Web app built");
  } catch (error) {
    report(`The web app is not built, its pages are missing or old: ${messageOf(error)}`);
  }
}

/** Built aside and moved: a stack that serves the old build never sees half of the new one. */
async function build(root: string, dist: string): Promise<void> {
  const vite = join(
    dirname(createRequire(import.meta.url).resolve("vite/package.json")),
    "bin/vite.js",
  );
  const aside = join(root, "node_modules/.cache", `busymate-web-${process.pid}`);
  const old = `${aside}-old`;
  await mkdir(dirname(aside), { recursive: true });
  try {
    const args = [vite, "build", "web", "--outDir", aside, "--logLevel", "warn"];
    await promisify(execFile)(process.execPath, args, { cwd: root });
    await rename(dist, old).catch(ignoreTooLate);
    await rename(aside, dist).catch(ignoreTooLate);
  } finally {
    await rm(aside, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
}

/** There was no build yet, or another stack was just as quick and put its own there. */
function ignoreTooLate(error: NodeJS.ErrnoException): void {
  if (!TOO_LATE.has(error.code ?? "")) throw error;
}

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(entries.map((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === OUTPUT ? [] : filesUnder(path);
    return [path];
  }));
  return found.flat();
}

/** When a file was last written; 0 if there is none. */
async function changedAt(file: string): Promise<number> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return 0;
  }
}

function messageOf(error: unknown): string {
  const { stderr, message } = error as Error & { stderr?: string };
  return (stderr || message).trim().split("\n").slice(0, 5).join("\n");
}
