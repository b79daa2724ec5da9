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
    if (day % 5 === 4) progress(`history: ${rows} rows, ${day + 1} days to go`);
    await loadDay(owner, day, share);
  }
  progress("history: vacuum and analyze");
  await owner`vacuum (analyze) public.entries`;

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

/** The rows of one UTC day, evenly spread (today's until now), in order of ts. */
async function loadDay(owner: postgres.Sql, daysAgo: number, rows: number): Promise<void> {
  await owner.begin(async (sql) => {
    await sql`set local synchronous_commit = off`;
    const [day] = await sql<{ partition: string; start: Date; seconds: number }[]>`
      select 'entries_' || to_char(d, 'YYYY_MM_DD') as partition, d at time zone 'UTC' as start,
        least(86400, extract(epoch from now() - d at time zone 'UTC'))::float8 as seconds
      from (select date_trunc('day', now() at time zone 'UTC') - make_interval(days => ${daysAgo}::integer) as d) x`;
    await sql`
      insert into ${sql(`public.${day!.partition}`)} (
        id, request_id, device_uuid, workspace_id, ts, received_at, source, method, url, host, path, is_secure,
        status, duration_ms, request_size, response_size, content_type, os)
      select private.entry_id(t.device_uuid, r.request_id, r.ts), r.request_id, t.device_uuid, t.workspace_id, r.ts, r.ts,
        'vpn', r.method, 'https://' || r.host || r.path || '?page=' || r.i % 9, r.host, r.path, true,
        r.status, r.chance * 900, 96, 400 + r.i % 4000, 'application/json', 'iOS'
      from (
        select i, 'history-' || ${daysAgo}::text || '-' || i as request_id,
          ${day!.start}::timestamptz + make_interval(secs => ${
      day!.seconds
    }::float8 * i / ${rows}::integer) as ts,
          random() as chance,
          (array['GET','GET','GET','POST','PUT','DELETE'])[1 + i % 6] as method,
          (array['api.example.com','cdn.example.net','auth.example.org','telemetry.example.io'])[1 + i % 4] as host,
          '/v2/' || (array['orders','users','carts','events','products'])[1 + i % 5] || '/' || i as path,
          (array[200,200,200,200,200,201,204,304,404,500])[1 + i % 10] as status,
          case when random() < ${LARGEST_SHARE}::float8 then 1
            else 2 + floor(random() * (${WORKSPACES}::integer - 2))::integer end as tenant
        from generate_series(0, ${rows}::integer - 1) i
      ) as r
      join bench.tenants t on t.n = r.tenant
      order by r.ts`;
  });
}
