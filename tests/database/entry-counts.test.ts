// The counts behind the statistics against a recount of the entries themselves, after whatever can
// happen to entries, by several writers at once and with folds at any moment.

import fc from "fast-check";
import type postgres from "postgres";
import { beforeAll, describe, expect, it } from "vitest";
import { ageDays } from "../support/arrivals.ts";
import { rest, rowsOf, rpc } from "../support/rest.ts";
import {
  call,
  database,
  type Device,
  enrol,
  exchangeOf,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";

/** Days that have no partition by themselves; nobody else drops or fills them. */
const OLD_DAYS = [41, 42];
const HOSTS = ["a.example", "b.example", "c.example", "d.example", "Ä.example", undefined];
const STATUSES = [200, 201, 304, 404, 500, 101, 0, -1, 999, null];
const SOURCES = ["vpn", "pac", "proxy", "cdp", "har"];

interface Writer {
  device: Device;
  /** Who owns the device's workspace, and clears it. */
  owner: Person;
  pairedBy: Person;
  sent: unknown[][];
}

const sql = database();
let writers: Writer[];
let workspaces: string[];

beforeAll(async () => {
  const ada = await newPerson();
  const ben = await newPerson();
  await enrol(ada.workspaceId, ben);
  const devices = [
    await newDevice(ada),
    await newDevice(ben, { workspaceId: ada.workspaceId }),
    await newDevice(ben),
  ];
  const [owners, pairers] = [[ada, ada, ben], [ada, ben, ben]];
  writers = devices.map((device, i) => ({
    device,
    owner: owners[i]!,
    pairedBy: pairers[i]!,
    sent: [],
  }));
  workspaces = [ada.workspaceId, ben.workspaceId];
});

// What a writer may do next.

const moment = fc.oneof(
  // Now; within the last hours; at the edges of days; in days with, without and beyond partitions.
  fc.record({ days: fc.constant(0), ms: fc.integer({ min: -90_000, max: 5_000 }) }),
  fc.record({ days: fc.constant(0), ms: fc.integer({ min: -27 * 3_600_000, max: 0 }) }),
  fc.record({
    days: fc.constantFrom(0, 1, 7, 30, 31, 35, ...OLD_DAYS, -1, -4),
    ms: fc.constantFrom("start", "end") as fc.Arbitrary<number | "start" | "end">,
  }),
);
const entry = fc.record({
  moment,
  host: fc.constantFrom(...HOSTS),
  status: fc.constantFrom(...STATUSES),
  source: fc.constantFrom(...SOURCES),
});
const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant("ingest"),
      entries: fc.array(entry, { minLength: 1, maxLength: 25 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("retry"), nth: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("clear"), host: fc.constantFrom(...HOSTS) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("clear since"), ms: fc.nat({ max: 60_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("clear feed"), ms: fc.nat({ max: 40 * 86_400_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("unpair") }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant("change connection"),
      to: fc.constantFrom("vpn", "pac", null),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("expire") }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("drop days") }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant("fold"),
      zone: fc.constantFrom("UTC", "Asia/Kolkata", "America/St_Johns"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("compare") }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

const round = fc.record({
  aged: fc.constantFrom("nothing", "some", "old days"),
  work: fc.tuple(...[0, 1, 2].map(() => fc.array(operation, { minLength: 1, maxLength: 10 }))),
});

function instantOf({ days, ms }: { days: number; ms: number | "start" | "end" }): string {
  const now = Date.now();
  if (typeof ms === "number") return new Date(now + ms).toISOString();
  const day = Math.floor(now / 86_400_000) - days;
  const start = new Date(day * 86_400_000).toISOString();
  return ms === "start" ? start : start.replace("T00:00:00.000Z", "T23:59:59.999999Z");
}

const ingest = async ({ token }: Device, entries: unknown[]) =>
  rowsOf(await rpc(token, "ingest_entries", { entries })) as unknown;

/** Its captures are left to go with the next expiry. */
async function unpair({ uuid }: Device, { token }: Person): Promise<boolean> {
  const { ok } = await call(`/functions/v1/device-pair/${uuid}`, token, { method: "DELETE" });
  return ok;
}

async function perform(writer: Writer, operation: Operation): Promise<void> {
  const { device, owner, pairedBy, sent } = writer;
  const mine = `workspace_id=eq.${device.workspaceId}&device_uuid=eq.${device.uuid}`;
  switch (operation.op) {
    case "ingest": {
      const batch = operation.entries.map(({ moment, host, status, source }) =>
        exchangeOf({ ts: instantOf(moment), source }, {
          url: host && `https://${host}/things`,
          statusCode: status,
        })
      );
      sent.push(batch);
      expect(await ingest(device, batch)).toMatchObject({ accepted: batch.length });
      return;
    }
    case "retry": {
      const batch = sent[operation.nth % Math.max(1, sent.length)];
      if (batch) await ingest(device, batch);
      return;
    }
    case "clear": {
      const host = operation.host === undefined ? "is.null" : `eq.${operation.host}`;
      expect((await rest(owner.token, "DELETE", `entries?${mine}&host=${host}`)).status).toBe(200);
      return;
    }
    case "clear since": {
      const from = new Date(Date.now() - operation.ms).toISOString();
      expect((await rest(owner.token, "DELETE", `entries?${mine}&ts=gte.${from}`)).status).toBe(
        200,
      );
      return;
    }
    case "clear feed": {
      const before = new Date(Date.now() - operation.ms).toISOString();
      const args = { workspace_id: device.workspaceId, before };
      expect(await rpc(owner.token, "clear_entries", args))
        .toMatchObject({ body: { complete: true } });
      return;
    }
    case "unpair":
      expect(await unpair(device, pairedBy)).toBe(true);
      writer.device = await newDevice(pairedBy, { workspaceId: device.workspaceId });
      writer.sent = [];
      return;
    case "change connection":
      await sql`update public.devices set connection_type = ${operation.to} where uuid = ${device.uuid}`;
      return;
    case "expire":
      await sql`select private.expire_entries(200)`;
      return;
    case "drop days":
      await dropDays();
      return;
    case "fold":
      await sql.begin(async (tx) => {
        await tx`select set_config('timezone', ${operation.zone}, true)`;
        await tx`select private.fold_counts()`;
      });
      return;
    case "compare":
      await compare();
  }
}

/** It gives up rather than wait for writers long; cron tries again. */
async function dropDays(): Promise<void> {
  try {
    await sql`select private.expire_partitions()`;
  } catch (error) {
    expect((error as postgres.PostgresError).message).toMatch(/lock timeout/);
  }
}

/** Gives the old days partitions again: a drop takes them, empty or not. Moves in what waited elsewhere. */
async function restoreDays(): Promise<void> {
  for (const day of OLD_DAYS) {
    await sql`select private.ensure_partition((now() at time zone 'UTC')::date - ${day}::integer)`;
  }
}

/** Makes captures old, for retention counts from their arrival. An update, which counts nothing. */
async function age(what: "nothing" | "some" | "old days"): Promise<void> {
  if (what === "some") {
    await sql`
      update public.entries set received_at = now() - interval '9 days'
      where workspace_id = any (${workspaces}) and right(request_id, 1) < '8'`;
  }
  if (what === "old days") {
    await sql`
      update public.entries set received_at = now() - interval '33 days'
      where workspace_id = any (${workspaces})
        and ts < date_trunc('day', now(), 'UTC') - make_interval(days => ${
      Math.min(...OLD_DAYS)
    } - 1)`;
    await ageDays(sql);
  }
}

/** Everything get_stats says of entries, counted from the entries. */
const recount = (tx: postgres.TransactionSql, workspace: string | null) =>
  tx<{ expected: Record<string, unknown> }[]>`
    with e as materialized (
      select ts, coalesce(host, '') as host, source, device_uuid, date_trunc('minute', ts, 'UTC') as minute,
        case when status between 100 and 599 then status / 100 || 'xx' else 'none' end as status
      from public.entries where ${workspace}::uuid is null or workspace_id = ${workspace}::uuid
    )
    select jsonb_build_object(
      'entries', jsonb_build_object(
        'total', (select count(*) from e),
        'last_24h', (select count(*) from e where minute > now() - interval '24 hours' and minute <= now()),
        'last_hour', (select count(*) from e where minute > now() - interval '1 hour' and minute <= now()),
        'last_minute', (select count(*) from e
          where date_trunc('second', ts, 'UTC') > now() - interval '1 minute' and date_trunc('second', ts, 'UTC') <= now())),
      'throughput', jsonb_build_object(
        'per_minute', (select jsonb_agg((select count(*) from e where minute = m) order by m) from generate_series(
          date_trunc('minute', now(), 'UTC') - interval '59 minutes', date_trunc('minute', now(), 'UTC'), '1 minute') m),
        'per_hour', (select jsonb_agg((select count(*) from e where minute <= now() and date_trunc('hour', minute, 'UTC') = h) order by h)
          from generate_series(date_trunc('hour', now(), 'UTC') - interval '23 hours', date_trunc('hour', now(), 'UTC'), '1 hour') h)),
      'status_mix', (select coalesce(jsonb_object_agg(status, n), '{}') from (select status, count(*) n from e group by 1) x),
      'source_mix', (select coalesce(jsonb_object_agg(source, n), '{}') from (select source, count(*) n from e group by 1) x),
      'connection_type_mix', (select coalesce(jsonb_object_agg(kind, n), '{}') from (
        select coalesce(d.connection_type, 'unknown') as kind, count(*) n from e left join public.devices d
          on d.uuid = e.device_uuid and (${workspace}::uuid is null or d.workspace_id = ${workspace}::uuid) group by 1) x),
      'top_domains', (select coalesce(jsonb_agg(jsonb_build_object('host', host, 'count', n) order by n desc, host), '[]')
        from (select host, count(*) n from e where host <> '' group by 1 order by 2 desc, 1 limit 10) x),
      'top_devices', (select coalesce(jsonb_agg(jsonb_build_object('device_uuid', x.uuid, 'name', d.name, 'count', n) order by n desc, x.uuid), '[]')
        from (select device_uuid::text as uuid, count(*) n from e group by 1 order by 2 desc, 1 limit 10) x
        left join public.devices d on d.uuid::text = x.uuid)) as expected`;

/** Of each workspace and of the fleet, in one snapshot of the database: whoever writes meanwhile. */
async function compare(): Promise<void> {
  await sql.begin("isolation level repeatable read", async (tx) => {
    // Before the snapshot is taken, which a day that is dropped would not stay in.
    await tx`lock table public.entries in access share mode`;
    for (const workspace of [...workspaces, null]) {
      const [stats] = await tx<{ snapshot: Record<string, unknown> }[]>`
        select private.stats_snapshot(${workspace}) as snapshot`;
      const [counted] = await recount(tx, workspace);
      expect(stats!.snapshot).toMatchObject(counted!.expected);
    }
  });
}

describe("the counts of entries", () => {
  it(
    "equal a recount after any mix of batches, retries, clears, expiry, dropped days and folds",
    async () => {
      await sql`update public.workspaces set retention_days = 7 where id = any (${workspaces})`;
      await fc.assert(
        fc.asyncProperty(round, async ({ aged, work }) => {
          await restoreDays();
          await age(aged);
          await Promise.all(work.map(async (operations, i) => {
            for (const operation of operations) await perform(writers[i]!, operation);
          }));
          await compare();
          await sql`select private.fold_counts()`;
          await compare();
        }),
        { numRuns: 10, endOnFailure: true },
      );
    },
    120_000,
  );

  it("leave nothing behind when everything is gone, days dropped with entries in them among it", async () => {
    await restoreDays();
    const [old] = OLD_DAYS;
    const ts = new Date(Date.now() - old! * 86_400_000).toISOString();
    for (const { device } of writers) await ingest(device, [exchangeOf({ ts }), exchangeOf()]);
    await age("old days");
    await compare();
    await expect.poll(async () => {
      await dropDays();
      const [left] = await sql`
        select count(*)::integer as n from pg_class
        where relname = 'entries_' || to_char((now() at time zone 'UTC')::date - ${old!}::integer, 'YYYY_MM_DD')`;
      return left!["n"];
    }, { timeout: 20_000, interval: 500 }).toBe(0);
    await compare();
    const payloads = await sql<{ id: string }[]>`
      select p.id from private.entry_payloads p join public.entries e using (id, ts)
      where e.workspace_id = any (${workspaces})`;
    expect(payloads.length).toBeGreaterThan(0);
    for (const { owner, device } of writers) {
      await rest(owner.token, "DELETE", `entries?workspace_id=eq.${device.workspaceId}`);
    }
    await compare();
    await sql`select private.fold_counts()`;
    const [left] = await sql`
      select
        (select count(*) from private.total_counts where workspace_id = any (${workspaces}))
        + (select count(*) from private.day_counts where workspace_id = any (${workspaces}))
        + (select count(*) from private.minute_counts where workspace_id = any (${workspaces}))
        + (select count(*) from private.second_counts where workspace_id = any (${workspaces}))
        + (select count(*) from private.entry_payloads where id = any (${
      payloads.map(({ id }) => id)
    })) as n`;
    expect(Number(left!["n"])).toBe(0);
  });

  it("miss nothing that is deleted from a day while its drop waits for the lock", async () => {
    await restoreDays();
    const { device } = writers[0]!;
    const ts = new Date(Date.now() - OLD_DAYS[0]! * 86_400_000).toISOString();
    const [first, second] = [exchangeOf({ ts }), exchangeOf({ ts })];
    await ingest(device, [first, second]);
    await age("old days");
    let dropping: Promise<void> | undefined;
    await sql.begin(async (tx) => {
      await tx`
        delete from public.entries where device_uuid = ${device.uuid} and request_id = ${first.request_id}`;
      dropping = dropDays();
      await expect.poll(async () => {
        const waiting = await sql`
          select from pg_locks where relation = 'public.entries'::regclass and mode = 'AccessExclusiveLock' and not granted`;
        return waiting.length;
      }, { interval: 20 }).toBeGreaterThan(0);
    });
    await dropping;
    await compare();
  });

  it("survive many writers and folders at once without a deadlock", async () => {
    const { device } = writers[0]!;
    const hosts = Array.from({ length: 40 }, (_, i) => `host-${i}.example`);
    await Promise.all(Array.from({ length: 4 }, async (_, writer) => {
      for (let n = 0; n < 5; n++) {
        const order = writer % 2 === 0 ? hosts : hosts.toReversed();
        await ingest(device, order.map((host) => exchangeOf({}, { url: `https://${host}/` })));
        await sql`select private.fold_counts()`;
      }
    }));
    await compare();
  });
});
