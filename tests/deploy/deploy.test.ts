// `npm run deploy` with the real Supabase CLI, against a stand-in for the management API and a real,
// empty database.

import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFirstAdmin } from "../../scripts/deploy/admin.ts";
import { createCli } from "../../scripts/deploy/cli.ts";
import { declaredFunctions, filesOf } from "../../scripts/deploy/functions.ts";
import { UPLOAD_LIMIT } from "../../scripts/deploy/rehearsal.ts";
import { describeSchema } from "../support/catalogue.ts";
import { type EmptyProject, startEmptyProject } from "../../scripts/empty-project.ts";
import { database } from "../support/world.ts";
import { copyProject, type Deployed, deployTo, type Project } from "./support/project.ts";

/** A deployment starts a dozen programs, each of which may have to wait for a busy machine. */
const SLOW = 300_000;

let target: EmptyProject;
let project: Project;
let first: Deployed;
let sql: postgres.Sql;

beforeAll(async () => {
  target = await startEmptyProject();
  project = await copyProject();
  sql = postgres(target.url, { max: 1, onnotice: () => {} });
  // What lies about in a working copy and is nobody's to have.
  await project.write(".env", "SECRET=1");
  await project.write("shared/.env", "SECRET=1");
  await project.write("functions/api/notes.txt", "private");
  first = await deployTo(target.url, project);
}, SLOW);

afterAll(async () => {
  await sql?.end();
  await target?.stop();
  await project?.remove();
});

describe("a deployment of this working copy", () => {
  it("succeeds and makes every declared function active", () => {
    expect(first.complaint).toBeUndefined();
    const slugs = declaredFunctions(project.root).map(({ slug }) => slug);
    expect([...first.api.deployed].sort()).toEqual(slugs);
  });

  it("uploads every file a function imports and nothing else, within 2 MB", async () => {
    expect(first.api.uploads).toHaveLength(first.api.deployed.length);
    for (const { slug, files } of first.api.uploads) {
      expect([...files.keys()].sort(), slug).toEqual([...await filesOf(project.root, slug)].sort());
      const names = [...files.keys()].join("\n");
      expect(names, slug).not.toMatch(/\.env|\.test\.ts|\.fake\.ts|notes|node_modules/);
      const size = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
      expect(size, slug).toBeLessThan(UPLOAD_LIMIT);
    }
  });

  it("sets the secrets as they are, and when and what was deployed", () => {
    const { BUSYMATE_DEPLOYED_AT, BUSYMATE_COMMIT, ...own } = Object.fromEntries(first.api.secrets);
    expect(own).toEqual(project.secrets);
    expect(Date.parse(BUSYMATE_DEPLOYED_AT!)).toBeGreaterThan(Date.now() - 600_000);
    // The copy is no clone, so there is no commit to name.
    expect(BUSYMATE_COMMIT).toBeUndefined();
  });

  it("migrates before the functions that need it are deployed", () => {
    const { lines } = first;
    const step = (name: string) => lines.findIndex((line) => line.startsWith(name));
    expect(step("Migrated")).toBeGreaterThan(step("Rehearsal"));
    expect(step("Functions deployed")).toBeGreaterThan(step("Migrated"));
  });

  it("gives an empty database the schema that the embedded stack has", async () => {
    const [deployed, embedded] = await Promise.all([
      describeSchema(sql),
      describeSchema(database()),
    ]);
    const only = (some: string[], others: string[]) => {
      const known = new Set(others);
      return some.filter((line) => !known.has(line));
    };
    expect(deployed.length).toBeGreaterThan(500);
    expect({ missing: only(embedded, deployed), extra: only(deployed, embedded) })
      .toEqual({ missing: [], extra: [] });
  });
});

describe("the first admin", () => {
  it("must have an account, is made once, and is the only one a deployment makes", async () => {
    const cli = createCli(project.root, { PATH: process.env["PATH"], HOME: project.root });
    const make = (email: string) =>
      makeFirstAdmin(cli, `--remote=${target.url}?sslmode=disable`, email);
    const email = "Operator@example.com";
    await expect(make(email)).rejects.toThrow(
      `There is no account ${email}: sign up with it first, then run this again.`,
    );
    await sql`
      insert into auth.users (id, aud, role, email) values
        (gen_random_uuid(), 'authenticated', 'authenticated', 'operator@example.com'),
        (gen_random_uuid(), 'authenticated', 'authenticated', 'second@example.com')`;
    expect(await make(email)).toBe(`${email} is the first admin`);
    expect(await make(email)).toBe(`${email} is an admin already`);
    await expect(make("second@example.com")).rejects.toThrow(/^There is an admin already/);
    const admins = await sql`select email from public.profiles where role = 'admin'`;
    expect(admins.map((row) => row["email"])).toEqual(["operator@example.com"]);
  }, SLOW);
});

describe("a dry run", () => {
  it("says what is pending and changes nothing", async () => {
    const { api, lines, complaint } = await deployTo(target.url, project, { dryRun: true });
    expect(complaint).toBeUndefined();
    expect(lines.slice(-2)).toEqual(["Migrations: none pending", "Nothing was changed."]);
    expect(api.requests.filter((request) => !request.startsWith("GET "))).toEqual([]);
  }, SLOW);
});

describe("a deployment is refused, and nothing is uploaded, for", () => {
  const refusals: [name: string, breakIt: (copy: Project) => Promise<void>, complaint: RegExp][] = [
    [
      "an import of a file that is not there",
      (copy) => copy.write("functions/api/index.ts", 'import "../../shared/nowhere.ts";\n'),
      /functions\/api\/index\.ts: .*shared\/nowhere\.ts/,
    ],
    [
      "a function that nobody declared",
      (copy) => copy.write("functions/other/index.ts", "Deno.serve(() => new Response());\n"),
      /functions\/other is not declared in supabase\/config\.toml/,
    ],
    [
      "a declared function without code",
      (copy) => copy.edit("supabase/config.toml", "[functions.api]", "[functions.ghost]"),
      /\[functions\.ghost\] has no folder functions\/ghost/,
    ],
    [
      "a function whose verify_jwt is not stated",
      (copy) =>
        copy.edit("supabase/config.toml", "[functions.api]\nverify_jwt = false", "[functions.api]"),
      /\[functions\.api\] must state verify_jwt/,
    ],
    [
      "a mapping of a folder",
      (copy) => copy.edit("deno.json", '"imports": {', '"imports": { "@shared/": "./shared/",'),
      /deno\.json maps a folder \(@shared\/\)/,
    ],
    [
      "a file that only a comment imports, which the CLI uploads",
      (copy) =>
        copy.edit(
          "functions/api/index.ts",
          "Deno.serve",
          '// import "../../shared/http/app.test.ts";\nDeno.serve',
        ),
      /api does not import shared\/http\/app\.test\.ts, which the CLI uploads/,
    ],
    [
      "a file outside the project",
      (copy) => copy.write("functions/api/index.ts", 'import "../../../outside.ts";\n'),
      /outside/,
    ],
    [
      "a secret that the platform sets",
      (copy) =>
        copy.edit(".env.production", "BUSYMATE_WEB_URL", "SUPABASE_WEB_URL='x'\nBUSYMATE_WEB_URL"),
      /SUPABASE_WEB_URL: Supabase sets what begins with SUPABASE_/,
    ],
    [
      "a secret that is missing",
      (copy) => copy.edit(".env.production", "BUSYMATE_SIGNING_KEY", "# BUSYMATE_SIGNING_KEY"),
      /BUSYMATE_SIGNING_KEY is missing/,
    ],
    [
      "a switch for development",
      (copy) =>
        copy.edit(
          ".env.production",
          "BUSYMATE_WEB_URL",
          "BUSYMATE_ALLOW_LOOPBACK_DOCUMENTS=1\nBUSYMATE_WEB_URL",
        ),
      /BUSYMATE_ALLOW_LOOPBACK_DOCUMENTS is for development/,
    ],
    [
      "a pending migration that destroys data",
      (copy) =>
        copy.write("supabase/migrations/29991231000000_less.sql", "drop table public.tags;\n"),
      /29991231000000_less\.sql:1 drops a table\n.*--confirm-destructive/s,
    ],
  ];

  it.each(refusals)("%s", async (_name, breakIt, expected) => {
    const copy = await copyProject();
    try {
      await breakIt(copy);
      const { api, complaint } = await deployTo(target.url, copy);
      expect(complaint).toMatch(expected);
      expect(api.uploads).toEqual([]);
      expect(api.secrets.size).toBe(0);
    } finally {
      await copy.remove();
    }
  }, SLOW);
});

describe("a destructive migration", () => {
  it("is applied once it is confirmed", async () => {
    const copy = await copyProject();
    try {
      await copy.write(
        "supabase/migrations/29991231000000_less.sql",
        "drop table public.tags cascade;\n",
      );
      const { complaint } = await deployTo(target.url, copy, { confirmDestructive: true });
      expect(complaint).toBeUndefined();
      const [row] = await sql`select to_regclass('public.tags') as tags`;
      expect(row!["tags"]).toBeNull();
    } finally {
      await copy.remove();
    }
  }, SLOW);
});
