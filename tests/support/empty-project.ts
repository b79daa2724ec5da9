import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../local/ports.ts";
import { holdDirectory } from "../../local/directory.ts";
import { launchPostgres } from "../../local/postgres/launch.ts";
import { applyPlatform } from "../../local/postgres/platform.ts";

export interface EmptyProject {
  /** As the owner of the schema. */
  readonly url: string;
  /** As the superuser. */
  readonly superuserUrl: string;
  stop(): Promise<void>;
}

/** A database of its own that is what a new Supabase project is: nothing of ours is in it. */
export async function startEmptyProject(): Promise<EmptyProject> {
  const directory = await mkdtemp(join(tmpdir(), "busymate-project-"));
  const { path, release } = await holdDirectory(directory);
  const postgres = await launchPostgres({
    dataDir: join(path, "postgres"),
    port: await freePort(),
  });
  await applyPlatform(postgres.url("supabase_admin"), () => {});
  return {
    url: postgres.url("postgres"),
    superuserUrl: postgres.url("supabase_admin"),
    async stop() {
      await postgres.stop();
      release();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
