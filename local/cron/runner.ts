import { Cron } from "croner";
import postgres, { type Sql } from "postgres";
import { recordRun } from "./run.ts";

export interface CronOptions {
  /** As supabase_admin, who sees every job; each job runs as its own role. */
  databaseUrl: string;
  report?: (line: string) => void;
}

/** A row of cron.job. */
export interface Job {
  jobid: string;
  schedule: string;
  command: string;
  database: string;
  username: string;
}

/** Runs the jobs of cron.job as pg_cron would: in UTC, each at most once at a time. */
export async function startCron(options: CronOptions): Promise<{ stop(): Promise<void> }> {
  const { databaseUrl, report = () => {} } = options;
  const sql = postgres(databaseUrl, {
    max: 2,
    fetch_types: false,
    onnotice: () => {},
    backoff: () => 0.2,
  });
  const planned = new Map<string, { job: Job; end(): void }>();
  const running = new Map<string, Promise<void>>();

  const start = (job: Job): void => {
    if (running.has(job.jobid)) return;
    const run = recordRun(sql, databaseUrl, job)
      .catch((error: Error) => {
        report(`cron job ${job.jobid} left no record: ${error.message}`);
      })
      .finally(() => running.delete(job.jobid));
    running.set(job.jobid, run);
  };

  const refresh = async (): Promise<void> => {
    const jobs = await sql<Job[]>`
      select jobid, schedule, command, database, username from cron.job where active`;
    const wanted = new Map(jobs.map((job) => [job.jobid, job]));
    for (const [id, { job, end }] of planned) {
      if (JSON.stringify(job) === JSON.stringify(wanted.get(id))) wanted.delete(id);
      else {
        end();
        planned.delete(id);
      }
    }
    for (const [id, job] of wanted) {
      try {
        planned.set(id, { job, end: plan(job, () => start(job)) });
      } catch (error) {
        report(`cron job ${id} cannot be planned: ${(error as Error).message}`);
      }
    }
  };
  const refreshed = () =>
    refresh().catch((error: Error) => report(`cron cannot read its jobs: ${error.message}`));

  await closeInterruptedRuns(sql);
  await refresh();
  // Called again after every reconnection, so that no change is missed.
  await sql.listen("embedded_cron", refreshed, refreshed);

  return {
    async stop() {
      for (const { end } of planned.values()) end();
      await sql.end({ timeout: 1 });
      await Promise.allSettled(running.values());
    },
  };
}

/** As pg_cron at its start: what was running when the server went down will not come back. */
async function closeInterruptedRuns(sql: Sql): Promise<void> {
  await sql`
    update cron.job_run_details
    set status = 'failed', return_message = 'server restarted', end_time = now()
    where status in ('starting', 'running')`;
}

/** Calls back whenever the job is due. Returns what ends that. */
function plan(job: Job, due: () => void): () => void {
  const seconds = /^\s*(\d+)\s+seconds?\s*$/.exec(job.schedule)?.[1];
  if (seconds !== undefined) {
    const timer = setInterval(due, Number(seconds) * 1000);
    return () => clearInterval(timer);
  }
  if (/^@reboot$/i.test(job.schedule)) {
    due();
    return () => {};
  }
  // pg_cron writes the last day of a month as $.
  const pattern = job.schedule.trim().replaceAll("$", "L");
  const cron = new Cron(pattern, { timezone: "UTC", mode: "5-part" }, due);
  return () => cron.stop();
}
