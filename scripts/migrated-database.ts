import { migrate } from "../local/migrate.ts";
import { startEmptyProject } from "./empty-project.ts";

/** Calls back with the URL of a database made for the purpose: it holds what the migrations make. */
export async function withMigratedDatabase<T>(use: (url: string) => Promise<T>): Promise<T> {
  const project = await startEmptyProject();
  try {
    await migrate(project.url);
    return await use(project.url);
  } finally {
    await project.stop();
  }
}
