// npm run types: writes shared/db/database.types.ts from the migrations. With --check it only
// compares. The schema is read from a database made for the purpose, so what it says is what the
// migrations of this working copy say.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import postgresClient from "postgres";
import { readOptions } from "./arguments.ts";
import { Complaint, runProgram } from "./complaint.ts";
import { withMigratedDatabase } from "./migrated-database.ts";
import { root, run, toolPath } from "./tools.ts";

const FILE = "shared/db/database.types.ts";
const SCHEMAS = "public,internal";
const HEADER = "// Generated from supabase/migrations by: npm run types\n";

/** The types of a database that holds nothing but the migrations. */
const generate = () =>
  withMigratedDatabase(async (url) => {
    await dropPartitions(url);
    return HEADER + await generateFrom(url);
  });

/** Partitions have their table's type, and names that are others every day. */
async function dropPartitions(databaseUrl: string): Promise<void> {
  const sql = postgresClient(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    await sql`
      do $$
      declare partition regclass;
      begin
        for partition in
          select oid::regclass from pg_class where relispartition and relkind in ('r', 'p')
        loop
          execute format('drop table %s', partition);
        end loop;
      end $$
    `.simple();
  } finally {
    await sql.end();
  }
}

async function generateFrom(databaseUrl: string): Promise<string> {
  const { code, stdout, stderr } = await run(toolPath("supabase"), [
    "gen",
    "types",
    "--lang",
    "typescript",
    `--remote=${databaseUrl}?sslmode=disable`,
    "--schema",
    SCHEMAS,
    "--agent",
    "no",
  ]);
  if (code !== 0) throw new Complaint(`supabase gen types failed: ${(stderr || stdout).trim()}`);
  return stdout;
}

async function compare(generated: string) {
  const kept = await readFile(join(root, FILE), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  if (kept === generated) return;
  const lines = kept.split("\n");
  const line = generated.split("\n").findIndex((text, index) => text !== lines[index]);
  throw new Complaint(
    `${FILE} is not what the migrations give (line ${line + 1} is the first to differ). ` +
      "Write it anew with: npm run types",
  );
}

await runProgram(async () => {
  const { check } = readOptions("Usage: npm run types [-- --check]", {
    options: { check: { type: "boolean", default: false } },
  });
  const generated = await generate();
  if (check) return await compare(generated);
  await writeFile(join(root, FILE), generated);
  process.stdout.write(`${FILE} is up to date.\n`);
});
