import postgres, { type Sql } from "postgres";
import type { Job } from "./runner.ts";

/** Runs a job once and writes the run into cron.job_run_details. */
export async function recordRun(sql: Sql, databaseUrl: string, job: Job): Promise<void> {
  const [run] = await sql`
    insert into cron.job_run_details (jobid, database, username, command, status, start_time)
    values (${job.jobid}, ${job.database}, ${job.username}, ${job.command}, 'starting', now())
    returning runid`;
  const runid = run!["runid"];
  const { status, message } = await execute(databaseUrl, job, async (pid) => {
    await sql`
      update cron.job_run_details set status = 'running', job_pid = ${pid} where runid = ${runid}`;
  });
  await sql`
    update cron.job_run_details
    set status = ${status}, return_message = ${message}, end_time = now()
    where runid = ${runid}`;
}

/** A connection of its own, as the job's role: nothing a command sets outlives it, nor adds rights. */
async function execute(
  databaseUrl: string,
  job: Job,
  started: (pid: number) => Promise<void>,
): Promise<{ status: string; message: string }> {
  const url = new URL(databaseUrl);
  url.username = job.username;
  url.pathname = `/${job.database}`;
  const own = postgres(url.href, {
    max: 1,
    onnotice: () => {},
    fetch_types: false,
    connection: { application_name: "pg_cron" },
  });
  try {
    const [session] = await own`select pg_backend_pid() as pid`;
    await started(session!["pid"]);
    const result = await own.unsafe(job.command);
    return { status: "succeeded", message: tagOf(result) };
  } catch (error) {
    return { status: "failed", message: `ERROR: ${(error as Error).message}` };
  } finally {
    await own.end({ timeout: 1 });
  }
}

/** Of several statements the last one's, as pg_cron notes it: `DELETE 3`, `1 row`. */
function tagOf(result: postgres.RowList<postgres.Row[]>): string {
  const last = Array.isArray(result[0]) ? result.at(-1) as unknown as typeof result : result;
  if (last.command !== "SELECT") return `${last.command} ${last.count ?? ""}`.trimEnd();
  return last.count === 1 ? "1 row" : `${last.count} rows`;
}
