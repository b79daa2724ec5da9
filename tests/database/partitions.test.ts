import { beforeAll, describe, expect, it } from "vitest";
import { ageDays } from "../support/arrivals.ts";
import { rpc } from "../support/rest.ts";
import { sessionOf } from "../support/sessions.ts";
import {
  database,
  type Device,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";

const DAY = 86_400_000;
const midnight = (days: number) => Math.floor(Date.now() / DAY) * DAY + days * DAY;
const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);
const suffixOf = (time: number) => dayOf(time).replaceAll("-", "_");
/** A moment with its microseconds: milliseconds, then as many µs more. */
const moment = (time: number, micros = 0) => {
  const whole = new Date(time + Math.floor(micros / 1000)).toISOString();
  return whole.replace("Z", `${`${((micros % 1000) + 1000) % 1000}`.padStart(3, "0")}Z`);
};

let ann: Person;
let device: Device;

beforeAll(async () => {
  ann = await newPerson();
  device = await newDevice(ann);
});

const isNowIn = async (requestId: string) => {
  const [row] = await database()<{ entries: string; payloads: string; exact: boolean }[]>`
    select e.tableoid::regclass::text as entries, p.tableoid::regclass::text as payloads,
      private.entry_ts(e.id) = e.ts as exact
    from public.entries e join private.entry_payloads p on p.id = e.id and p.ts = e.ts
    where e.request_id = ${requestId}`;
  return { ...row };
};

const inDay = (time: number) => ({
  entries: `entries_${suffixOf(time)}`,
  payloads: `private.entry_payloads_${suffixOf(time)}`,
  exact: true,
});
const inDefault = {
  entries: "entries_default",
  payloads: "private.entry_payloads_default",
  exact: true,
};

/** Stores one entry at a moment; returns its request_id. */
async function at(ts: string, by = device): Promise<string> {
  const entry = exchangeOf({ ts });
  expect(await ingest(by, [entry])).toMatchObject({ accepted: 1 });
  return entry.request_id;
}

describe("the day of an entry", () => {
  it("is its UTC day, to the microsecond", async () => {
    for (const days of [-1, 0, 1]) {
      const border = midnight(days);
      expect(await isNowIn(await at(moment(border, -1)))).toEqual(inDay(border - DAY));
      expect(await isNowIn(await at(moment(border)))).toEqual(inDay(border));
      expect(await isNowIn(await at(moment(border, 1)))).toEqual(inDay(border));
    }
  });

  it("exists from 30 days back to two days ahead; what lies outside waits in the default", async () => {
    const [first, end] = [midnight(-30), midnight(3)];
    expect(await isNowIn(await at(moment(first)))).toEqual(inDay(first));
    expect(await isNowIn(await at(moment(end, -1)))).toEqual(inDay(end - DAY));
    expect(await isNowIn(await at(moment(end)))).toEqual(inDefault);
    expect(await isNowIn(await at("1970-01-01T00:00:00Z"))).toEqual(inDefault);
    expect(await isNowIn(await at("9999-12-31T23:59:59.999999Z"))).toEqual(inDefault);
  });

  it("is in the id: ids are in order of time and lead to their partition", async () => {
    const writer = await newDevice(ann);
    const times = [midnight(-3), midnight(0), Date.now()].flatMap((time) =>
      [-1001, -1000, -1, 0, 1, 999, 1000].map((micros) => moment(time, micros))
    );
    await ingest(writer, times.toReversed().map((ts) => exchangeOf({ ts })));
    const rows = await database()<{ id: string }[]>`
      select id from public.entries where device_uuid = ${writer.uuid} order by ts`;
    const ids = rows.map(({ id }) => id);
    expect(ids).toHaveLength(times.length);
    expect(ids).toEqual(ids.toSorted());
    for (const id of ids) expect(id).toMatch(/^.{8}-.{4}-7.{3}-[89ab].{3}-.{12}$/);
    const [plan] = await database().unsafe(
      `explain (format json) select * from public.entries where id = '${
        ids[0]
      }' and ts = private.entry_ts('${ids[0]}')`,
    );
    expect(JSON.stringify(plan).match(/"Relation Name": ?"[^"]*"/g)).toHaveLength(1);
  });
});

describe("a day that is made late", () => {
  it("takes over what waited for it, and announces nothing again", async () => {
    // Far from the days of other tests, and another each run.
    const day = midnight(20_000 + Math.floor(Math.random() * 10_000));
    const requests = [
      await at(moment(day)),
      await at(moment(day, 43_200_000_000)),
      await at(moment(day + DAY, -1)),
    ];
    const outside = [await at(moment(day, -1)), await at(moment(day + DAY))];
    const { cursor } = (await rpc<{ cursor: string }>(ann.token, "entries_changes", {
      workspace_id: ann.workspaceId,
      after: "now",
    })).body;
    const [messages] =
      await database()`select count(*)::int as n from realtime.messages where topic = ${`ws:${ann.workspaceId}`}`;
    const [made] = await database()`select private.ensure_partition(${dayOf(day)}::date) as made`;
    try {
      expect(made!["made"]).toBe(true);
      const [again] = await database()`select private.ensure_partition(${
        dayOf(day)
      }::date) as made`;
      expect(again!["made"]).toBe(false);
      for (const request of requests) expect(await isNowIn(request)).toEqual(inDay(day));
      for (const request of outside) expect(await isNowIn(request)).toEqual(inDefault);
      const changes = await rpc<{ rows: unknown[] }>(ann.token, "entries_changes", {
        workspace_id: ann.workspaceId,
        after: cursor,
      });
      expect(changes.body.rows).toEqual([]);
      const [now] =
        await database()`select count(*)::int as n from realtime.messages where topic = ${`ws:${ann.workspaceId}`}`;
      expect(now).toEqual(messages);
      // And it is a day like others: a retry is a duplicate, a new entry goes in.
      expect(await isNowIn(await at(moment(day, 5)))).toEqual(inDay(day));
    } finally {
      // By DELETE first: a dropped table tells nobody that its entries are gone, and they are counted.
      await database()`
        delete from public.entries
        where ts >= ${dayOf(day)}::date and ts < ${dayOf(day)}::date + 1`;
      await database().unsafe(
        `drop table public.entries_${suffixOf(day)}, private.entry_payloads_${suffixOf(day)}`,
      );
    }
  });

  it("is found by cron's job for the days ahead", async () => {
    const [job] = await database()`
      select count(*)::int as n from cron.job where command = 'select private.ensure_partitions()' and active`;
    expect(job!["n"]).toBe(1);
    const [made] = await database()`select private.ensure_partitions() as made`;
    expect(made!["made"]).toBe(0);
  });
});

async function locksOf(pid: number) {
  const rows = await database()<{ relation: string; granted: boolean }[]>`
    select c.relname as relation, l.granted
    from pg_locks l join pg_class c on c.oid = l.relation
    where l.pid = ${pid} and c.relkind in ('r', 'p')`;
  return rows.map((row) => ({ ...row }));
}

describe("retention", () => {
  const oldDay = midnight(-200 - Math.floor(Math.random() * 3_000));

  async function arrived(requestId: string, daysAgo: number) {
    await database()`
      update public.entries set received_at = now() - make_interval(days => ${daysAgo})
      where request_id = ${requestId}`;
    await ageDays(database());
  }
  const exists = async (requestId: string) =>
    (await database()`
      select from public.entries where request_id = ${requestId}`).length > 0;
  const hasDay = async (time: number) =>
    (await database()`select to_regclass(${`public.entries_${suffixOf(time)}`}) as day`)[0]![
      "day"
    ] !== null;
  const expireDays = () => database()`select private.expire_partitions()`;

  it("drops a day only when nothing in it arrived in the last 30 days", async () => {
    await database()`select private.ensure_partition(${dayOf(oldDay)}::date)`;
    const [imported, ancient] = [await at(moment(oldDay)), await at(moment(oldDay, 1))];
    await arrived(ancient, 31);
    await expireDays();
    expect(await hasDay(oldDay)).toBe(true);
    expect(await exists(imported)).toBe(true);
    await arrived(imported, 31);
    await expireDays();
    expect(await hasDay(oldDay)).toBe(false);
  });

  it("loses nothing that commits while the day is about to go", async () => {
    const day = oldDay - 5 * DAY;
    await database()`select private.ensure_partition(${dayOf(day)}::date)`;
    const writer = await sessionOf(device.token);
    const entry = exchangeOf({ ts: moment(day) });
    await writer`begin`;
    await writer`select public.ingest_entries(${writer.json([entry] as never)})`;
    const expiry = expireDays().then(() => undefined, (error: Error) => error);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await writer`commit`;
    expect(await expiry).toBeUndefined();
    expect(await exists(entry.request_id)).toBe(true);
    await arrived(entry.request_id, 31);
    await expireDays();
    expect(await hasDay(day)).toBe(false);
  });

  it("gives up on a day that is in use, and cron tries again", async () => {
    const day = oldDay - 9 * DAY;
    await database()`select private.ensure_partition(${dayOf(day)}::date)`;
    const writer = await sessionOf(device.token);
    await writer`begin`;
    await writer`select public.ingest_entries(${
      writer.json([exchangeOf({ ts: moment(day) })] as never)
    })`;
    await expect(expireDays()).rejects.toThrow(/entries is in use; cron tries again/);
    await writer`rollback`;
    await expireDays();
    expect(await hasDay(day)).toBe(false);
  });

  it.each([
    ["goes", expireDays, -13],
    ["comes", (day: string) => database()`select private.ensure_partition(${day}::date)`, -17],
  ])("holds nothing that a reader waits for while it waits for the reader: a day %s", async (
    _,
    act,
    days,
  ) => {
    const goes = oldDay - 13 * DAY;
    const day = oldDay + days * DAY;
    await database()`select private.ensure_partition(${dayOf(goes)}::date)`;
    const reader = await database().reserve();
    try {
      await reader`begin`;
      // A search does so: its plan names the payloads first.
      await reader`select from private.entry_payloads limit 1`;
      const acting = act(dayOf(day)).then(() => undefined, (error: Error) => error);
      await new Promise((resolve) => setTimeout(resolve, 200));
      await reader`select from public.entries limit 1`;
      await reader`commit`;
      expect(await acting).toBeUndefined();
      expect(await hasDay(day)).toBe(day !== goes);
    } finally {
      await reader`rollback`;
      reader.release();
      await expireDays();
    }
    expect(await hasDay(day)).toBe(false);
  });

  const CALLS: [name: string, token: () => string, query: (id: string) => string][] = [
    ["entries_search", () => ann.token, () => "select public.entries_search(page_size => 5)"],
    ["get_entry", () => ann.token, (id) => `select public.get_entry('${id}')`],
    ["get_entries", () => ann.token, (id) => `select public.get_entries('{${id}}')`],
    [
      "ingest_entries",
      () => device.token,
      () => `select public.ingest_entries('${JSON.stringify([exchangeOf({})])}')`,
    ],
  ];
  it.each(CALLS)(
    "meets nobody who has locked payloads and waits for entries: %s",
    async (_, token, query) => {
      const request = await at(moment(midnight(0)));
      const [entry] = await database()<{ id: string }[]>`
        select id from public.entries where request_id = ${request}`;
      const user = await sessionOf(token());
      const use = () => user.unsafe(query(entry!.id));
      // Often enough for a plan that is kept: it locks in another order than one that is made.
      for (let n = 0; n < 7; n++) await use();
      const [backend] = await user<{ pid: number }[]>`select pg_backend_pid() as pid`;
      const owner = await database().reserve();
      try {
        await owner`begin`;
        await owner`lock table only public.entries in access exclusive mode`;
        const waiting = use().execute();
        await expect.poll(() => locksOf(backend!.pid), { interval: 20 })
          .toContainEqual({ relation: "entries", granted: false });
        const held = await locksOf(backend!.pid);
        expect(held.filter(({ relation }) => relation.includes("payloads"))).toEqual([]);
        await owner`rollback`;
        await waiting;
      } finally {
        await owner`rollback`;
        owner.release();
      }
    },
  );

  it("counts from arrival, by workspace, in batches", async () => {
    const brief = await newPerson();
    await database()`update public.workspaces set retention_days = 2 where id = ${brief.workspaceId}`;
    const briefs = await newDevice(brief);
    const cases: [string, string, number, boolean][] = [
      ["kept: it arrived today, however old", moment(midnight(-25)), 0, true],
      ["kept: it arrived yesterday", moment(midnight(-1)), 1, true],
      ["gone: it arrived three days ago", moment(midnight(-3)), 3, false],
      ["gone: clock years ahead, arrived three days ago", "2090-01-01T00:00:00Z", 3, false],
      ["kept: clock years ahead, arrived today", "2090-01-01T00:00:01Z", 0, true],
      ["gone: clock years behind, arrived three days ago", "1980-01-01T00:00:00Z", 3, false],
    ];
    const requests: string[] = [];
    for (const [, ts, daysAgo] of cases) {
      const request = await at(ts, briefs);
      await arrived(request, daysAgo);
      requests.push(request);
    }
    // The same in a workspace that keeps thirty days stays, until it is thirty days old.
    const kept = await at(moment(midnight(-3), 7));
    await arrived(kept, 3);
    const [far, old] = [await at("2091-01-01T00:00:00Z"), await at("1981-01-01T00:00:00Z")];
    await arrived(far, 31);
    await arrived(old, 31);
    await database()`select private.expire_entries(2)`;
    await database()`select private.expire_entries()`;
    for (const [n, [what, , , stays]] of cases.entries()) {
      expect([what, await exists(requests[n]!)]).toEqual([what, stays]);
    }
    expect([await exists(kept), await exists(far), await exists(old)]).toEqual([
      true,
      false,
      false,
    ]);
    const [payloads] = await database()`
      select count(*)::int as n from private.entry_payloads p
      where not exists (select from public.entries e where e.id = p.id and e.ts = p.ts)`;
    expect(payloads!["n"]).toBe(0);
  });

  it("removes the captures of a device that is unpaired, and of no other", async () => {
    const [gone, stays] = [await newDevice(ann), await newDevice(ann)];
    const [theirs, others] = [
      await at(moment(Date.now()), gone),
      await at(moment(Date.now()), stays),
    ];
    await database()`select internal.unpair_device(${ann.id}, ${gone.uuid})`;
    await database()`select private.expire_entries()`;
    expect([await exists(theirs), await exists(others)]).toEqual([false, true]);
    await database()`select private.expire_entries()`;
    const [left] = await database()`
      select count(*)::int as n from private.device_purges where device_uuid = ${gone.uuid}`;
    expect(left!["n"]).toBe(0);
  });
});
