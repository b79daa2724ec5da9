import type { Writable } from "node:stream";
import pg from "pg";
import { OpenEnded, TAR_END, tarEntry } from "./tar.ts";

/** What pg has and its types leave out: the socket below a connection, to be paused. */
interface StreamingClient extends pg.Client {
  readonly connection: pg.Connection & { readonly stream: NodeJS.ReadableStream };
}

/**
 * Postgres' own base backup: files and the log written while they were copied, so what is restored is
 * the database as it was at the end, whatever was going on. The manifest has every file's hash.
 */
const COMMAND =
  "BASE_BACKUP (LABEL 'busymate', TARGET 'client', WAL true, CHECKPOINT 'fast', PROGRESS false, " +
  "MANIFEST 'yes', MANIFEST_CHECKSUMS 'SHA256')";

const MESSAGE = { archive: 0x6e, data: 0x64, manifest: 0x6d };

/** Writes a tar archive: the given files, then the server's, then its manifest. */
export async function writeBaseBackup(
  databaseUrl: string,
  files: ReadonlyMap<string, Uint8Array>,
  out: Writable,
): Promise<void> {
  for (const [name, content] of files) out.write(tarEntry(name, content));

  const client = new pg.Client(
    { connectionString: databaseUrl, replication: "true" } as pg.ClientConfig,
  ) as StreamingClient;
  await client.connect();
  const archive = new OpenEnded();
  const manifest: Uint8Array[] = [];
  let archives = 0;
  let inManifest = false;
  const { connection } = client;
  connection.on("copyData", ({ chunk }: { chunk: Buffer }) => {
    const content = chunk.subarray(1);
    if (chunk[0] === MESSAGE.archive) archives++;
    else if (chunk[0] === MESSAGE.manifest) inManifest = true;
    // A copy: pg uses the memory of a message again.
    else if (chunk[0] === MESSAGE.data && inManifest) manifest.push(Buffer.from(content));
    // What has been received already keeps coming after a pause: the stream takes it in.
    else if (chunk[0] === MESSAGE.data && !out.write(archive.push(content))) {
      connection.stream.pause();
    }
  });
  out.on("drain", () => connection.stream.resume());
  // A full disk: nobody will take the rest.
  out.once("error", () => void client.end());
  try {
    await client.query(COMMAND);
  } finally {
    await client.end();
  }
  if (archives !== 1) throw new Error(`the server has ${archives} tablespaces instead of one`);
  archive.finish();
  out.write(tarEntry("backup_manifest", Buffer.concat(manifest)));
  out.end(TAR_END);
}
