// Parts die; the stack goes on. Each process is killed in a stack of its own while requests run.

import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OwnStack, startOwnStack } from "../support/own-stack.ts";

let stack: OwnStack;

beforeAll(async () => {
  stack = await startOwnStack();
});
afterAll(() => stack.stop());

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(stack.info.url + path, { headers: { apikey: stack.info.publishable_key, ...headers } });

/** Tries again at once: by default the driver waits up to 20 s for a database that went away. */
const connect = () =>
  postgres(stack.info.db_url, { max: 1, fetch_types: false, backoff: () => 0.05 });

/** Asks until the answer is the wanted one; until then it may only be 503. */
async function answers(path: string, status: number): Promise<Response> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const answer = await get(path);
    if (answer.status === status) return answer;
    expect(answer.status, `${path}: ${await answer.text()}`).toBe(503);
    if (Date.now() > deadline) expect.fail(`${path} still answers ${answer.status}`);
    await sleep(50);
  }
}

describe("a part that is killed comes back by itself", { timeout: 90_000 }, () => {
  it("Postgres keeps what it had committed and every service finds it again", async () => {
    const sql = connect();
    await sql`create schema crash`;
    await sql`create table crash.numbers (n integer)`;
    for (let round = 1; round <= 3; round++) {
      await sql`insert into crash.numbers values (${round})`;
      const before = stack.parts.postgres.pid();
      await stack.parts.postgres.kill();
      await stack.parts.postgres.ready();
      expect(stack.parts.postgres.pid()).not.toBe(before);
      const rows = await sql`select n from crash.numbers order by n`;
      expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: round }, (_, i) => i + 1));
    }
    await sql.end({ timeout: 1 });
    // Anonymous callers have no right to it: PostgREST has asked the database.
    await answers("/rest/v1/workspaces", 401);
    const { auth } = createClient(stack.info.url, stack.info.publishable_key);
    const { email, password } = stack.info.users[0]!;
    const { data, error } = await auth.signInWithPassword({ email, password });
    expect(error).toBeNull();
    expect(data.user?.email).toBe(email);
  });

  it("Postgres comes back though a query that ran on holds its memory", async () => {
    const sql = connect();
    // Busy without a pause in which it would notice that its postmaster has gone.
    const busy = sql`select count(*) from generate_series(1, 200000000)`.catch((error) => error);
    await sleep(300);
    await stack.parts.postgres.kill();
    await stack.parts.postgres.ready();
    expect(await busy).toBeInstanceOf(Error);
    await sql.end({ timeout: 1 });
    await answers("/rest/v1/workspaces", 401);
  });

  it("PostgREST", async () => {
    await stack.parts.postgrest.kill();
    await answers("/rest/v1/workspaces", 401);
  });

  it("a function", async () => {
    const api = stack.parts.functions.get("api")!;
    for (let round = 0; round < 3; round++) {
      await api.kill();
      await answers("/api/version", 200);
    }
  });

  it("is restarted on request without being called a failure", async () => {
    const api = stack.parts.functions.get("api")!;
    const before = api.pid();
    const reported = stack.lines.length;
    await api.restart();
    expect(api.pid()).not.toBe(before);
    await answers("/api/version", 200);
    expect(stack.lines.slice(reported)).toEqual([]);
  });
});
