import { spawn } from "node:child_process";
import { closeSync, fchownSync, openSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { Complaint } from "../../scripts/complaint.ts";
import { type Child, endingWithParent, handleOf } from "../child.ts";
import { assertReachable, initCluster, serverAccount, serverRoot } from "./cluster.ts";
import { clearLeftovers } from "./leftovers.ts";

export interface PostgresOptions {
  /** Made when it does not exist; belongs to the server's account. */
  dataDir: string;
  port: number;
}

/** Its `stop` is a fast shutdown: sessions are ended, what is committed is on disk. */
export interface PostgresServer extends Child {
  readonly port: number;
  url(role: string): string;
}

const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "100",
  shared_buffers: "256MB",
  // Compiling a plan costs more than the short queries of this product take.
  jit: "off",
  fsync: "on",
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
  wal_level: "logical",
  max_replication_slots: "20",
  max_wal_senders: "20",
  max_wal_size: "2GB",
  shared_preload_libraries: "pg_stat_statements",
};

/**
 * glibc gives the memory of every larger query back and takes it anew for the next: 280 page faults
 * and three times the processor time of a list page, measured. Backends keep what they had instead.
 */
const MALLOC = {
  MALLOC_TRIM_THRESHOLD_: `${128 * 2 ** 20}`,
  MALLOC_MMAP_THRESHOLD_: `${32 * 2 ** 20}`,
  MALLOC_TOP_PAD_: `${4 * 2 ** 20}`,
};

/** The superuser's or any other role's URL on a server of this machine. */
export const databaseUrl = (port: number, role: string): string =>
  `postgres://${role}@127.0.0.1:${port}/postgres`;

/** Starts Postgres on a data directory and returns once it answers queries. */
export async function launchPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const dataDir = resolve(options.dataDir);
  const { port } = options;
  const account = serverAccount();
  const binary = join(serverRoot(), "native/bin/postgres");
  assertReachable(binary, account);
  await initCluster(dataDir, account);
  await clearLeftovers(dataDir);

  const logFile = join(dataDir, "server.log");
  const log = openSync(logFile, "a", 0o600);
  // A base backup is of every file in here, and the server must be able to read them all.
  if (account.uid !== undefined) fchownSync(log, account.uid, account.gid!);
  const logStart = statSync(logFile).size;
  const settings = Object.entries({ ...SETTINGS, port: `${port}` })
    .flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const { command, args } = endingWithParent(binary, ["-D", dataDir, ...settings], "INT");
  const server = await handleOf(
    spawn(command, args, {
      ...account,
      cwd: "/",
      detached: true,
      stdio: ["ignore", log, log],
      env: { ...process.env, ...MALLOC },
    }),
    "SIGINT",
    "SIGQUIT",
  );
  closeSync(log);

  let ended = false;
  void server.exited.then(() => ended = true);
  await answers(databaseUrl(port, "supabase_admin"), () => {
    if (ended) {
      throw new Complaint(startFailure(port, readFileSync(logFile).toString("utf8", logStart)));
    }
  });
  return { ...server, port, url: (role) => databaseUrl(port, role) };
}

/** Polls until the server answers; `check` throws when there is nothing left to wait for. */
async function answers(url: string, check: () => void): Promise<void> {
  for (;;) {
    const sql = postgres(url, {
      max: 1,
      connect_timeout: 5,
      fetch_types: false,
      onnotice: () => {},
    });
    try {
      await sql`select 1`;
      return;
    } catch {
      check();
      await sleep(15);
    } finally {
      await sql.end({ timeout: 0 });
    }
  }
}

/** The server's own reason, in one line. */
function startFailure(port: number, log: string): string {
  if (log.includes("Address already in use")) return `Port ${port} (Postgres) is already in use.`;
  const reason = /(?:FATAL|PANIC):\s*(.*)/.exec(log)?.[1] ?? log.trim().split("\n").at(-1);
  return `Postgres did not start: ${reason || "it gave no reason"}`;
}
