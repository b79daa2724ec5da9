-- Purpose: the statistics snapshot and the status of the installation.
-- Affected: public.service_stats, service_status, get_stats, get_status; private.stats_snapshot, refresh_stats, post_status.

create table public.service_stats (
  id integer primary key default 1 check (id = 1),
  snapshot jsonb not null default '{}',
  updated_at timestamptz not null default now()
);
comment on table public.service_stats is 'Statistics of the fleet; one row, replaced every 60 seconds.';
comment on column public.service_stats.id is 'Always 1.';
comment on column public.service_stats.snapshot is 'As get_stats answers it.';
comment on column public.service_stats.updated_at is 'When it was computed.';
insert into public.service_stats default values;
alter table public.service_stats enable row level security;
grant select on public.service_stats to authenticated;
create policy "People with stats:view read the fleet's statistics" on public.service_stats
for select to authenticated using ((select private.has_capability('stats', 'view')));

create table public.service_status (
  id integer primary key default 1 check (id = 1),
  snapshot jsonb not null default '{}' check (
    octet_length(snapshot::text) <= 65536 and (snapshot = '{}' or jsonb_typeof(snapshot -> 'components') is not distinct from 'array')),
  updated_at timestamptz not null default '1970-01-01 00:00:00+00'
);
comment on table public.service_status is 'State of host and components as the status agent posted it; one row.';
comment on column public.service_status.id is 'Always 1.';
comment on column public.service_status.snapshot is '{collected_at, overall, host, components}; {} before the first.';
comment on column public.service_status.updated_at is 'When it was posted; 1970 before the first.';
insert into public.service_status default values;
alter table public.service_status enable row level security;
grant select on public.service_status to authenticated;
create policy "People with status:view read the status" on public.service_status
for select to authenticated using ((select private.has_capability('status', 'view')));

alter publication supabase_realtime add table
  public.service_stats, public.service_status, public.settings_global, public.settings_user, public.settings_device,
  public.tags, public.scripts, public.services, public.service_domains, public.service_groups, public.service_group_services,
  public.service_group_includes;

-- One statement, so one snapshot: a delta is seen either as such or folded, never twice. Of the hosts, which may be very
-- many, the ten most frequent that have not changed lately come from the index, and all that have are looked up. The
-- planner takes the deltas, gone at every vacuum, for none: so nothing here may be quadratic when they are many.
create function private.stats_snapshot(workspace uuid) returns jsonb
language plpgsql stable security definer set search_path = '' set enable_nestloop = off as $$
declare
  scope constant uuid := coalesce(workspace, '00000000-0000-0000-0000-000000000000');
begin
  return (
  with unfolded as materialized (
    select d.dimension, d.key, d.at, sum(d.n)::bigint as n
    from private.count_deltas d
    where workspace is null or d.workspace_id = workspace
    group by 1, 2, 3
  ), minutes as materialized (
    select c.minute, sum(c.n)::bigint as n
    from (
      select m.minute, m.n from private.minute_counts m where m.workspace_id = scope
      union all
      select date_trunc('minute', u.at, 'UTC'), u.n from unfolded u where u.dimension = 'total' and u.at >= now() - interval '25 hours'
    ) as c
    where c.minute <= now()
    group by c.minute
  ), seconds as (
    select s.second, s.n from private.second_counts s where s.workspace_id = scope
    union all
    select u.at, u.n from unfolded u where u.dimension = 'total'
  ), counts as materialized (
    select c.dimension, c.key, sum(c.n)::bigint as n
    from (
      select t.dimension, t.key, t.n from private.total_counts t
      where t.workspace_id = scope and t.dimension in ('total', 'status', 'source', 'device')
      union all
      select u.dimension, u.key, u.n from unfolded u where u.dimension <> 'host'
    ) as c
    group by 1, 2 having sum(c.n) > 0
  ), unfolded_hosts as materialized (
    select u.dimension, u.key, sum(u.n)::bigint as n from unfolded u where u.dimension = 'host' and u.key <> '' group by 1, 2
  ), hosts as (
    (
      select t.key, t.n from private.total_counts t
      where t.workspace_id = scope and t.dimension = 'host' and t.key <> ''
        and t.key not in (select u.key from unfolded_hosts u)
      order by t.n desc, t.key limit 10
    )
    union all
    select u.key, u.n + coalesce(
      (select t.n from private.total_counts t where t.workspace_id = scope and t.dimension = u.dimension and t.key = u.key), 0)
    from unfolded_hosts u
  ), fleet as materialized (
    select d.uuid::text as uuid, d.name, coalesce(d.os, 'unknown') as os, coalesce(d.connection_type, 'unknown') as connection_type,
      coalesce(s.online and s.last_heartbeat_at > now() - interval '90 seconds', false)
        or coalesce(d.last_seen_at > now() - interval '90 seconds', false) as online
    from public.devices d left join public.device_status s on s.device_uuid = d.uuid
    where workspace is null or d.workspace_id = workspace
  )
  select jsonb_build_object(
    'generated_at', now(),
    'devices', jsonb_build_object(
      'total', (select count(*) from fleet),
      'online', (select count(*) from fleet f where f.online),
      'by_os', (select coalesce(jsonb_object_agg(o.os, o.n), '{}') from (select f.os, count(*) as n from fleet f group by 1) o),
      'by_connection_type', (
        select coalesce(jsonb_object_agg(o.connection_type, o.n), '{}')
        from (select f.connection_type, count(*) as n from fleet f group by 1) o)),
    'entries', jsonb_build_object(
      'total', coalesce((select c.n from counts c where c.dimension = 'total'), 0),
      'last_24h', (select coalesce(sum(m.n), 0) from minutes m where m.minute > now() - interval '24 hours'),
      'last_hour', (select coalesce(sum(m.n), 0) from minutes m where m.minute > now() - interval '1 hour'),
      'last_minute', (
        select coalesce(sum(s.n), 0) from seconds s where s.second > now() - interval '1 minute' and s.second <= now())),
    'throughput', jsonb_build_object(
      'per_minute', (
        select jsonb_agg(coalesce(m.n, 0) order by t)
        from generate_series(0, 59) i
        cross join lateral (select date_trunc('minute', now(), 'UTC') - make_interval(mins => 59 - i)) as at (t)
        left join minutes m on m.minute = t),
      'per_hour', (
        select jsonb_agg(coalesce(h.n, 0) order by t)
        from generate_series(0, 23) i
        cross join lateral (select date_trunc('hour', now(), 'UTC') - make_interval(hours => 23 - i)) as at (t)
        left join (select date_trunc('hour', m.minute, 'UTC') as hour, sum(m.n) as n from minutes m group by 1) h on h.hour = t)),
    'status_mix', (select coalesce(jsonb_object_agg(c.key, c.n), '{}') from counts c where c.dimension = 'status'),
    'source_mix', (select coalesce(jsonb_object_agg(c.key, c.n), '{}') from counts c where c.dimension = 'source'),
    'connection_type_mix', (
      select coalesce(jsonb_object_agg(x.connection_type, x.n), '{}')
      from (
        select coalesce(f.connection_type, 'unknown') as connection_type, sum(c.n) as n
        from counts c left join fleet f on f.uuid = c.key
        where c.dimension = 'device'
        group by 1
      ) as x),
    'top_domains', (
      select coalesce(jsonb_agg(jsonb_build_object('host', h.key, 'count', h.n) order by h.n desc, h.key), '[]')
      from (select h.key, h.n from hosts h where h.n > 0 order by h.n desc, h.key limit 10) h),
    'top_devices', (
      select coalesce(jsonb_agg(jsonb_build_object('device_uuid', t.key, 'name', f.name, 'count', t.n) order by t.n desc, t.key), '[]')
      from (select c.key, c.n from counts c where c.dimension = 'device' order by c.n desc, c.key limit 10) t
      left join fleet f on f.uuid = t.key)));
end
$$;
comment on function private.stats_snapshot(uuid) is 'Statistics of a workspace, or of the fleet for null. Its cost depends on the number of devices, not of entries. last_hour and last_24h begin with a whole minute, so they add up the throughput; connection_type_mix goes by what each device uses now.';

create function private.refresh_stats() returns void
language sql volatile security definer set search_path = '' as $$
  update public.service_stats set snapshot = private.stats_snapshot(null), updated_at = now() where id = 1
$$;
comment on function private.refresh_stats() is 'Replaces the fleet''s snapshot; cron does so every 60 seconds.';
select private.refresh_stats();
select cron.schedule('busymate-stats', '* * * * *', 'select private.refresh_stats()');

create function private.stats_for_caller(workspace_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  if $1 is null then
    return case when private.has_capability('stats', 'view') and private.has_capability('global', 'view') then private.stats_snapshot(null) end;
  end if;
  return case when $1 = any (private.workspaces_with('entries', 'view')) then private.stats_snapshot($1) end;
end
$$;
comment on function private.stats_for_caller(uuid) is 'Statistics the caller may see, else null.';
grant execute on function private.stats_for_caller(uuid) to authenticated;

create function public.get_stats(workspace_id uuid default null) returns jsonb
language sql stable set search_path = '' as $$
  select private.stats_for_caller($1)
$$;
comment on function public.get_stats(uuid) is 'Statistics, exact to this moment: of a workspace (entries:view in it), or without argument of the fleet (stats:view and global:view). Null without the right.';

create function private.recompute_stats() returns boolean
language plpgsql volatile security definer set search_path = '' as $$
begin
  if not private.has_capability('status', 'edit') then
    return null;
  end if;
  perform private.fold_counts();
  perform private.refresh_stats();
  return true;
end
$$;
comment on function private.recompute_stats() is 'Folds and replaces the snapshot now; status:edit only, null otherwise.';
grant execute on function private.recompute_stats() to authenticated;
create function public.refresh_stats() returns boolean
language sql volatile set search_path = '' as $$
  select private.recompute_stats()
$$;
comment on function public.refresh_stats() is 'Recomputes the fleet''s statistics now, for holders of status:edit; null for others.';

create function private.store_status(snapshot jsonb) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
begin
  if not private.has_capability('status', 'edit') then
    return null;
  end if;
  update public.service_status s set snapshot = $1, updated_at = now() where s.id = 1;
  return true;
end
$$;
comment on function private.store_status(jsonb) is 'Replaces the status snapshot; status:edit only, null otherwise.';
grant execute on function private.store_status(jsonb) to authenticated;
create function public.post_status(snapshot jsonb) returns boolean
language sql volatile set search_path = '' as $$
  select private.store_status($1)
$$;
comment on function public.post_status(jsonb) is 'The status agent''s report; holders of status:edit only, null for others. Its shape is checked by POST /functions/v1/stats/status.';

create function private.freshness(updated_at timestamptz) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object('age_seconds', floor(extract(epoch from now() - $1))::integer, 'stale', now() - $1 > interval '30 seconds')
$$;
comment on function private.freshness(timestamptz) is 'How old a status is, and whether that is too old to go by: three posts missed.';
grant execute on function private.freshness(timestamptz) to authenticated;

create function public.get_status() returns jsonb
language sql stable set search_path = '' as $$
  select s.snapshot || private.freshness(s.updated_at) from public.service_status s
$$;
comment on function public.get_status() is 'The status snapshot with age_seconds and stale (older than 30 s), for holders of status:view; null for others.';
grant execute on function public.get_stats(uuid), public.refresh_stats(), public.post_status(jsonb), public.get_status() to authenticated;

-- Coarse already here: what the public may not know does not leave the database.
create function internal.public_status() returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'components', coalesce((
      select jsonb_agg(jsonb_build_object('key', c -> 'key', 'label', c -> 'label', 'core', c -> 'core', 'up', c -> 'up') order by place)
      from jsonb_array_elements(s.snapshot -> 'components') with ordinality as e (c, place)), '[]'),
    'updated_at', s.updated_at) || private.freshness(s.updated_at)
  from public.service_status s
$$;
comment on function internal.public_status() is 'Which components are up and how old that is, for GET /functions/v1/api/status. Nothing of the host.';
grant execute on function internal.public_status() to service_role;
