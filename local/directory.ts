import { createHash } from "node:crypto";
import { chmod, mkdir, realpath } from "node:fs/promises";
import { createServer } from "node:net";
import { Complaint } from "../scripts/complaint.ts";
import { finishExchange } from "./exchange.ts";

/** Where a stack keeps what it must not lose: database, keys, logs. */
export interface DataDirectory {
  readonly path: string;
  release(): void;
}

/**
 * Makes the directory and holds it, so that no second stack starts on it. What holds it is an
 * abstract socket: the kernel drops it when we die, however we die, and no stale lock is left. A
 * restore that was interrupted while it exchanged what is in there is finished first.
 */
export async function holdDirectory(directory: string): Promise<DataDirectory> {
  await mkdir(directory, { recursive: true });
  // Started by root, Postgres runs as somebody else, who must be able to pass through.
  if (process.getuid?.() === 0) await chmod(directory, 0o711);
  const path = await realpath(directory);
  const name = createHash("sha256").update(path).digest("hex");
  const server = createServer();
  await new Promise<void>((done, failed) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      failed(
        error.code === "EADDRINUSE" ? new Complaint(`A stack already runs on ${path}.`) : error,
      );
    });
    server.listen(`\0busymate-${name}`, done);
  });
  server.unref();
  await finishExchange(path);
  return { path, release: () => void server.close() };
}
