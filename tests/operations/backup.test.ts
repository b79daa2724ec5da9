// Backup and restore as an operator runs them, on a stack's data directory of the test's own.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DataDirectory, holdDirectory } from "../../local/directory.ts";
import { loadKeys } from "../../local/keys.ts";
import { migrate } from "../../local/migrate.ts";
import { freePort } from "../../local/ports.ts";
import { launchPostgres, type PostgresServer } from "../../local/postgres/launch.ts";
import { applyPlatform } from "../../local/postgres/platform.ts";
import { ABOUT_FILE, POSTGRES_MAJOR } from "../../scripts/backup/format.ts";
import { TAR_END, tarEntry } from "../../scripts/backup/tar.ts";
import version from "../../version.json" with { type: "json" };
import { run } from "../e2e/program.ts";

/** Programs are started one after the other, each of which may have to wait for a busy machine. */
const SLOW = 300_000;

let source: DataDirectory;
let server: PostgresServer;
let sql: postgres.Sql;
let scratch: string;

/** A directory as a running stack has it, without the parts that keep nothing. */
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "busymate-backups-"));
  source = await holdDirectory(await mkdtemp(join(tmpdir(), "busymate-source-")));
  server = await launchPostgres({ dataDir: join(source.path, "postgres"), port: await freePort() });
  await applyPlatform(server.url("supabase_admin"), () => {});
  await migrate(server.url("postgres"));
  await loadKeys(join(source.path, "keys.json"));
  const address = "http://127.0.0.1:1";
  await writeFile(
    join(source.path, "stack.json"),
    JSON.stringify({
      url: address,
      db_url: server.url("postgres"),
      publishable_key: "sb_publishable_x",
      secret_key: "sb_secret_x",
      issuer: `${address}/functions/v1/mcp`,
      web_url: address,
      pid: process.pid,
      users: [],
      workspace_id: "00000000-0000-4000-8000-000000000000",
    }),
  );
  sql = postgres(server.url("postgres"), { max: 4, onnotice: () => {} });
  await sql`
    insert into public.devices (uuid, name, workspace_id, owner_user_id)
    select gen_random_uuid(), 'Phone', w.id, w.owner_user_id from public.workspaces w where w.personal`;
  await sql`
    insert into public.entries (request_id, device_uuid, workspace_id, ts, payload)
    select 'r' || i, d.uuid, d.workspace_id, now() - make_interval(mins => i),
      jsonb_build_object('url', 'https://example.com/' || i, 'method', 'GET', 'statusCode', 200, 'responseBody', repeat('x', i))
    from (select * from public.devices limit 1) d, generate_series(1, 2000) i`;
  await sql`create table public.left_hand (n bigint primary key)`;
  await sql`create table public.right_hand (n bigint primary key)`;
}, SLOW);

afterAll(async () => {
  await sql?.end();
  await server?.stop();
  source?.release();
  if (source) await rm(source.path, { recursive: true, force: true });
  await rm(scratch, { recursive: true, force: true });
});

/** Rows and their hash of every table that outlives a crash, whoever owns it. */
async function contents(url: string): Promise<Map<string, string>> {
  const reader = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const tables = await reader<{ name: string }[]>`
      select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and c.relpersistence = 'p' and n.nspname !~ '^pg_|^information_schema$'
      order by 1`;
    const found = new Map<string, string>();
    for (const { name } of tables) {
      const [row] = await reader.unsafe<{ text: string }[]>(
        `select count(*) || ' ' || coalesce(md5(string_agg(t::text, e'\\n' order by t::text)), '') as text from ${name} t`,
      );
      found.set(name, row!.text);
    }
    return found;
  } finally {
    await reader.end();
  }
}

/** Restores into a new directory and starts a server on it for as long as `use` runs. */
async function restored<T>(file: string, use: (server: PostgresServer) => Promise<T>): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), "busymate-restored-"));
  try {
    const outcome = await run(dataDir, "restore", [file]);
    expect(outcome).toMatchObject({ code: 0, err: "" });
    const copy = await launchPostgres({
      dataDir: join(dataDir, "postgres"),
      port: await freePort(),
    });
    try {
      expect(await readFile(join(dataDir, "keys.json"), "utf8"))
        .toBe(await readFile(join(source.path, "keys.json"), "utf8"));
      return await use(copy);
    } finally {
      await copy.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Starts a program and kills it as soon as it has come far enough. */
async function killedOnce(
  dataDir: string,
  [program, ...args]: [string, ...string[]],
  farEnough: () => Promise<boolean>,
): Promise<void> {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", `scripts/${program}.ts`, ...args],
    { env: { ...process.env, BUSYMATE_DATA: dataDir }, stdio: "ignore" },
  );
  const ended = new Promise((done) => child.once("exit", done));
  while (child.exitCode === null && !await farEnough()) await sleep(2);
  expect(child.exitCode, "it ended before it could be killed").toBeNull();
  child.kill("SIGKILL");
  await ended;
}

async function backUp(name: string): Promise<string> {
  const file = join(scratch, name);
  const outcome = await run(source.path, "backup", ["--out", file]);
  expect(outcome).toMatchObject({ code: 0, err: "" });
  return file;
}

/** One for those who do not mind when it was made. */
async function anyBackup(): Promise<string> {
  const file = join(scratch, "any.tar.gz");
  return existsSync(file) ? file : await backUp("any.tar.gz");
}

describe("a backup", () => {
  it("is restored table by table, and is for its owner alone", async () => {
    const before = await contents(server.url("supabase_admin"));
    const file = await backUp("any.tar.gz");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const after = await restored(file, (copy) => contents(copy.url("supabase_admin")));
    expect(before.size).toBeGreaterThan(50);
    expect(before.get("private.grants")).toBeDefined();
    expect(Object.fromEntries(after)).toEqual(Object.fromEntries(before));
  }, SLOW);

  it("made while transactions run has each of them whole or not at all", async () => {
    let n = 0;
    let writing = true;
    const writers = [0, 1].map(async () => {
      while (writing) {
        const mine = n++;
        await sql.begin(async (tx) => {
          await tx`insert into public.left_hand values (${mine})`;
          await tx`insert into public.right_hand values (${mine})`;
        });
      }
    });
    while (n < 20) await sleep(10);
    const [committed] = await sql<{ n: string }[]>`select count(*) as n from public.left_hand`;
    const file = await backUp("busy.tar.gz").finally(async () => {
      writing = false;
      await Promise.all(writers);
    });
    await restored(file, async (copy) => {
      const reader = postgres(copy.url("postgres"), { max: 1 });
      const [row] = await reader`
        select (select count(*) from public.left_hand)::int as left,
          (select count(*) from public.left_hand join public.right_hand using (n))::int as both,
          (select count(*) from public.right_hand)::int as right`;
      await reader.end();
      expect(row!["left"]).toBeGreaterThanOrEqual(Number(committed!.n));
      expect([row!["both"], row!["right"]]).toEqual([row!["left"], row!["left"]]);
    });
  }, SLOW);

  it(
    "that is killed in the middle leaves nothing of its name, and the next one is whole",
    async () => {
      const file = join(scratch, "killed.tar.gz");
      const partial = `${file}.partial`;
      await killedOnce(
        source.path,
        ["backup", "--out", file],
        () => stat(partial).then(({ size }) => size > 0, () => false),
      );
      expect(existsSync(file)).toBe(false);

      const dataDir = await mkdtemp(join(tmpdir(), "busymate-refused-"));
      const refused = await run(dataDir, "restore", [partial]);
      expect(refused.code).toBe(1);
      expect(refused.err).toMatch(/is not a whole backup/);
      expect(existsSync(join(dataDir, "postgres"))).toBe(false);
      await rm(dataDir, { recursive: true, force: true });

      const before = await contents(server.url("supabase_admin"));
      const again = await backUp("killed.tar.gz");
      expect(existsSync(partial)).toBe(false);
      const after = await restored(again, (copy) => contents(copy.url("supabase_admin")));
      expect(Object.fromEntries(after)).toEqual(Object.fromEntries(before));
    },
    SLOW,
  );
});

/**
 * One bit in the middle is another. Not any will do: in a run of zeros, the distance to the zeros that
 * are copied may be another and what is unpacked the same, and gzip is right to say nothing.
 */
function withBitChanged(packed: Buffer): Buffer {
  for (let at = Math.floor(packed.length / 2);; at++) {
    const changed = Buffer.from(packed);
    changed[at]! ^= 1;
    try {
      gunzipSync(changed);
    } catch {
      return changed;
    }
  }
}

describe("a restore", () => {
  it("refuses a file that was cut short or changed, and touches nothing", async () => {
    const whole = await anyBackup();
    const dataDir = await mkdtemp(join(tmpdir(), "busymate-kept-"));
    expect((await run(dataDir, "restore", [whole])).code).toBe(0);
    const keys = await readFile(join(dataDir, "keys.json"), "utf8");

    const cut = join(scratch, "cut.tar.gz");
    await copyFile(whole, cut);
    await truncate(cut, (await stat(whole)).size - 100);
    const changed = join(scratch, "changed.tar.gz");
    await writeFile(changed, withBitChanged(await readFile(whole)));
    const other = join(scratch, "other.txt");
    await writeFile(other, "not a backup");
    for (const file of [cut, changed, other]) {
      const refused = await run(dataDir, "restore", [file]);
      expect(refused.code, file).toBe(1);
      expect(refused.err, file).toMatch(/^\S+ is not a whole backup: .*\.\n$/);
    }
    expect(await readFile(join(dataDir, "keys.json"), "utf8")).toBe(keys);
    expect(existsSync(join(dataDir, "postgres/PG_VERSION"))).toBe(true);
    expect(existsSync(join(dataDir, "restoring"))).toBe(false);

    const replaced = await run(dataDir, "restore", [whole]);
    expect(replaced.code).toBe(0);
    const aside = /before: (\S+postgres\.replaced-\S+)/.exec(replaced.out);
    expect(existsSync(join(aside![1]!, "PG_VERSION"))).toBe(true);
    await rm(dataDir, { recursive: true, force: true });
  }, SLOW);

  it("that is killed in the middle leaves what was there, and the next one is whole", async () => {
    const before = await contents(server.url("supabase_admin"));
    const file = await backUp("unpacked.tar.gz");
    const dataDir = await mkdtemp(join(tmpdir(), "busymate-halfway-"));
    const staged = join(dataDir, "restoring/base");
    await killedOnce(dataDir, ["restore", file], () => Promise.resolve(existsSync(staged)));
    expect(existsSync(join(dataDir, "postgres"))).toBe(false);
    expect(existsSync(join(dataDir, "keys.json"))).toBe(false);

    const { code, err } = await run(dataDir, "restore", [file]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const copy = await launchPostgres({
      dataDir: join(dataDir, "postgres"),
      port: await freePort(),
    });
    const after = await contents(copy.url("supabase_admin")).finally(copy.stop);
    expect(Object.fromEntries(after)).toEqual(Object.fromEntries(before));
    await rm(dataDir, { recursive: true, force: true });
  }, SLOW);

  it("refuses what a newer version made", async () => {
    const file = join(scratch, "newer.tar.gz");
    const about = {
      format: 1,
      created_at: new Date().toISOString(),
      version: "9.9.9",
      build: version.build + 1,
      postgres: POSTGRES_MAJOR,
    };
    const entry = tarEntry(ABOUT_FILE, Buffer.from(JSON.stringify(about)));
    await writeFile(file, gzipSync(Buffer.concat([entry, TAR_END])));
    const dataDir = await mkdtemp(join(tmpdir(), "busymate-older-"));
    const refused = await run(dataDir, "restore", [file]);
    expect(refused).toMatchObject({
      code: 1,
      err: `${file} was made by 9.9.9 build ${about.build}, this is ${version.version} ` +
        `build ${version.build}: restore it with that version or a later one.\n`,
    });
    await rm(dataDir, { recursive: true, force: true });
  });

  it("refuses while a stack runs on the directory", async () => {
    const file = await anyBackup();
    const refused = await run(source.path, "restore", [file]);
    expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/^A stack already runs/) });
  }, SLOW);
});
