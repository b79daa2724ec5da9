// The secrets of the functions: one file of NAME=value lines, checked by the functions' own rules.

import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { ConfigError, readConfig, VARIABLE_NAMES } from "../../shared/config/config.ts";
import { Complaint } from "../complaint.ts";
import type { Cli } from "./cli.ts";

/** Supabase sets these itself, and passes over a secret of such a name without a word. */
const PLATFORM_PREFIX = "SUPABASE_";
/** For development alone: deployed it would let anyone make the functions fetch from their own network. */
const NEVER_DEPLOYED = ["BUSYMATE_ALLOW_LOOPBACK_DOCUMENTS"];
/** Set by the deployment itself. */
const STAMPS = ["BUSYMATE_DEPLOYED_AT", "BUSYMATE_COMMIT"];

const OWN = VARIABLE_NAMES.filter((name) => !name.startsWith(PLATFORM_PREFIX));
/** What the file may hold. */
export const DEPLOYABLE = OWN.filter((name) => ![...NEVER_DEPLOYED, ...STAMPS].includes(name));

/** Reads and checks the file; the values are everything the functions need, and nothing else. */
export async function readSecrets(file: string): Promise<Record<string, string>> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw new Complaint(
      `${file} does not exist: it holds the functions' secrets, one NAME=value a line ` +
        "(docs/deploy.md lists them); another file is named with --secrets-file",
    );
  });
  const secrets = parseEnv(text) as Record<string, string>;
  const faults: string[] = [];
  for (const name of Object.keys(secrets)) {
    if (name.startsWith(PLATFORM_PREFIX)) {
      faults.push(`${name}: Supabase sets what begins with ${PLATFORM_PREFIX}; take it out`);
    } else if (NEVER_DEPLOYED.includes(name)) {
      faults.push(`${name} is for development; take it out`);
    } else if (STAMPS.includes(name)) {
      faults.push(`${name} is set by the deployment; take it out`);
    } else if (!(OWN as string[]).includes(name)) {
      faults.push(`${name} is read by no function; they read ${DEPLOYABLE.join(", ")}`);
    }
    // The CLI reads the file by other rules than Node; what both read alike needs no escaping.
    if (/['\n]/.test(secrets[name]!)) faults.push(`${name} may hold no ' and no line break`);
  }
  try {
    readConfig(secrets, OWN);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(error.message);
  }
  if (faults.length > 0) throw new Complaint(`${file}:\n${faults.join("\n")}`);
  return secrets;
}

/** When and from which commit the deployment was made: what `GET …/api/version` tells. */
export function stamps(root: string): Record<string, string> {
  const deployedAt = { BUSYMATE_DEPLOYED_AT: new Date().toISOString() };
  try {
    const commit = execFileSync("git", ["rev-parse", "HEAD"], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
    return { ...deployedAt, BUSYMATE_COMMIT: commit };
  } catch {
    // Deployed from an archive instead of a clone: the version is all there is to tell.
    return deployedAt;
  }
}

/** Hands the secrets over in a file: a command line is for every process of the machine to read. */
export async function setSecrets(
  cli: Cli,
  ref: string,
  secrets: Record<string, string>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "busymate-secrets-"));
  try {
    const file = join(directory, "secrets.env");
    const lines = Object.entries(secrets).map(([name, value]) => `${name}='${value}'\n`);
    await writeFile(file, lines.join(""), { mode: 0o600 });
    await cli("secrets", "set", `--env-file=${file}`, `--remote=${ref}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
