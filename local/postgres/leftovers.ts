import { readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Clears what a killed server left on this data directory, so that the next one can start:
 * - a postmaster that outlived its parent is shut down cleanly;
 * - backends that outlived their postmaster keep the shared memory attached for a moment (a long
 *   query: until it ends), and the next postmaster refuses to start beside them;
 * - a `postmaster.pid` whose process is a zombie, or is by now somebody else's, is removed: Postgres
 *   asks only whether the number is taken. A dead number is left to Postgres, which handles it.
 */
export async function clearLeftovers(dataDir: string): Promise<void> {
  const pidFile = join(dataDir, "postmaster.pid");
  const recorded = recordedPid(pidFile);
  if (recorded === undefined) return;

  if (serverProcesses(dataDir).includes(recorded)) {
    process.kill(recorded, "SIGINT");
    if (!await gone(dataDir, 15_000, recorded)) process.kill(recorded, "SIGQUIT");
  }
  if (!await gone(dataDir, 2_000)) {
    for (const pid of serverProcesses(dataDir)) process.kill(pid, "SIGKILL");
    if (!await gone(dataDir, 5_000)) {
      throw new Error(`Postgres processes of ${dataDir} do not end: ${serverProcesses(dataDir)}`);
    }
  }
  rmSync(pidFile, { force: true });
}

/** The first line of postmaster.pid. */
function recordedPid(pidFile: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, "utf8"));
    return Number.isNaN(pid) ? undefined : pid;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function gone(dataDir: string, withinMs: number, pid?: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (Date.now() < deadline) {
    const left = serverProcesses(dataDir);
    if (pid === undefined ? left.length === 0 : !left.includes(pid)) return true;
    await sleep(20);
  }
  return false;
}

/** Every process of a server works inside its data directory; a zombie works nowhere. */
function serverProcesses(dataDir: string): number[] {
  const home = realpathSync(dataDir);
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === home &&
        readlinkSync(`/proc/${pid}/exe`).includes("/native/bin/postgres");
    } catch {
      return false; // ended meanwhile, a zombie, or not ours to look at
    }
  });
}
