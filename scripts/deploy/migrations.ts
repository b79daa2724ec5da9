// What of supabase/migrations the database has not seen yet, and whether that may be applied.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Complaint } from "../complaint.ts";
import type { Cli } from "./cli.ts";
import { destructive } from "./destructive.ts";

const FOLDER = "supabase/migrations";
const DryRun = z.looseObject({ migrations: z.array(z.string()) });

/** The migrations that `db push` would apply to the database, by file name. */
export async function pendingMigrations(cli: Cli, remote: string): Promise<string[]> {
  const { stdout } = await cli("db", "push", remote, "--dry-run", "--output-format=json");
  return DryRun.parse(JSON.parse(stdout)).migrations;
}

/**
 * Refuses pending migrations that would destroy data nobody said may go. A database that has seen none
 * of them is new: there is nothing in it to lose.
 */
export function refuseDestruction(root: string, pending: readonly string[]): void {
  const all = readdirSync(join(root, FOLDER)).filter((name) => name.endsWith(".sql"));
  if (pending.length === all.length) return;
  const findings = pending.flatMap((name) =>
    destructive(readFileSync(join(root, FOLDER, name), "utf8"))
      .map(({ line, reason }) => `${FOLDER}/${name}:${line} ${reason}`)
  );
  if (findings.length > 0) {
    throw new Complaint(
      `${
        findings.join("\n")
      }\nMake a backup, then confirm with: npm run deploy -- --confirm-destructive`,
    );
  }
}
