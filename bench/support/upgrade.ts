// What an upgrade does to those who use the database meanwhile: a released schema with captures in it
// is migrated while entries are written and read, and every strong lock is timed.

import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { type Release, releasedMigrations } from "../../scripts/contract/releases.ts";
import { createCli } from "../../scripts/deploy/cli.ts";

const SAMPLE_MS = 10;
const BATCH = 5_000;

export interface HeldLock {
  readonly relation: string;
  readonly mode: string;
  readonly ms: number;
}

export interface Upgrade {
  /** How many migrations were pending. */
  readonly applied: number;
  /** Locks that keep writers or readers out, each from when it was first seen to when it last was. */
  readonly locks: readonly HeldLock[];
  /** The longest that an insert or a read of entries took during the upgrade. */
  readonly longestWaitMs: number;
  /** How many inserts and reads there were. */
  readonly uses: number;
}

const cliOn = (root: string) =>
  createCli(root, { PATH: process.env["PATH"], HOME: process.env["HOME"] });

/** Applies what a release had to an empty database. */
export async function applyRelease(
  root: string,
  databaseUrl: string,
  release: Pick<Release, "migration">,
): Promise<void> {
  const copy = await mkdtemp(join(tmpdir(), "busymate-release-"));
  try {
    await mkdir(join(copy, "supabase/migrations"), { recursive: true });
    await cp(join(root, "supabase/config.toml"), join(copy, "supabase/config.toml"));
    for (const name of releasedMigrations(root, release)) {
      const path = join("supabase/migrations", name);
      await cp(join(root, path), join(copy, path));
    }
    await cliOn(copy)("db", "push", `--remote=${databaseUrl}?sslmode=disable`);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Captures of a day, by one device, the way they come in: through every trigger. */
export async function fill(databaseUrl: string, rows: number): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    await sql`set synchronous_commit = off`;
    await sql`
      insert into auth.users (id, aud, role, email)
      values (gen_random_uuid(), 'authenticated', 'authenticated', 'capture@example.com')`;
    await sql`
      insert into public.devices (uuid, name, workspace_id, owner_user_id)
      select gen_random_uuid(), 'Phone', w.id, w.owner_user_id from public.workspaces w where w.personal limit 1`;
    for (let done = 0; done < rows; done += BATCH) {
      await sql`
        insert into public.entries (request_id, device_uuid, workspace_id, ts, payload)
        select 'upgrade-' || i, d.uuid, d.workspace_id, now() - make_interval(secs => 86400.0 * i / ${rows}::int),
          jsonb_build_object('method', 'GET', 'url', 'https://h' || i % 50 || '.example/' || i, 'statusCode', 200,
            'responseBody', repeat('x', 200))
        from public.devices d, generate_series(${done}::int, ${
        Math.min(rows, done + BATCH) - 1
      }::int) i`;
    }
    await sql`analyze public.entries`;
  } finally {
    await sql.end();
  }
}

/** Applies all migrations of `root` to a database in use. */
export async function upgrade(root: string, databaseUrl: string): Promise<Upgrade> {
  const before = await migrationsIn(databaseUrl);
  const watcher = await watchLocks(databaseUrl);
  const users = await useEntries(databaseUrl);
  try {
    await cliOn(root)("db", "push", `--remote=${databaseUrl}?sslmode=disable`);
  } finally {
    await Promise.all([watcher.stop(), users.stop()]);
  }
  const applied = await migrationsIn(databaseUrl) - before;
  return {
    applied,
    locks: watcher.locks(),
    longestWaitMs: users.longestWaitMs(),
    uses: users.uses(),
  };
}

async function migrationsIn(databaseUrl: string): Promise<number> {
  const sql = postgres(databaseUrl, { max: 1 });
  const [row] = await sql`select count(*)::int as n from supabase_migrations.schema_migrations`;
  await sql.end();
  return row!["n"];
}

/** Samples the strong locks on what existed before the upgrade: new tables have no users yet. */
async function watchLocks(databaseUrl: string) {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  const [existing] = await sql<{ oids: number[] }[]>`
    select array_agg(c.oid::int) as oids from pg_class c
    where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace, 'auth'::regnamespace)`;
  const held = new Map<string, { relation: string; mode: string; first: number; last: number }>();
  let watching = true;
  const loop = (async () => {
    while (watching) {
      const rows = await sql<{ relation: string; mode: string; key: string }[]>`
        select l.relation::regclass::text as relation, l.mode,
          concat_ws(' ', l.pid, l.virtualtransaction, l.relation, l.mode) as key
        from pg_locks l
        where l.granted and l.relation = any (${
        existing!.oids
      }::oid[]) and l.pid <> pg_backend_pid()
          and l.mode in ('AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock')`;
      const now = performance.now();
      for (const { relation, mode, key } of rows) {
        const lock = held.get(key);
        if (lock) lock.last = now;
        else held.set(key, { relation, mode, first: now, last: now });
      }
      await sleep(SAMPLE_MS);
    }
  })();
  return {
    async stop() {
      watching = false;
      await loop;
      await sql.end();
    },
    locks: (): HeldLock[] =>
      [...held.values()].map(({ relation, mode, first, last }) => ({
        relation,
        mode,
        ms: Math.round(last - first),
      })),
  };
}

/** Writes and reads entries without a pause; a lock in the way shows as a wait. */
async function useEntries(databaseUrl: string) {
  const sql = postgres(databaseUrl, { max: 2, onnotice: () => {} });
  const [device] = await sql`select uuid, workspace_id from public.devices limit 1`;
  let longest = 0;
  let uses = 0;
  let using = true;
  const timed = async (use: (n: number) => PromiseLike<unknown>) => {
    for (let n = 0; using; n++) {
      const started = performance.now();
      await use(n);
      longest = Math.max(longest, performance.now() - started);
      uses++;
      await sleep(SAMPLE_MS);
    }
  };
  const loops = [
    timed((n) =>
      sql`
        insert into public.entries (request_id, device_uuid, workspace_id, ts, payload)
        values (${`meanwhile-${n}`}, ${device!["uuid"]}, ${device!["workspace_id"]}, now(),
          '{"method": "GET", "url": "https://meanwhile.example/"}')`
    ),
    timed(() => sql`select id from public.entries order by ts desc limit 50`),
  ];
  return {
    async stop() {
      using = false;
      await Promise.all(loops);
      await sql.end();
    },
    longestWaitMs: () => Math.round(longest),
    uses: () => uses,
  };
}
