// The embedded stack's stand-in for pg_cron. A hosted project has the extension itself.

import postgres, { type Sql } from "postgres";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stack } from "../support/stack.ts";

let sql: Sql;

beforeAll(() => {
  sql = postgres(stack().db_url, { max: 2 });
});
afterAll(() => sql.end());

const schedule = async (name: string, when: string, command: string): Promise<string> => {
  const [row] = await sql`select cron.schedule(${name}, ${when}, ${command}) as id`;
  return row!["id"];
};

/** Waits for a job's first finished run. */
async function finishedRun(jobid: string) {
  for (let tries = 0; tries < 200; tries++) {
    const [run] = await sql`
      select status, return_message, username, start_time <= end_time as in_order, job_pid
      from cron.job_run_details where jobid = ${jobid} and end_time is not null
      order by runid limit 1`;
    if (run) return run;
    await sleep(50);
  }
  return expect.fail(`job ${jobid} did not run`);
}

describe("cron", () => {
  it("runs a command every so many seconds as the role that scheduled it", async () => {
    const name = randomUUID();
    const id = await schedule(name, "1 seconds", "select current_user, session_user");
    expect(await finishedRun(id)).toMatchObject({
      status: "succeeded",
      return_message: "1 row",
      username: "postgres",
      in_order: true,
    });
    await sql`select cron.unschedule(${name})`;
    expect(await sql`select 1 from cron.job where jobid = ${id}`).toHaveLength(0);
  });

  it("records why a run failed, and goes on", async () => {
    const name = randomUUID();
    const id = await schedule(name, "1 second", "select 1/0");
    expect(await finishedRun(id)).toMatchObject({
      status: "failed",
      return_message: "ERROR: division by zero",
    });
    await sql`select cron.unschedule(${id}::bigint)`;
  });

  it("gives a command the rights of its role and no more", async () => {
    const name = randomUUID();
    const id = await schedule(
      name,
      "1 seconds",
      "reset session authorization; create role x superuser",
    );
    expect(await finishedRun(id)).toMatchObject({ status: "failed" });
    await sql`select cron.unschedule(${name})`;
  });

  it("changes the job of a name instead of adding another", async () => {
    const name = randomUUID();
    const id = await schedule(name, "0 0 1 1 *", "select 1");
    expect(await schedule(name, "5 4 * * 1-5", "select 2")).toBe(id);
    expect(await sql`select schedule, command, active from cron.job where jobid = ${id}`)
      .toMatchObject([{ schedule: "5 4 * * 1-5", command: "select 2", active: true }]);
    await sql`select cron.alter_job(${id}, active := false)`;
    expect(await sql`select active from cron.job where jobid = ${id}`).toMatchObject([
      { active: false },
    ]);
    await sql`select cron.unschedule(${name})`;
  });

  it("refuses schedules pg_cron refuses", async () => {
    for (const bad of ["60 seconds", "0 seconds", "* * * *", "* * * * * *", "often", ""]) {
      await expect(schedule(randomUUID(), bad, "select 1")).rejects.toThrow("invalid schedule");
    }
  });

  it("lets nobody schedule in another role's name", async () => {
    await expect(sql`
      insert into cron.job (schedule, command, username) values ('1 seconds', 'select 1', 'supabase_admin')
    `).rejects.toThrow("must be superuser");
  });

  it("says so when there is nothing to unschedule", async () => {
    await expect(sql`select cron.unschedule(${randomUUID()}::text)`).rejects.toThrow(
      "could not find valid entry for job",
    );
  });
});
