// What Supabase's own linter finds in the migrated database.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { stack } from "../support/stack.ts";

interface Finding {
  readonly name: string;
  readonly level: "ERROR" | "WARN" | "INFO";
  readonly detail: string;
  readonly metadata: { readonly schema: string; readonly name: string };
}

let findings: Finding[];

beforeAll(async () => {
  const cli = createRequire(import.meta.url).resolve("@supabase/cli-linux-x64/package.json");
  const { stdout } = await promisify(execFile)(join(dirname(cli), "bin/supabase"), [
    "db",
    "advisors",
    `--remote=${stack().db_url}?sslmode=disable`,
    "--level=info",
    "--output-format=json",
    "--agent=no",
  ], {
    maxBuffer: 64 * 2 ** 20,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      DO_NOT_TRACK: "1",
      SUPABASE_TELEMETRY_DISABLED: "1",
      SUPABASE_NO_UPDATE_NOTIFIER: "1",
    },
  });
  findings = (JSON.parse(stdout) as { results: Finding[] }).results;
});

describe("supabase db advisors", () => {
  it("looks at this database", () => {
    // Every partition is reported for information: an empty list would mean that nothing was read.
    expect(findings.map(({ metadata }) => metadata.name)).toContain("entries_default");
  });

  it("finds no error and nothing to warn of", () => {
    expect(findings.filter(({ level }) => level !== "INFO")).toEqual([]);
  });

  it("informs only of what has a written reason", () => {
    const reasons = readFileSync("docs/advisors.md", "utf8");
    const kinds = [...new Set(findings.map(({ name }) => name))];
    expect(kinds.filter((name) => !reasons.includes(`## ${name}\n`))).toEqual([]);
  });

  it("finds tables without a policy only where nobody is meant to look", () => {
    const closed = findings.filter(({ name }) => name === "rls_enabled_no_policy")
      .map(({ metadata: { schema, name } }) => `${schema}.${name}`);
    const expected = /^(private\.\w+|public\.entries_(default|\d{4}_\d\d_\d\d))$/;
    expect(closed.filter((name) => !expected.test(name))).toEqual([]);
  });
});
