// npm run sync-version: gives every component that changed since its build last did the next build,
// and repeats the version where npm wants it. With --check it only tells what disagrees.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { readOptions } from "./arguments.ts";
import { Complaint, runProgram } from "./complaint.ts";
import { root } from "./tools.ts";
import {
  bump,
  COMPONENT_KEYS,
  COMPONENT_PATHS,
  type ComponentKey,
  disagreements,
  VersionFile,
} from "./version.ts";

/** The repository's own package and those in it, all of one version. */
const MANIFESTS = ["package.json", "packages/client/package.json"];

// Neither is part of what runs.
const NOT_SHIPPED = [":(exclude)*.test.ts", ":(exclude)supabase/tests"];

function compare(current: VersionFile) {
  const faults = disagreements(current, {
    ...Object.fromEntries(MANIFESTS.map((name) => [name, [readManifest(name).version]])),
    "package-lock.json": lockVersions(readLock()),
  }, committedVersion());
  if (faults.length > 0) {
    throw new Complaint(faults.join("\n"));
  }
  process.stdout.write(`Version ${current.version}, build ${current.build}.\n`);
}

function sync(current: VersionFile) {
  const changed = COMPONENT_KEYS.filter((key) => hasChanged(key, current));
  const next = bump(current, changed);
  write("version.json", JSON.stringify(next, null, 2) + "\n");
  for (const name of MANIFESTS) rewrite(name, [[]], next.version);
  const locked = LOCKED.map((folder) => ["packages", folder]);
  rewrite("package-lock.json", [[], ...locked], next.version);

  for (const key of changed) {
    const { version, build } = next.components[key];
    process.stdout.write(`${key} ${version}: build ${build - 1} → ${build}\n`);
  }
  if (changed.length === 0) process.stdout.write("No component changed.\n");
  process.stdout.write(`Version ${next.version}, build ${next.build}.\n`);
}

/** Whether files of a component differ from those of the commit that last changed its build. */
function hasChanged(key: ComponentKey, current: VersionFile): boolean {
  const paths: readonly string[] = COMPONENT_PATHS[key];
  if (paths.length === 0) return false;
  const since = lastBump(key, current.components[key].build);
  // Bumped already, in the working copy.
  if (since === null) return false;
  const diff = git("diff", "--name-only", since, "--", ...paths, ...NOT_SHIPPED);
  const added = git("ls-files", "--others", "--exclude-standard", "--", ...paths, ...NOT_SHIPPED);
  return diff + added !== "";
}

/** The commit that gave the component this build; null when none has yet. */
function lastBump(key: ComponentKey, build: number): string | null {
  let since: string | null = null;
  for (const commit of git("log", "--format=%H", "--", "version.json").split("\n")) {
    if (commit === "" || buildAt(commit, key) !== build) break;
    since = commit;
  }
  return since;
}

function buildAt(commit: string, key: ComponentKey): number | undefined {
  const text = show(commit);
  // An older file may have another shape; its builds then count as different ones.
  return text === null
    ? undefined
    : VersionFile.safeParse(JSON.parse(text)).data?.components[key].build;
}

function committedVersion(): VersionFile | null {
  const text = show("HEAD");
  return text === null ? null : VersionFile.safeParse(JSON.parse(text)).data ?? null;
}

/** version.json as a commit has it; null when it has none, or there is no repository to ask. */
function show(commit: string): string | null {
  try {
    return git("show", `${commit}:version.json`);
  } catch (error) {
    if (error instanceof Complaint) return null;
    throw error;
  }
}

function git(...args: string[]): string {
  try {
    return execFileSync("git", args, {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    const stderr = (error as { stderr?: string }).stderr?.trim() || "git cannot be run";
    throw new Complaint(`What changed is read from git's history: ${stderr}`);
  }
}

const read = (name: string) => readFileSync(join(root, name), "utf8");

const write = (name: string, text: string) => writeFileSync(join(root, name), text);

interface Node {
  [key: string]: Node;
}

/** Sets the version at some places of an npm file; the rest stays as npm wrote it, to the byte. */
function rewrite(name: string, places: readonly string[][], version: string) {
  const file = JSON.parse(read(name)) as Node;
  for (const place of places) {
    const found = place.reduce<Node | undefined>((node, key) => node?.[key], file);
    if (!found) {
      throw new Complaint(`${name} has no ${place.join(" ")}: npm install --package-lock-only`);
    }
    Object.assign(found, { version });
  }
  write(name, JSON.stringify(file, null, 2) + "\n");
}

function parse(text: string, name: string): VersionFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Complaint(`${name} is not JSON: ${(error as SyntaxError).message}`);
  }
  const parsed = VersionFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) =>
    `${name}: ${issue.path.join(".")} ${issue.message}`
  );
  throw new Complaint(faults.join("\n"));
}

const Manifest = z.looseObject({ version: z.string() });
const Lock = z.looseObject({
  version: z.string().optional(),
  packages: z.record(z.string(), z.looseObject({ version: z.string().optional() })),
});

const readManifest = (name: string) => Manifest.parse(JSON.parse(read(name)));
const readLock = () => Lock.parse(JSON.parse(read("package-lock.json")));

/** Where the lock file keeps a package of this repository: that of the root is `""`. */
const LOCKED = MANIFESTS.map((name) => dirname(name)).map((folder) => folder === "." ? "" : folder);

/** npm keeps the root package's version twice. */
function lockVersions(lock: z.infer<typeof Lock>): (string | undefined)[] {
  return [lock.version, ...LOCKED.map((folder) => lock.packages[folder]?.version)];
}

await runProgram(() => {
  const { check } = readOptions("Usage: npm run sync-version [-- --check]", {
    options: { check: { type: "boolean", default: false } },
  });
  const current = parse(read("version.json"), "version.json");
  if (check) compare(current);
  else sync(current);
});
