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
  snapshot jsonb not null default '{}',
  updated_at timestamptz not null default now()
);
comment on table public.service_status is 'State of host and components as the status agent posted it; one row.';
comment on column public.service_status.id is 'Always 1.';
comment on column public.service_status.snapshot is '{collected_at, overall, host, components}.';
comment on column public.service_status.updated_at is 'When it was posted.';
insert into public.service_status default values;
alter table public.service_status enable row level security;
grant select on public.service_status to authenticated;
create policy "People with status:view read the status" on public.service_status
for select to authenticated using ((select private.has_capability('status', 'view')));

alter publication supabase_realtime add table
  public.service_stats, public.service_status, public.settings_global, public.settings_user, public.settings_device,
  public.tags, public.scripts, public.services, public.service_domains, public.service_groups, public.service_group_services,
  public.service_group_includes;

create function private.mix(scope uuid, dimension text) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_object_agg(m.key, m.n), '{}')
  from (
    select c.key, sum(c.n) as n
    from (
      select t.key, t.n from private.total_counts t where t.workspace_id = $1 and t.dimension = $2
      union all
      select d.key, d.n from private.count_deltas d
      where d.dimension = $2 and ($1 = '00000000-0000-0000-0000-000000000000' or d.workspace_id = $1)
    ) as c
    group by c.key having sum(c.n) > 0
  ) as m
$$;
comment on function private.mix(uuid, text) is 'Counts by the values of a small dimension, folded and not yet folded.';

create function private.top(scope uuid, dimension text, most integer) returns table (key text, n bigint)
language sql stable security definer set search_path = '' as $$
  with unfolded as materialized (
    select d.key, sum(d.n)::bigint as n from private.count_deltas d
    where d.dimension = $2 and ($1 = '00000000-0000-0000-0000-000000000000' or d.workspace_id = $1)
    group by d.key
  ), candidates as (
    (select t.key from private.total_counts t where t.workspace_id = $1 and t.dimension = $2 order by t.n desc limit $3 * 4)
    union
    select u.key from unfolded u
  )
  select c.key, coalesce(t.n, 0) + coalesce(u.n, 0) as n
  from candidates c
  left join private.total_counts t on t.workspace_id = $1 and t.dimension = $2 and t.key = c.key
  left join unfolded u on u.key = c.key
  where c.key <> '' and coalesce(t.n, 0) + coalesce(u.n, 0) > 0
  order by 2 desc, 1
  limit $3
$$;
comment on function private.top(uuid, text, integer) is 'The most frequent values of a dimension, folded and not yet folded.';

create function private.stats_snapshot(workspace uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  scope constant uuid := coalesce(workspace, '00000000-0000-0000-0000-000000000000');
  answer jsonb;
begin
  with minutes as materialized (
    select c.minute, sum(c.n)::bigint as n
    from (
      select m.minute, m.n from private.minute_counts m where m.workspace_id = scope
      union all
      select d.minute, d.n from private.count_deltas d
      where d.dimension = 'total' and d.minute > now() - interval '25 hours'
        and (workspace is null or d.workspace_id = workspace)
    ) as c
    group by c.minute
  ), fleet as materialized (
    select d.uuid, coalesce(d.os, 'unknown') as os, coalesce(d.connection_type, 'unknown') as connection_type,
      coalesce(s.online and s.last_heartbeat_at > now() - interval '90 seconds', false)
        or coalesce(d.last_seen_at > now() - interval '90 seconds', false) as online
    from public.devices d left join public.device_status s on s.device_uuid = d.uuid
    where workspace is null or d.workspace_id = workspace
  )
  select jsonb_build_object(
    'generated_at', now(),
    'devices', jsonb_build_object(
      'total', (select count(*) from fleet), 'online', (select count(*) from fleet f where f.online),
      'by_os', (select coalesce(jsonb_object_agg(o.os, o.n), '{}') from (select f.os, count(*) as n from fleet f group by f.os) o),
      'by_connection_type', (select coalesce(jsonb_object_agg(o.connection_type, o.n), '{}')
        from (select f.connection_type, count(*) as n from fleet f group by f.connection_type) o)),
    'entries', jsonb_build_object(
      'total', coalesce((private.mix(scope, 'total') ->> '')::bigint, 0),
      'last_24h', (select coalesce(sum(m.n), 0) from minutes m where m.minute > now() - interval '24 hours' and m.minute <= now()),
      'last_hour', (select coalesce(sum(m.n), 0) from minutes m where m.minute > now() - interval '1 hour' and m.minute <= now()),
      'last_minute', (select coalesce(sum(m.n), 0) from minutes m where m.minute > now() - interval '1 minute' and m.minute <= now())),
    'throughput', jsonb_build_object(
      'per_minute', (
        select jsonb_agg(coalesce(m.n, 0) order by t)
        from generate_series(date_trunc('minute', now()) - interval '59 minutes', date_trunc('minute', now()), interval '1 minute') t
        left join minutes m on m.minute = t),
      'per_hour', (
        select jsonb_agg(coalesce(h.n, 0) order by t)
        from generate_series(date_trunc('hour', now()) - interval '23 hours', date_trunc('hour', now()), interval '1 hour') t
        left join (select date_trunc('hour', m.minute) as hour, sum(m.n) as n from minutes m group by 1) h on h.hour = t)),
    'status_mix', private.mix(scope, 'status'),
    'source_mix', private.mix(scope, 'source'),
    'connection_type_mix', private.mix(scope, 'connection_type'),
    'top_domains', (select coalesce(jsonb_agg(jsonb_build_object('host', t.key, 'count', t.n) order by t.n desc, t.key), '[]') from private.top(scope, 'host', 10) t),
    'top_devices', (
      select coalesce(jsonb_agg(jsonb_build_object('device_uuid', t.key, 'name', d.name, 'count', t.n) order by t.n desc, t.key), '[]')
      from private.top(scope, 'device', 10) t left join public.devices d on d.uuid = t.key::uuid))
  into answer;
  return answer;
end
$$;
comment on function private.stats_snapshot(uuid) is 'Statistics of a workspace, or of the fleet for null. Cost depends on the number of devices, not of entries.';

create function private.refresh_stats() returns void
language sql volatile security definer set search_path = '' as $$
  update public.service_stats set snapshot = private.stats_snapshot(null), updated_at = now() where id = 1
$$;
comment on function private.refresh_stats() is 'Replaces the fleet''s snapshot. Cron calls it every 60 seconds.';
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

create function public.get_status() returns jsonb
language sql stable set search_path = '' as $$
  select s.snapshot || jsonb_build_object('age_seconds', extract(epoch from now() - s.updated_at)::integer, 'stale', s.updated_at < now() - interval '30 seconds')
  from public.service_status s
$$;
comment on function public.get_status() is 'The status snapshot with age_seconds and stale (older than 30 s), for holders of status:view; null for others.';
grant execute on function public.get_stats(uuid), public.refresh_stats(), public.post_status(jsonb), public.get_status() to authenticated;

create function internal.public_status() returns jsonb
language sql stable security definer set search_path = '' as $$
  select s.snapshot || jsonb_build_object('updated_at', s.updated_at) from public.service_status s
$$;
comment on function internal.public_status() is 'The status snapshot for the public, coarse answer of GET /functions/v1/api/status.';
grant execute on function internal.public_status() to service_role;
