import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../local/ports.ts";
import { launchPostgres } from "../local/postgres/launch.ts";
import { applyPlatform } from "../local/postgres/platform.ts";

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
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    // Started by root, Postgres runs as somebody else, who must be able to pass through.
    await chmod(directory, 0o711);
    const dataDir = join(directory, "postgres");
    const postgres = await launchPostgres({ dataDir, port: await freePort() });
    const stop = async () => {
      await postgres.stop();
      await remove();
    };
    try {
      await applyPlatform(postgres.url("supabase_admin"), () => {});
    } catch (error) {
      await stop();
      throw error;
    }
    return { url: postgres.url("postgres"), superuserUrl: postgres.url("supabase_admin"), stop };
  } catch (error) {
    await remove();
    throw error;
  }
}
