import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres, { type Sql } from "postgres";
import { Complaint } from "../scripts/complaint.ts";
import { runOnce } from "./postgres/once.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/**
 * Brings the schema up to date as the role postgres, then seeds it once. Returns the number of
 * migrations that were applied.
 */
export async function migrate(databaseUrl: string): Promise<number> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    const pending = await pendingMigrations(sql);
    if (pending.length > 0) await push(databaseUrl);
    await runOnce(sql, "seed.sql", await readFile(join(root, "supabase/seed.sql"), "utf8"));
    if (pending.length > 0) await sql`notify pgrst, 'reload schema'`;
    return pending.length;
  } finally {
    await sql.end();
  }
}

/** The migrations the database has no record of. Asking takes a millisecond, the CLI most of one s. */
async function pendingMigrations(sql: Sql): Promise<string[]> {
  const files = (await readdir(join(root, "supabase/migrations"))).filter((n) =>
    n.endsWith(".sql")
  );
  const [history] = await sql`select to_regclass('supabase_migrations.schema_migrations') as name`;
  if (history!["name"] === null) return files;
  const rows = await sql`select version from supabase_migrations.schema_migrations`;
  const applied = new Set(rows.map((row) => row["version"]));
  return files.filter((name) => !applied.has(name.split("_")[0]));
}

/** The same `supabase db push` that deploys to a hosted project, with the same history table. */
async function push(databaseUrl: string): Promise<void> {
  const cli = join(
    dirname(createRequire(import.meta.url).resolve("@supabase/cli-linux-x64/package.json")),
    "bin/supabase",
  );
  const args = ["db", "push", `--remote=${databaseUrl}?sslmode=disable`, "--yes", "--agent", "no"];
  const env = {
    PATH: process.env["PATH"],
    HOME: process.env["HOME"],
    NO_COLOR: "1",
    DO_NOT_TRACK: "1",
    SUPABASE_TELEMETRY_DISABLED: "1",
    SUPABASE_NO_UPDATE_NOTIFIER: "1",
  };
  await new Promise<void>((done, failed) => {
    const options = { cwd: root, env, maxBuffer: 64 * 2 ** 20 };
    const child = execFile(cli, [...args, "--workdir", root], options, (error, stdout, stderr) => {
      if (error) failed(new Complaint(`A migration failed.\n${readable(stdout + stderr)}`));
      else done();
    });
    child.stdin?.end();
  });
}

/** The CLI's output without its frame and its advice to debug the CLI itself. */
function readable(output: string): string {
  return output.split("\n").map((line) => line.replace(/^[│▲◇■└┌\s]+/, "  ").trimEnd())
    .filter((line) => line !== "" && !line.includes("--debug to troubleshoot")).join("\n");
}
