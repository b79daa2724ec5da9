// The files of `supabase test db`, without Docker: the SQL of pgTAP is loaded inside the transaction
// that each file rolls back.

import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import postgres from "postgres";
import { describe, expect, it } from "vitest";
import { stack } from "../support/stack.ts";

const FOLDER = "supabase/tests";

/** pgTAP comes with PGlite's packages, as an archive laid out like a Postgres installation. */
async function pgTap(): Promise<string> {
  const main = createRequire(import.meta.url).resolve("@electric-sql/pglite-pgtap");
  const { stdout } = await promisify(execFile)("tar", [
    "-xzOf",
    join(dirname(main), "pgtap.tar.gz"),
    "share/postgresql/extension/pgtap--1.3.5.sql",
  ], { maxBuffer: 16 * 2 ** 20 });
  return stdout;
}

/** The file with what it includes (psql's \ir). */
function source(path: string): string {
  return readFileSync(path, "utf8").replace(
    /^\\ir (\S+)$/gm,
    (_, included: string) => source(join(dirname(path), included)),
  );
}

interface Line {
  readonly ok: boolean;
  readonly title: string;
}

interface Outcome {
  readonly file: string;
  readonly planned: number;
  readonly lines: readonly Line[];
  /** What was printed, or why it broke off. */
  readonly output: string;
}

async function run(file: string, tap: string): Promise<Outcome> {
  const sql = postgres(stack().db_url, { max: 1, onnotice: () => {} });
  try {
    const results = await sql.unsafe<Record<string, unknown>[][]>(`
      begin;
      create schema tap;
      set local search_path = tap, public, extensions;
      ${tap}
      ${source(join(FOLDER, file)).replace(/^begin;$/m, "")}`);
    const output = results
      .flatMap((rows) => rows.flatMap((row) => Object.values(row)))
      .filter((value): value is string => typeof value === "string")
      .flatMap((value) => value.split("\n"));
    return {
      file,
      planned: Number(output.find((line) => /^1\.\.\d+$/.test(line))?.slice(3)),
      lines: output.flatMap((line) => {
        const [, not, title] = /^(not )?ok \d+ - (.*)$/.exec(line) ?? [];
        return title === undefined ? [] : [{ ok: not === undefined, title }];
      }),
      output: output.filter((line) => line !== "").join("\n"),
    };
  } catch (error) {
    return { file, planned: NaN, lines: [], output: String(error) };
  } finally {
    await sql.end({ timeout: 1 });
  }
}

const tap = await pgTap();
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".test.sql"));
const outcomes: Outcome[] = [];
for (const file of files) outcomes.push(await run(file, tap));

describe.each(outcomes)("$file", ({ planned, lines, output }) => {
  it("runs to its end, with as many assertions as planned", () => {
    expect(lines.length, output).toBe(planned);
  });

  it.each(lines)("$title", ({ ok }) => {
    expect(ok, output).toBe(true);
  });
});
