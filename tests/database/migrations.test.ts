import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { migrate } from "../../local/migrate.ts";
import { stack } from "../support/stack.ts";
import { database } from "../support/world.ts";

describe("migrations", () => {
  it("are all in the history of the Supabase CLI", async () => {
    const files = (await readdir("supabase/migrations")).filter((name) => name.endsWith(".sql"));
    const rows = await database()<{ version: string }[]>`
      select version from supabase_migrations.schema_migrations order by version`;
    expect(rows.map(({ version }) => version)).toEqual(
      files.map((name) => name.split("_")[0]).sort(),
    );
  });

  it("find nothing to do a second time", async () => {
    expect(await migrate(stack().db_url)).toBe(0);
  });
});
