import { randomUUID } from "node:crypto";
import type { SupabaseClient } from "@supabase/supabase-js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Clients, until } from "./support/client.ts";
import { openRaw } from "./support/raw.ts";
import { startTarget, type Target, token } from "./support/target.ts";

/** Long enough for what a test does between two looks at the log. */
const POLL_MS = 300;

let target: Target;
let clients: Clients;
beforeAll(async () => {
  target = await startTarget({ changesPollMs: POLL_MS });
  await target.sql.unsafe(`
    create type public.mood as enum ('calm', 'cross');
    create table public.todos (
      id int primary key,
      owner uuid not null default '00000000-0000-0000-0000-000000000000',
      title text,
      due timestamptz,
      price numeric,
      ratio float8,
      data jsonb,
      tags text[],
      blob bytea,
      state public.mood,
      done boolean,
      secret text
    );
    alter table public.todos enable row level security;
    create policy "people read their own" on public.todos for select to authenticated
    using (owner = public.caller());
    revoke all on public.todos from anon, authenticated;
    grant select (id, owner, title, due, price, ratio, data, tags, blob, state, done)
      on public.todos to anon, authenticated;

    create table public.open_todos (id int primary key, title text);
    create table public.whole (id int primary key, owner uuid, title text, body text);
    alter table public.whole enable row level security;
    alter table public.whole replica identity full;
    create policy "people read their own" on public.whole for select to authenticated
    using (owner = public.caller());
    create table public.open_whole (id int primary key, title text);
    alter table public.open_whole replica identity full;
    create table public.keyless (title text);
    create table public.hidden_key (id int primary key, title text);
    revoke all on public.hidden_key from authenticated;
    grant select (title) on public.hidden_key to authenticated;
    create table public.unpublished (id int primary key);
    create table public.marks (id int primary key);

    alter publication supabase_realtime add table public.todos, public.open_todos, public.whole,
      public.open_whole, public.keyless, public.hidden_key, public.marks;
  `);
});
afterAll(() => target?.stop());
beforeEach(() => {
  clients = new Clients(target, "2.0.0");
});
afterEach(() => clients.close());

interface Change {
  eventType: "INSERT" | "UPDATE" | "DELETE";
  schema: string;
  table: string;
  new: Record<string, unknown>;
  old: Record<string, unknown>;
  errors: string[] | null;
  commit_timestamp: string;
}

interface Wanted {
  event?: string;
  schema?: string;
  table?: string;
  filter?: string;
  select?: string[];
}

interface Subscriber {
  statuses: string[];
  changes: Change[];
  /** Of the table everybody sees, apart from the changes a test is about. */
  marks: Set<unknown>;
  /** What the service said of the subscription. */
  said: { status: string; message: string; extension: string }[];
}

/** A channel that asks for changes, and what it was told. */
async function ask(client: SupabaseClient, ...wanted: Wanted[]): Promise<Subscriber> {
  const subscriber: Subscriber = { statuses: [], changes: [], marks: new Set(), said: [] };
  const channel = client.channel(randomUUID());
  for (const { event = "*", schema = "public", ...rest } of wanted) {
    channel.on(
      "postgres_changes" as never,
      { event, schema, ...rest } as never,
      ((change: Change) => {
        if (change.table === "marks") subscriber.marks.add(change.new["id"]);
        else subscriber.changes.push(change);
      }) as never,
    );
  }
  channel.on("system", {}, (message) => subscriber.said.push(message))
    .subscribe((status) => subscriber.statuses.push(status));
  await until(() => subscriber.said.length > 0);
  return subscriber;
}

/** The same, which must succeed. */
async function follow(client: SupabaseClient, ...wanted: Wanted[]): Promise<Subscriber> {
  const subscriber = await ask(client, ...wanted);
  expect(subscriber.said).toMatchObject([
    { status: "ok", message: "Subscribed to PostgreSQL", extension: "postgres_changes" },
  ]);
  return subscriber;
}

async function person(): Promise<{ id: string; client: SupabaseClient }> {
  const id = randomUUID();
  const theirs = await token(target, { sub: id });
  return { id, client: await clients.connect(() => Promise.resolve(theirs)) };
}

/** Changes a table that everybody sees, and waits until that has been told. */
let marks = 0;
async function settled(subscriber: Subscriber): Promise<void> {
  const id = marks++;
  await target.sql`insert into marks values (${id})`;
  await until(() => subscriber.marks.has(id));
}
const MARKS: Wanted = { table: "marks" };

const told = ({ changes }: Subscriber) =>
  changes.map(({ eventType, new: row, old }) => [
    eventType,
    (eventType === "DELETE" ? old : row)["id"],
  ]);

describe("changes of tables", () => {
  it("C09 reach who may see the row, and of a deletion everybody gets the key", async () => {
    const [ann, ben] = await Promise.all([person(), person()]);
    const [hers, his, anybodys] = await Promise.all([
      follow(ann.client, { table: "todos" }, MARKS),
      follow(ben.client, { table: "todos" }, MARKS),
      follow(await clients.connect(), { table: "todos" }, MARKS),
    ]) as [Subscriber, Subscriber, Subscriber];
    await target.sql`
      insert into todos (id, owner, title, due, price, ratio, data, tags, blob, state, done, secret)
      values (1, ${ann.id}, 'Grüße', '2026-01-02T03:04:05.123456+02', 12345678901234567890.5, 'NaN',
        '{"a": [1, null]}', array['x', null, 'y,z'], '\\x00ff', 'cross', true, 'hidden')`;
    await settled(hers);
    await target.sql`update todos set title = null where id = 1`;
    await settled(hers);
    await target.sql`delete from todos where id = 1`;
    await Promise.all([settled(hers), settled(his), settled(anybodys)]);

    expect(told(hers)).toEqual([["INSERT", 1], ["UPDATE", 1], ["DELETE", 1]]);
    const [inserted, updated, deleted] = hers.changes as [Change, Change, Change];
    expect(inserted).toMatchObject({ schema: "public", table: "todos", errors: null, old: {} });
    expect(inserted.commit_timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(inserted.new).toEqual({
      id: 1,
      owner: ann.id,
      title: "Grüße",
      due: "2026-01-02T01:04:05.123456+00:00",
      price: 12345678901234567890.5,
      ratio: null,
      data: { a: [1, null] },
      tags: ["x", null, "y,z"],
      blob: "00ff",
      state: "cross",
      done: true,
    });
    expect(updated).toMatchObject({ old: { id: 1 }, new: { id: 1, title: null } });
    expect(deleted).toMatchObject({ old: { id: 1 }, new: {} });
    for (const other of [his, anybodys]) {
      expect(other.changes.map(({ eventType, old }) => [eventType, old]))
        .toEqual([["DELETE", { id: 1 }]]);
    }
  });

  it("C09 a whole replica identity shows the row before to who sees it now", async () => {
    const [ann, ben] = await Promise.all([person(), person()]);
    const [hers, his] = await Promise.all([
      follow(ann.client, { table: "whole" }, { table: "open_whole" }, MARKS),
      follow(ben.client, { table: "whole" }, MARKS),
    ]) as [Subscriber, Subscriber];
    // Long enough to be stored apart, and so not logged again by an update that leaves it alone.
    const [{ body }] = await target.sql`
      insert into whole
      select 1, ${ann.id}, 'hers', string_agg(md5(n::text), '') from generate_series(1, 1000) as n
      returning body` as unknown as [{ body: string }];
    await settled(hers);
    await target.sql`update whole set owner = ${ben.id}, title = 'his' where id = 1`;
    await settled(his);
    await target.sql`delete from whole where id = 1`;
    await target.sql`insert into open_whole values (1, 'a')`;
    await target.sql`delete from open_whole where id = 1`;
    await Promise.all([settled(hers), settled(his)]);
    // Handing a row over is nothing to who had it: there is no deletion for them.
    expect(told(hers)).toEqual([["INSERT", 1], ["DELETE", 1], ["INSERT", 1], ["DELETE", 1]]);
    expect(told(his)).toEqual([["UPDATE", 1], ["DELETE", 1]]);
    expect(his.changes[0]).toMatchObject({
      new: { title: "his", body },
      old: { owner: ann.id, title: "hers", body },
    });
    expect(hers.changes[1]!.old).toEqual({ id: 1 });
    // Without row security the deleted row is told whole.
    expect(hers.changes[3]!.old).toEqual({ id: 1, title: "a" });
  });

  it("C10 filters choose, also by several conditions, lists, patterns and negation", async () => {
    const { client } = await person();
    const base = 10_000;
    const cases: [string, number[]][] = [
      [`id=eq.${base + 1}`, [1]],
      [`id=gte.${base},id=lt.${base + 2}`, [0, 1]],
      [`id=in.(${base},${base + 3})`, [0, 3]],
      ['title=in.("a,b",c)', [1, 2]],
      ['title=eq."a,b"', [1]],
      [`id=gte.${base},id=lte.${base + 3},title=not.eq.c`, [1, 3]],
      ["title=like.a%", [1, 3]],
      ["title=match.^A", []],
      ["title=imatch.^A", [1, 3]],
      [`title=is.null,id=lt.${base + 4}`, [0]],
      [`title=isdistinct.c,id=lt.${base + 4}`, [0, 1, 3]],
    ];
    const subscribers = await Promise.all(
      cases.map(([filter]) =>
        follow(client, { event: "INSERT", table: "open_todos", filter }, MARKS)
      ),
    );
    await target.sql`
      insert into open_todos values (${base}, null), (${base + 1}, 'a,b'), (${base + 2}, 'c'),
        (${base + 3}, 'ax')`;
    // Another event is not asked for; the filter of a deletion has only the key to go by.
    const deletions = await follow(
      client,
      { event: "DELETE", table: "open_todos", filter: "title=eq.c" },
      { event: "DELETE", table: "open_todos", filter: `id=eq.${base + 3}` },
      MARKS,
    );
    await target.sql`delete from open_todos where id >= ${base} and id < ${base + 4}`;
    await settled(deletions);
    expect(told(deletions)).toEqual([["DELETE", base + 3]]);
    await Promise.all(subscribers.map(settled));
    for (const [index, [filter, ids]] of cases.entries()) {
      expect([filter, ...told(subscribers[index]!)])
        .toEqual([filter, ...ids.map((id) => ["INSERT", base + id])]);
    }
  });

  it("C10 one message for all that a channel asks for, and columns may be chosen", async () => {
    const { client } = await person();
    const subscriber = await follow(
      client,
      { event: "INSERT", table: "open_todos", filter: "id=eq.20000" },
      { event: "*", table: "open_todos", select: ["title"], filter: "id=eq.20000" },
      { event: "INSERT", schema: "*" },
    );
    await target.sql`insert into open_todos values (20000, 'x')`;
    await until(() => subscriber.changes.length === 3);
    expect(subscriber.changes.map(({ new: row }) => row)).toEqual(
      Array(3).fill({ id: 20000, title: "x" }),
    );
    const narrow = await follow(client, { table: "todos", select: ["title"] }, MARKS);
    await target.sql`insert into todos (id, title) values (20001, 'unseen')`;
    await target.sql`delete from todos where id = 20001`;
    await settled(narrow);
    expect(narrow.changes.map(({ old }) => old)).toEqual([{ id: 20001 }]);
  });

  it("C10 what cannot be subscribed to is said, and the channel goes on", async () => {
    const { client } = await person();
    const cases: [Wanted, RegExp][] = [
      [
        { table: "nothing" },
        /^Unable to subscribe to changes with given parameters\. Please check/,
      ],
      [{ table: "unpublished" }, /Please check Realtime is enabled/],
      [{ table: "todos", filter: "nope=eq.1" }, /An exception.*invalid column for filter nope/],
      [{ table: "todos", filter: "secret=eq.1" }, /invalid column for filter secret/],
      [{ table: "todos", filter: "id=eq.one" }, /Exception: ERROR 22P02.*integer/],
      [{ table: "todos", filter: "id" }, /^Error parsing `filter` params: \["id"\]/],
      [{ table: "todos", filter: "id=is_it.1" }, /^Error parsing `filter` params/],
      [{ table: "todos", filter: `id=in.(${Array(101).fill(1)})` }, /Maximum 100/],
      [{ table: "todos", select: ["secret"] }, /invalid column for select secret/],
      [{ select: ["id"] }, /^Column selection is not supported for wildcard subscriptions/],
    ];
    for (const [wanted, message] of cases) {
      const { said, statuses } = await ask(client, wanted);
      expect(said).toMatchObject([
        { status: "error", extension: "postgres_changes", message: expect.stringMatching(message) },
      ]);
      expect(statuses).toEqual(["SUBSCRIBED"]);
    }
    expect(
      await target.sql`
      select from realtime.subscription s where s.entity = 'public.todos'::regclass`,
    ).toEqual([]);
  });

  it("C22 a partitioned table: its root refuses, a leaf leaks, through the root it is silent", async () => {
    await target.sql.unsafe(`
      create table public.parts (id int, owner uuid, primary key (id)) partition by range (id);
      create table public.parts_low partition of public.parts for values from (0) to (100);
      alter table public.parts enable row level security;
      create policy "people read their own" on public.parts for select to authenticated
      using (owner = public.caller());
      create table public.roots (id int, primary key (id)) partition by range (id);
      create table public.roots_low partition of public.roots for values from (0) to (100);
      alter publication supabase_realtime add table public.parts;
    `);
    const { client } = await person();
    const { said } = await ask(client, { table: "parts" });
    expect(said).toMatchObject([{ status: "error", message: expect.stringMatching(/^Unable/) }]);
    const leaf = await follow(client, { table: "parts_low" }, MARKS);
    await target.sql`insert into parts values (1, ${randomUUID()})`;
    await settled(leaf);
    expect(told(leaf)).toEqual([["INSERT", 1]]);

    await target.sql.unsafe(`
      alter publication supabase_realtime drop table public.parts;
      alter publication supabase_realtime add table public.roots;
      alter publication supabase_realtime set (publish_via_partition_root = true);
    `);
    try {
      const root = await follow(client, { table: "roots" }, MARKS);
      await target.sql`insert into roots values (1)`;
      await settled(root);
      expect(root.changes).toEqual([]);
    } finally {
      await target.sql`
        alter publication supabase_realtime set (publish_via_partition_root = false)`;
    }
  });

  it("C36 what is gone before the next look was never there", async () => {
    const ann = await person();
    const hers = await follow(ann.client, { table: "todos" }, MARKS);
    await target.sql`insert into todos (id, owner) values (30000, ${ann.id})`;
    await target.sql`delete from todos where id = 30000`;
    await settled(hers);
    expect(told(hers)).toEqual([["DELETE", 30000]]);
  });

  it("names what it cannot show: no key, a key one may not see, a row over 1 MB", async () => {
    const { client } = await person();
    const tables = ["keyless", "hidden_key", "open_todos"];
    const subscriber = await follow(
      client,
      ...tables.map((table) => ({ event: "INSERT", table })),
    );
    await target.sql`insert into keyless values ('x')`;
    await target.sql`insert into hidden_key values (1, 'x')`;
    await target.sql`insert into open_todos values (40000, repeat('x', 1100000))`;
    await until(() => subscriber.changes.length === 3);
    expect(subscriber.changes.map(({ table, errors, new: row }) => ({ table, errors, row })))
      .toEqual([
        { table: "keyless", errors: ["Error 400: Bad Request, no primary key"], row: {} },
        { table: "hidden_key", errors: ["Error 401: Unauthorized"], row: {} },
        { table: "open_todos", errors: ["Error 413: Payload Too Large"], row: { id: 40000 } },
      ]);
  });

  it("are told as the newest token allows, and to nobody once the channel has ended", async () => {
    const [ann, ben] = [randomUUID(), randomUUID()];
    let current = await token(target, { sub: ann });
    const client = await clients.connect(() => Promise.resolve(current));
    const watcher = await follow(client, { table: "todos" }, MARKS);
    current = await token(target, { sub: ben });
    await client.realtime.setAuth();
    await until(() => watcher.said.length === 2);
    await target.sql`insert into todos (id, owner) values (50000, ${ann}), (50001, ${ben})`;
    await settled(watcher);
    expect(told(watcher)).toEqual([["INSERT", 50001]]);
    await client.removeAllChannels();
    await expect.poll(() =>
      target.sql`
      select from realtime.subscription where claims ->> 'sub' = ${ben}`
    ).toEqual([]);
  });

  it("a policy that raises loses its change and no other", async () => {
    await target.sql.unsafe(`
      create table public.raising (id int primary key);
      alter table public.raising enable row level security;
      create policy "fails" on public.raising for select to authenticated using (public.raises());
      grant select on public.raising to authenticated;
      alter publication supabase_realtime add table public.raising;
    `);
    const { client } = await person();
    const subscriber = await follow(client, { table: "raising" }, MARKS);
    await target.sql`insert into raising values (1)`;
    await settled(subscriber);
    expect(subscriber.changes).toEqual([]);
  });

  it("go on after Postgres was killed and came back", async () => {
    const { client } = await person();
    const subscriber = await follow(client, MARKS);
    await target.crash();
    // What is committed before the log is read again is lost: so it is tried until one arrives.
    await expect.poll(async () => {
      await target.sql`insert into marks values (${marks++})`;
      return subscriber.marks.size;
    }, { timeout: 10_000, interval: 300 }).toBeGreaterThan(0);
  });

  it("are promised in the reply as they were asked for, each with a number of its own", async () => {
    const socket = await openRaw(target.url, { apikey: target.publishableKey, vsn: "2.0.0" });
    const asked = [
      { event: "*", schema: "public", table: "todos" },
      { event: "INSERT", schema: "public", table: "open_todos", filter: "id=eq.60000" },
    ];
    socket.send(["1", "1", "realtime:x", "phx_join", {
      config: {
        postgres_changes: asked,
        postgres_changes_options: { wait: true, timeout: 1000 },
      },
    }]);
    const reply = await socket.next() as unknown[];
    const { response } = reply[4] as { response: { postgres_changes: { id: number }[] } };
    const promised = response.postgres_changes;
    expect(promised.map(({ id: _, ...rest }) => rest)).toEqual(asked);
    const [first, second] = promised.map(({ id }) => id) as [number, number];
    expect(new Set([first, second]).size).toBe(2);
    for (const id of [first, second]) expect(id).toBeLessThan(2 ** 27);
    expect(await socket.next()).toMatchObject(["1", null, "realtime:x", "system", {
      extension: "postgres_changes",
      status: "ok",
    }]);
    await target.sql`insert into open_todos values (60000, 'x')`;
    expect(await socket.next()).toMatchObject(["1", null, "realtime:x", "postgres_changes", {
      ids: [second],
      data: {
        type: "INSERT",
        columns: [{ name: "id", type: "int4" }, { name: "title", type: "text" }],
        record: { id: 60000, title: "x" },
        errors: null,
      },
    }]);
    socket.ws.close();
  });
});
