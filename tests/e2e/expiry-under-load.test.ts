// A day expires while devices go on sending. On a stack of its own, because a day that goes is gone
// for everybody.

import postgres from "postgres";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ageDays } from "../support/arrivals.ts";
import { type OwnStack, startOwnStack } from "../support/own-stack.ts";

const DAY = 86_400_000;
const ROWS = 50_000;
const WRITERS = 3;

let own: OwnStack;
let sql: postgres.Sql;

beforeAll(async () => {
  own = await startOwnStack();
  sql = postgres(own.info.db_url, { max: WRITERS + 3, onnotice: () => {} });
}, 120_000);

afterAll(async () => {
  await sql?.end();
  await own?.stop();
});

it("drops no row younger than its limit and keeps no writer waiting for a second", async () => {
  const [{ workspace }] = await sql<[{ workspace: string }]>`
    select id as workspace from public.workspaces where retention_days = 30 limit 1`;
  const device = randomUUID();
  await sql`insert into public.devices (uuid, name, workspace_id) values (${device}, ${device}, ${workspace})`;
  const old = new Date(Date.now() - 32 * DAY);
  const kept = new Date(Date.now() - 29 * DAY);
  await sql`select private.ensure_partition(${old.toISOString().slice(0, 10)}::date)`;
  for (const [ts, rows] of [[old, ROWS], [kept, 1_000]] as const) {
    await sql`
      insert into public.entries (request_id, device_uuid, ts, payload)
      select gen_random_uuid()::text, ${device}::uuid, ${ts}::timestamptz + n * interval '1 ms',
        '{"url": "https://old.example.com/"}'
      from generate_series(1, ${rows}::int) n`;
    // They came when they were captured: what arrives late stays for as long as anything else.
    await sql`
      update public.entries set received_at = ts
      where device_uuid = ${device} and ts >= ${ts} and ts < ${new Date(ts.getTime() + 600_000)}`;
  }
  await ageDays(sql);
  const count = async (ts: Date) => {
    const [{ n }] = await sql<[{ n: number }]>`
      select count(*)::int as n from public.entries where device_uuid = ${device}
      and ts >= ${ts} and ts < ${new Date(ts.getTime() + 600_000)}`;
    return n;
  };
  expect([await count(old), await count(kept)]).toEqual([ROWS, 1_000]);

  let running = true;
  let sent = 0;
  let longest = 0;
  const write = async () => {
    while (running) {
      const start = performance.now();
      await sql`
        insert into public.entries (request_id, device_uuid, ts, payload)
        select gen_random_uuid()::text, ${device}::uuid, now(), '{"url": "https://new.example.com/"}'
        from generate_series(1, 50)`;
      longest = Math.max(longest, performance.now() - start);
      sent += 50;
    }
  };
  const writers = Array.from({ length: WRITERS }, write);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const before = longest;
  const deadline = Date.now() + 30_000;
  // As cron does it, every minute; a drop that finds no lock in time is tried again by the next.
  while (await count(old) > 0 && Date.now() < deadline) {
    await sql`select private.expire_partitions()`;
    await sql`select private.expire_entries()`;
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  running = false;
  await Promise.all(writers);

  expect(await count(old)).toBe(0);
  expect(await count(kept)).toBe(1_000);
  const [{ fresh }] = await sql<[{ fresh: number }]>`
    select count(*)::int as fresh from public.entries where device_uuid = ${device}
    and ts > now() - interval '1 hour'`;
  expect(fresh).toBe(sent);
  // A busy machine has its own longest wait.
  expect(longest).toBeLessThan(before + 1_000);
}, 120_000);
