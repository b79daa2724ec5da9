import type { JWTPayload } from "jose";
import type postgres from "postgres";

const WORKSPACES = 1_000;
const DAYS = 30;
/** Share of the rows that belong to the largest workspace. */
const LARGEST_SHARE = 0.3;
const OTHER_WORKSPACES_OF_THE_MEMBER = 9;

/** A month of captures and four people who look at it. */
export interface History {
  readonly rows: number;
  /** Belongs to ten workspaces of ordinary size, the first of which is `workspaceId`. */
  readonly member: Reader & { readonly workspaceIds: readonly string[] };
  /** Owner of the workspace with 30 % of all rows. */
  readonly largest: Reader;
  /** Owner of a workspace without any. */
  readonly newcomer: Reader;
  /** Sees all workspaces. */
  readonly admin: Omit<Reader, "workspaceId">;
}

export interface Reader {
  readonly claims: JWTPayload;
  readonly workspaceId: string;
}

/**
 * Loads the month set-wise into the partitions, past the triggers on the parent, and lets the planner
 * know it. Workspace 1 is the largest, workspace 1,000 stays empty, the rest share what is left.
 */
export async function loadHistory(
  owner: postgres.Sql,
  issuer: string,
  rows: number,
  progress: (line: string) => void,
): Promise<History> {
  progress(`history: ${WORKSPACES} workspaces`);
  await owner`create schema if not exists bench`;
  await owner`
    create table bench.tenants as
    select n::integer, gen_random_uuid() as user_id, gen_random_uuid() as device_uuid, null::uuid as workspace_id
    from generate_series(1, ${WORKSPACES}::integer) n`;
  await owner`
    insert into auth.users (id, aud, role, email, email_confirmed_at)
    select user_id, 'authenticated', 'authenticated', 'tenant-' || n || '@example.com', now() from bench.tenants`;
  await owner`
    update bench.tenants t set workspace_id = w.id
    from public.workspaces w where w.owner_user_id = t.user_id and w.personal`;
  await owner`
    insert into public.devices (uuid, name, workspace_id, owner_user_id, os, connection_type)
    select device_uuid, 'Phone', workspace_id, user_id, 'iOS', 'vpn' from bench.tenants`;
  await owner`
    insert into public.workspace_members (workspace_id, user_id)
    select t.workspace_id, m.user_id
    from bench.tenants t, bench.tenants m
    where m.n = 2 and t.n between 3 and ${2 + OTHER_WORKSPACES_OF_THE_MEMBER}::integer`;
  await owner`analyze public.workspaces, public.workspace_members, public.profiles, public.devices`;

  for (let day = DAYS - 1; day >= 0; day--) {
    const share = Math.floor(rows * (DAYS - day) / DAYS) -
      Math.floor(rows * (DAYS - 1 - day) / DAYS);
    if (day % 5 === 4) {
      progress(`history: ${rows.toLocaleString("en-US")} rows, ${day + 1} days to go`);
    }
    await loadDay(owner, day, share);
  }
  progress("history: payloads, vacuum and analyze");
  await loadPayloads(owner);
  await owner`vacuum (analyze) public.entries, private.entry_payloads, public.entry_tags, private.day_counts,
    private.total_counts, private.minute_counts, private.count_deltas`;

  const readers = await owner<{ n: number; claims: JWTPayload; workspace_id: string }[]>`
    with token as (
      insert into private.grants (user_id, client_id, scope)
      select user_id, 'bench', 'mcp:read' from bench.tenants where n in (1, 2, 3, 1000)
      returning id, user_id
    ), minted as (
      insert into public.api_tokens (user_id, grant_id, client_id, label, scope, expires_at)
      select user_id, id, 'bench', 'oauth', 'mcp:read', now() + interval '1 day' from token
      returning jti, user_id
    )
    select t.n, t.workspace_id,
      jsonb_build_object('role', 'authenticated', 'sub', m.user_id, 'jti', m.jti, 'iss', ${issuer}::text,
        'aud', jsonb_build_array(${issuer}::text, 'authenticated'),
        'exp', extract(epoch from now())::integer + 86400) as claims
    from minted m join bench.tenants t using (user_id)`;
  const reader = (n: number): Reader => {
    const found = readers.find((row) => row.n === n)!;
    return { claims: found.claims, workspaceId: found.workspace_id };
  };
  await owner`update public.profiles set role = 'admin' where id = ${reader(3).claims.sub!}`;
  const memberOf = await owner<{ id: string }[]>`
    select workspace_id as id from public.workspace_members where user_id = ${reader(2).claims
    .sub!}`;
  return {
    rows,
    member: { ...reader(2), workspaceIds: memberOf.map(({ id }) => id) },
    largest: reader(1),
    newcomer: reader(WORKSPACES),
    admin: { claims: reader(3).claims },
  };
}

/** Bodies for so many of the largest tenant's newest entries: as many as one search may examine. */
const WITH_PAYLOADS = 20_000;

/**
 * The rows of one UTC day, evenly spread (today's until now), in order of ts. Every column that a
 * filter can name has frequent and rare values. Half of the paths say whose they are: `/largest/…`
 * exists in the largest workspace alone, `/others/…` everywhere but there.
 */
export async function loadDay(owner: postgres.Sql, daysAgo: number, rows: number): Promise<void> {
  await owner.begin(async (sql) => {
    await sql`set local synchronous_commit = off`;
    const [day] = await sql<{ partition: string; start: Date; seconds: number }[]>`
      select 'entries_' || to_char(d, 'YYYY_MM_DD') as partition, d at time zone 'UTC' as start,
        least(86400, extract(epoch from now() - d at time zone 'UTC'))::float8 as seconds
      from (select date_trunc('day', now() at time zone 'UTC') - make_interval(days => ${daysAgo}::integer) as d) x`;
    await sql`
      insert into ${sql(`public.${day!.partition}`)} (
        id, request_id, device_uuid, workspace_id, ts, received_at, source, method, url, host, path, is_secure,
        status, duration_ms, request_size, response_size, content_type, os, device_country, error)
      select private.entry_id(t.device_uuid, r.request_id, r.ts), r.request_id, t.device_uuid, t.workspace_id, r.ts, r.ts,
        r.source, r.method, 'https://' || r.host || p.path || '?page=' || r.i % 9, r.host, p.path, r.i % 8 > 0,
        r.status, r.chance * 900, 96 + r.i % 50, 400 + r.i % 4000, r.content_type, r.os, r.country, r.error
      from (
        select i, 'history-' || ${daysAgo}::text || '-' || i as request_id,
          ${day!.start}::timestamptz + make_interval(secs => ${
      day!.seconds
    }::float8 * i / ${rows}::integer) as ts,
          random() as chance,
          (array['vpn','vpn','vpn','pac','proxy','cdp','har'])[1 + i % 7] as source,
          (array['GET','GET','GET','POST','PUT','DELETE'])[1 + i % 6] as method,
          (array['api.example.com','cdn.example.net','auth.example.org','telemetry.example.io'])[1 + i % 4] as host,
          (array['orders','users','carts','events','products'])[1 + i % 5] as resource,
          (array[200,200,200,200,200,201,204,304,404,500])[1 + i % 10] as status,
          (array['application/json','image/png','text/html'])[1 + i % 3] as content_type,
          (array['iOS','iOS','Android','macOS'])[1 + i % 4] as os,
          (array['DE','FR','US','JP','BR'])[1 + i % 5] as country,
          case when i % 20 = 0 then 'connection reset by peer' end as error,
          case when random() < ${LARGEST_SHARE}::float8 then 1
            else 2 + floor(random() * (${WORKSPACES}::integer - 2))::integer end as tenant
        from generate_series(0, ${rows}::integer - 1) i
      ) as r
      join bench.tenants t on t.n = r.tenant
      cross join lateral (
        select case when r.i % 2 = 0 then '/v2/' when t.n = 1 then '/largest/' else '/others/' end || r.resource || '/' || r.i as path
      ) as p
      order by r.ts`;
    await countDay(sql, day!.partition);
  });
}

/** What the triggers on the parent would have counted. */
async function countDay(sql: postgres.TransactionSql, partition: string): Promise<void> {
  await sql`
    insert into private.count_deltas (workspace_id, dimension, key, at, n)
    select c.workspace_id,
      case grouping(c.moment, c.status, c.source, c.host, c.device_uuid)
        when 15 then 'total' when 23 then 'status' when 27 then 'source' when 29 then 'host' when 30 then 'device' end,
      coalesce(c.status, c.source, c.host, c.device_uuid::text, ''), coalesce(c.moment, c.day), count(*)
    from (
      select e.workspace_id, date_trunc('day', e.ts, 'UTC') as day,
        date_trunc(case when e.ts >= now() - interval '25 hours' then 'minute' else 'day' end, e.ts, 'UTC') as moment,
        e.status / 100 || 'xx' as status, e.source, e.host, e.device_uuid
      from ${sql(`public.${partition}`)} e
    ) as c
    group by grouping sets (
      (c.workspace_id, c.moment), (c.workspace_id, c.day, c.status), (c.workspace_id, c.day, c.source),
      (c.workspace_id, c.day, c.host), (c.workspace_id, c.day, c.device_uuid))`;
  await sql`select private.fold_counts()`;
  await sql`
    update private.day_arrivals set last_arrival = (day + 1)::timestamp at time zone 'UTC'
    where day = to_date(right(${partition}, 10), 'YYYY_MM_DD')`;
}

/** A kilobyte of headers and body for each of the largest tenant's newest entries, and a tag for some. */
async function loadPayloads(owner: postgres.Sql): Promise<void> {
  await owner`
    create table bench.newest as
    select e.id, e.ts, e.workspace_id, row_number() over (order by e.ts desc) as n
    from public.entries e join bench.tenants t on t.workspace_id = e.workspace_id
    where t.n = 1 order by e.ts desc limit ${WITH_PAYLOADS}`;
  await owner`
    insert into private.entry_payloads (id, ts, request_headers, response_headers, response_body)
    select n.id, n.ts,
      jsonb_build_object('accept', 'application/json', 'user-agent', 'Shop/4.12.0 (iPhone15,3; iOS 18.1)', 'x-request-id', md5(n.n::text)),
      jsonb_build_object('content-type', 'application/json; charset=utf-8', 'etag', md5(n.id::text)),
      jsonb_build_object('items', (
        select jsonb_agg(jsonb_build_object('id', n.n * 10 + i, 'name', 'Item ' || i, 'token', md5(i::text), 'price', i * 1.25))
        from generate_series(1, 8) i))::text
    from bench.newest n`;
  await owner`
    with tag as (
      insert into public.tags (workspace_id, name) select distinct workspace_id, 'slow' from bench.newest returning id, workspace_id
    )
    insert into public.entry_tags (entry_id, tag_id, workspace_id)
    select n.id, t.id, t.workspace_id from bench.newest n cross join tag t where n.n % 10 = 0`;
  await owner`drop table bench.newest`;
}
