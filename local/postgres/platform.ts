import { readFile } from "node:fs/promises";
import postgres from "postgres";
import { runOnce } from "./once.ts";

const local = new URL("../", import.meta.url);

/** In this order: what hosted Supabase holds, then what each stand-in of a service owns. */
const SCRIPTS = [
  "platform.sql",
  "auth/schema.sql",
  "realtime/schema.sql",
  "realtime/changes.sql",
  "cron/schema.sql",
  "net/schema.sql",
];

/** Turns an empty cluster into what a hosted project is before its first migration. */
export async function applyPlatform(
  superuserUrl: string,
  report: (line: string) => void,
): Promise<void> {
  const sql = postgres(superuserUrl, { max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(`
      create schema if not exists embedded;
      comment on schema embedded is 'What the embedded stack notes down for itself.';
      create table if not exists embedded.scripts (
        name text primary key,
        sha256 text not null,
        ran_at timestamptz not null default now()
      );
      comment on table embedded.scripts is 'Scripts that run once on a database, and their text''s hash.';
    `);
    for (const name of SCRIPTS) {
      const outcome = await runOnce(sql, name, await readFile(new URL(name, local), "utf8"));
      if (outcome === "changed") {
        report(
          `local/${name} has changed since this database was made, which keeps the old one; ` +
            "a new data directory (BUSYMATE_DATA) gets the new one.",
        );
      }
    }
    // Seeding runs as postgres and is noted down by it.
    await sql.unsafe(`
      grant usage on schema embedded to postgres;
      grant select, insert on embedded.scripts to postgres;
    `);
  } finally {
    await sql.end();
  }
}
