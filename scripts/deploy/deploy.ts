// A deployment, step by step. What can fail without having changed anything comes first.

import { Complaint } from "../complaint.ts";
import { makeFirstAdmin } from "./admin.ts";
import { createCli } from "./cli.ts";
import { pendingMigrations, refuseDestruction } from "./migrations.ts";
import { rehearse } from "./rehearsal.ts";
import { readSecrets, setSecrets, stamps } from "./secrets.ts";

export interface Deployment {
  /** The project's files. */
  readonly root: string;
  readonly environment: Record<string, string | undefined>;
  /** NAME=value lines: the functions' secrets. */
  readonly secretsFile: string;
  /** Pending migrations may destroy data. */
  readonly confirmDestructive: boolean;
  /** Stops before the first change. */
  readonly dryRun: boolean;
  /** Becomes the first admin. */
  readonly admin?: string;
  readonly report: (line: string) => void;
}

/** Checks, links, migrates, sets secrets, deploys the functions and makes the first admin. */
export async function deploy(deployment: Deployment): Promise<void> {
  const { root, environment, report } = deployment;
  const { ref, remote } = targetOf(environment);
  const cli = createCli(root, environment);

  const secrets = await readSecrets(deployment.secretsFile);
  report(`Secrets: ${Object.keys(secrets).length} are set and valid`);

  const uploads = await rehearse(root);
  const bytes = uploads.flatMap(({ files }) => [...files.values()])
    .reduce((sum, file) => sum + file.length, 0);
  report(
    `Rehearsal: ${uploads.length} functions, ${Math.round(bytes / 1024)} KiB, ` +
      "exactly the files they import",
  );

  await cli("link", `--project-ref=${ref}`);
  report(`Linked: ${ref}`);

  const pending = await pendingMigrations(cli, remote);
  if (!deployment.confirmDestructive) refuseDestruction(root, pending);
  report(`Migrations: ${pending.length === 0 ? "none" : pending.join(", ")} pending`);
  if (deployment.dryRun) {
    report("Nothing was changed.");
    return;
  }

  // New code may need the new schema; the old code still runs on it, since migrations only add.
  if (pending.length > 0) {
    await cli("db", "push", remote);
    report(`Migrated: ${pending.length} applied`);
  }
  await setSecrets(cli, ref, { ...secrets, ...stamps(root) });
  report("Secrets set");
  await cli("functions", "deploy", "--use-api", `--remote=${ref}`);
  report(`Functions deployed: ${uploads.map(({ slug }) => slug).join(", ")}`);
  if (deployment.admin !== undefined) {
    report(`Admin: ${await makeFirstAdmin(cli, remote, deployment.admin)}`);
  }
}

/** The project, and its database as the CLI's option names it. */
function targetOf(environment: Deployment["environment"]): { ref: string; remote: string } {
  const ref = environment["SUPABASE_PROJECT_ID"] ?? "";
  if (!/^[a-z]{20}$/.test(ref)) {
    throw new Complaint(
      "SUPABASE_PROJECT_ID must be the project's ref: the 20 letters in its dashboard's address.",
    );
  }
  const url = environment["SUPABASE_DB_URL"];
  if (!url && !environment["SUPABASE_DB_PASSWORD"]) {
    throw new Complaint(
      "Set SUPABASE_DB_PASSWORD, or SUPABASE_DB_URL to the session pooler's connection string " +
        "(Connect in the dashboard), which works without IPv6 too.",
    );
  }
  return { ref, remote: url ? `--remote=${url}` : "--remote" };
}
