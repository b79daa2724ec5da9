import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "../local/migrate.ts";
import { freePort } from "../local/ports.ts";
import { launchPostgres } from "../local/postgres/launch.ts";
import { applyPlatform } from "../local/postgres/platform.ts";

/** Calls back with the URL of a database made for the purpose: it holds what the migrations make. */
export async function withMigratedDatabase<T>(use: (url: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "busymate-schema-"));
  // Started by root, Postgres runs as somebody else, who must be able to pass through.
  await chmod(directory, 0o711);
  try {
    const dataDir = join(directory, "postgres");
    const postgres = await launchPostgres({ dataDir, port: await freePort() });
    try {
      await applyPlatform(postgres.url("supabase_admin"), () => {});
      await migrate(postgres.url("postgres"));
      return await use(postgres.url("postgres"));
    } finally {
      await postgres.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
