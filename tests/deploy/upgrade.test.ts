// An upgrade from every released version, on a database that is being used.

import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyRelease, fill, type Upgrade, upgrade } from "../../bench/support/upgrade.ts";
import { readReleases } from "../../scripts/contract/releases.ts";
import { type EmptyProject, startEmptyProject } from "../../scripts/empty-project.ts";
import { root } from "../../scripts/tools.ts";
import { describeSchema } from "../support/catalogue.ts";
import { database } from "../support/world.ts";

/** Enough that rewriting the table or checking its rows takes its time; a million: npm run bench:upgrade. */
const ROWS = 40_000;
const SLOW = 300_000;

const RELEASES = readReleases(root);

describe.each(RELEASES)("from $version build $build", (release) => {
  let project: EmptyProject;
  let outcome: Upgrade;

  beforeAll(async () => {
    project = await startEmptyProject();
    await applyRelease(root, project.url, release);
    await fill(project.url, ROWS);
    outcome = await upgrade(root, project.url);
  }, SLOW);
  afterAll(() => project?.stop());

  it("keeps nobody out for longer than a second", () => {
    expect(outcome.uses).toBeGreaterThan(2);
    expect(outcome.locks.filter(({ ms }) => ms > 1_000)).toEqual([]);
  });

  it("gives the schema of a new installation and keeps every row", async () => {
    const sql = postgres(project.url, { max: 1 });
    const upgraded = await describeSchema(sql);
    const fresh = await describeSchema(database());
    const [row] = await sql`
      select count(*)::int as kept from public.entries where request_id like 'upgrade-%'`;
    await sql.end();
    expect(row!["kept"]).toBe(ROWS);
    expect(upgraded).toEqual(fresh);
  }, SLOW);

  // Once is enough: it is about the watching, not about the release.
  it.runIf(release === RELEASES.at(-1))("would be found out if it did", async () => {
    const copy = await mkdtemp(join(tmpdir(), "busymate-slow-"));
    try {
      await cp(join(root, "supabase"), join(copy, "supabase"), { recursive: true });
      await writeFile(
        join(copy, "supabase/migrations/29991231000000_slow.sql"),
        "alter table public.entries add column slow integer;\nselect pg_sleep(1.5);\n",
      );
      const { applied, locks, longestWaitMs } = await upgrade(copy, project.url);
      expect(applied).toBe(1);
      const slow = locks.find(({ relation }) =>
        relation === "entries" || relation === "public.entries"
      );
      expect(slow).toMatchObject({ mode: "AccessExclusiveLock" });
      expect(slow!.ms).toBeGreaterThan(1_000);
      expect(longestWaitMs).toBeGreaterThan(1_000);
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  }, SLOW);
});
