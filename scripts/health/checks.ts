// What goes wrong in a database that nobody looks after, before anybody notices.

import type postgres from "postgres";
import type { Check } from "../checks.ts";

const MINUTES = 60;
/** Every job of the product runs at least hourly, the frequent ones at least each minute. */
const HOURLY_SECONDS = 70 * MINUTES;
const MOST_UNFOLDED = 1_000_000;
const MOST_TRANSACTION_SECONDS = 30 * MINUTES;
const MOST_SLOT_BYTES = 2 ** 30;

const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;

/** The figures of one row, as numbers. */
async function figures<Name extends string>(
  rows: PromiseLike<readonly postgres.Row[]>,
  ...names: Name[]
): Promise<Record<Name, number>> {
  const [row] = await rows;
  return Object.fromEntries(names.map((name) => [name, Number(row![name])])) as Record<
    Name,
    number
  >;
}

export const DATABASE_CHECKS: readonly Check<postgres.Sql>[] = [
  {
    name: "connections",
    remedy: "find who holds them in pg_stat_activity; put a pooler in front (docs/operations.md)",
    async look(sql) {
      const { used, most } = await figures(
        sql`select count(*) as used, current_setting('max_connections') as most from pg_stat_activity
          where backend_type = 'client backend'`,
        "used",
        "most",
      );
      if (used > most * 0.8) throw new Error(`${used} of ${most} are in use`);
      return `${used} of ${most}`;
    },
  },
  {
    name: "scheduled jobs",
    remedy: "select * from cron.job_run_details order by start_time desc: return_message says why",
    async look(sql) {
      const jobs = await sql<
        { name: string; status: string | null; message: string; age: number | null }[]
      >`
        select j.jobname as name, r.status, r.return_message as message,
          extract(epoch from now() - r.start_time)::int as age
        from cron.job j left join lateral (
          select d.status, d.return_message, d.start_time from cron.job_run_details d
          where d.jobid = j.jobid and d.status in ('succeeded', 'failed') order by d.runid desc limit 1) r on true
        where j.jobname like 'busymate-%' and j.active`;
      if (jobs.length === 0) throw new Error("none are scheduled");
      const failed = jobs.find(({ status }) => status === "failed");
      if (failed) throw new Error(`${failed.name} failed: ${failed.message}`);
      const ran = jobs.filter(({ age }) => age !== null);
      if (!ran.some(({ age }) => age! < 2 * MINUTES)) throw new Error("none ran for two minutes");
      const late = ran.find(({ age }) => age! > HOURLY_SECONDS);
      if (late) throw new Error(`${late.name} ran ${late.age} s ago`);
      return `${jobs.length}, ${ran.length} have run`;
    },
  },
  {
    name: "partitions ahead",
    remedy: "select private.ensure_partitions(); then look why the hourly job does not",
    async look(sql) {
      const { ahead, stray } = await figures(
        sql`select (select count(*) from generate_series(0, 2) d
            where to_regclass('public.entries_' || to_char((now() at time zone 'UTC') + make_interval(days => d), 'YYYY_MM_DD'))
              is not null) as ahead,
          (select count(*) from public.entries_default) as stray`,
        "ahead",
        "stray",
      );
      if (ahead < 3) throw new Error(`only ${ahead} of today and the next two days exist`);
      return `today and two days; ${stray} rows outside every day`;
    },
  },
  {
    name: "counts folded",
    remedy: "select private.fold_counts(); then look why the job of every 10 seconds does not",
    async look(sql) {
      const { waiting } = await figures(
        sql`select count(*) as waiting from private.count_deltas`,
        "waiting",
      );
      if (waiting > MOST_UNFOLDED) throw new Error(`${waiting} deltas wait`);
      return `${waiting} deltas wait`;
    },
  },
  {
    name: "long transactions",
    remedy: "select pg_terminate_backend(pid) for the one in pg_stat_activity that nobody misses",
    async look(sql) {
      const { oldest } = await figures(
        sql`select coalesce(max(extract(epoch from now() - xact_start)), 0)::int as oldest
          from pg_stat_activity where backend_type = 'client backend'`,
        "oldest",
      );
      if (oldest > MOST_TRANSACTION_SECONDS) throw new Error(`one is open for ${oldest} s`);
      return `the oldest is open for ${oldest} s`;
    },
  },
  {
    name: "replication slots",
    remedy: "drop the slot nobody reads: select pg_drop_replication_slot(name)",
    async look(sql) {
      const { slots, behind } = await figures(
        sql`select count(*) as slots,
          coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)), 0) as behind
          from pg_replication_slots`,
        "slots",
        "behind",
      );
      if (behind > MOST_SLOT_BYTES) throw new Error(`one holds ${mebibytes(behind)} of log back`);
      return `${slots}, at most ${mebibytes(behind)} behind`;
    },
  },
  {
    name: "size",
    remedy: "shorten the workspaces' retention, or give the database a larger disk",
    async look(sql) {
      const { bytes } = await figures(
        sql`select pg_database_size(current_database()) as bytes`,
        "bytes",
      );
      return mebibytes(bytes);
    },
  },
];
