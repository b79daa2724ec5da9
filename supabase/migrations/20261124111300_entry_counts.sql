-- Purpose: counts of entries that cost the same however many there are.
-- Affected: private.count_deltas, day_counts, total_counts, minute_counts; triggers on entries; private.fold_counts.
-- Special: statements append deltas, cron folds them, readers add what is not folded yet. Measured with 8 writers:
--          unsorted upserts 233 rows/s and deadlocks, sorted 50,700, appends 155,300. The nil uuid stands for the fleet.

create table private.count_deltas (
  workspace_id uuid not null,
  day date not null,
  minute timestamptz not null,
  dimension text not null,
  key text not null,
  n integer not null
);
comment on table private.count_deltas is 'Changes of counts that cron has not folded yet.';
comment on column private.count_deltas.workspace_id is 'Workspace of the entries.';
comment on column private.count_deltas.day is 'UTC day of their ts.';
comment on column private.count_deltas.minute is 'Minute of their ts, for dimension total; else the day.';
comment on column private.count_deltas.dimension is 'total, status, source, connection_type, host or device.';
comment on column private.count_deltas.key is 'Value of the dimension; empty for total.';
comment on column private.count_deltas.n is 'How many came, or went when negative.';
alter table private.count_deltas enable row level security;

create table private.day_counts (
  workspace_id uuid not null,
  dimension text not null,
  key text not null,
  day date not null,
  n bigint not null,
  primary key (day, workspace_id, dimension, key)
);
comment on table private.day_counts is 'Entries by day of ts; what goes when a day is dropped.';
comment on column private.day_counts.workspace_id is 'Workspace, nil for the fleet.';
comment on column private.day_counts.dimension is 'As in count_deltas.';
comment on column private.day_counts.key is 'As in count_deltas.';
comment on column private.day_counts.day is 'UTC day of ts.';
comment on column private.day_counts.n is 'How many.';
alter table private.day_counts enable row level security;

create table private.total_counts (
  workspace_id uuid not null,
  dimension text not null,
  key text not null,
  n bigint not null,
  primary key (workspace_id, dimension, key)
);
comment on table private.total_counts is 'Entries in all, by dimension.';
comment on column private.total_counts.workspace_id is 'Workspace, nil for the fleet.';
comment on column private.total_counts.dimension is 'As in count_deltas.';
comment on column private.total_counts.key is 'As in count_deltas.';
comment on column private.total_counts.n is 'How many.';
create index total_counts_top on private.total_counts (workspace_id, dimension, n desc);
alter table private.total_counts enable row level security;

create table private.minute_counts (
  workspace_id uuid not null,
  minute timestamptz not null,
  n bigint not null,
  primary key (workspace_id, minute)
);
comment on table private.minute_counts is 'Entries by minute of ts, for the last 25 hours.';
comment on column private.minute_counts.workspace_id is 'Workspace, nil for the fleet.';
comment on column private.minute_counts.minute is 'The minute.';
comment on column private.minute_counts.n is 'How many.';
create index minute_counts_minute on private.minute_counts (minute);
alter table private.minute_counts enable row level security;

create function private.count_entries() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  sign constant integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  with counted as materialized (
    select c.workspace_id, (c.ts at time zone 'UTC')::date as day, date_trunc('minute', c.ts) as minute,
      c.device_uuid, coalesce(c.host, '') as host, c.source,
      case when c.status between 100 and 599 then c.status / 100 || 'xx' else 'none' end as status,
      coalesce(d.connection_type, 'unknown') as connection_type
    from changed_entries c
    left join public.devices d on d.uuid = c.device_uuid
  )
  insert into private.count_deltas (workspace_id, day, minute, dimension, key, n)
  select c.workspace_id, c.day, coalesce(c.minute, c.day::timestamp at time zone 'UTC'),
    case grouping(c.minute, c.status, c.source, c.connection_type, c.host, c.device_uuid)
      when 31 then 'total' when 47 then 'status' when 55 then 'source' when 59 then 'connection_type' when 61 then 'host' else 'device' end,
    coalesce(c.status, c.source, c.connection_type, c.host, c.device_uuid::text, ''),
    sign * count(*)
  from counted c
  group by grouping sets (
    (c.workspace_id, c.day, c.minute), (c.workspace_id, c.day, c.status), (c.workspace_id, c.day, c.source),
    (c.workspace_id, c.day, c.connection_type), (c.workspace_id, c.day, c.host), (c.workspace_id, c.day, c.device_uuid));
  return null;
end
$$;
comment on function private.count_entries() is 'Statement trigger: appends the changes of counts that an insert or delete makes.';
create trigger count_inserted after insert on public.entries
referencing new table as changed_entries for each statement execute function private.count_entries();
create trigger count_deleted after delete on public.entries
referencing old table as changed_entries for each statement execute function private.count_entries();

create function private.fold_counts() returns integer
language plpgsql security definer set search_path = '' as $$
declare
  folded integer;
begin
  -- One at a time: two would wait for each other's rows in different orders.
  perform pg_advisory_xact_lock(hashtextextended('busymate: fold counts', 0));
  create temporary table folding on commit drop as
  with taken as (delete from private.count_deltas returning *)
  select * from taken;
  get diagnostics folded = row_count;
  insert into private.day_counts as c (workspace_id, dimension, key, day, n)
  select w.id, f.dimension, f.key, f.day, sum(f.n)
  from pg_temp.folding f
  cross join lateral (values (f.workspace_id), ('00000000-0000-0000-0000-000000000000'::uuid)) as w (id)
  group by w.id, f.dimension, f.key, f.day
  on conflict (day, workspace_id, dimension, key) do update set n = c.n + excluded.n;
  insert into private.total_counts as c (workspace_id, dimension, key, n)
  select w.id, f.dimension, f.key, sum(f.n)
  from pg_temp.folding f
  cross join lateral (values (f.workspace_id), ('00000000-0000-0000-0000-000000000000'::uuid)) as w (id)
  group by w.id, f.dimension, f.key
  on conflict (workspace_id, dimension, key) do update set n = c.n + excluded.n;
  insert into private.minute_counts as c (workspace_id, minute, n)
  select w.id, f.minute, sum(f.n)
  from pg_temp.folding f
  cross join lateral (values (f.workspace_id), ('00000000-0000-0000-0000-000000000000'::uuid)) as w (id)
  where f.dimension = 'total' and f.minute > now() - interval '25 hours'
  group by w.id, f.minute
  on conflict (workspace_id, minute) do update set n = c.n + excluded.n;
  delete from private.minute_counts m where m.minute < now() - interval '25 hours';
  drop table pg_temp.folding;
  return folded;
end
$$;
comment on function private.fold_counts() is 'Folds the appended deltas into the counts; returns how many there were. Cron calls it every 10 seconds.';

create function private.forget_counts_of(day date) returns void
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
begin
  perform private.fold_counts();
  with gone as (
    delete from private.day_counts d where d.day = $1 returning d.workspace_id, d.dimension, d.key, d.n
  )
  update private.total_counts t set n = t.n - g.n
  from gone g where t.workspace_id = g.workspace_id and t.dimension = g.dimension and t.key = g.key;
  delete from private.total_counts t where t.n <= 0;
end
$$;
comment on function private.forget_counts_of(date) is 'Takes the counts of a dropped day along.';

create or replace function private.expire_partitions() returns integer
language plpgsql security definer set search_path = '' set lock_timeout = '2s' as $$
declare
  suffix text;
  alive boolean;
  dropped integer := 0;
begin
  for suffix in
    select right(c.relname, 10)
    from pg_catalog.pg_inherits i
    join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.entries'::regclass and c.relname ~ '^entries_[0-9]{4}_[0-9]{2}_[0-9]{2}$'
      and to_date(right(c.relname, 10), 'YYYY_MM_DD') < (now() at time zone 'UTC')::date - 30
    order by 1
  loop
    execute format(
      'select exists (select from public.entries_%s where received_at >= now() - interval ''30 days'')', suffix)
    into alive;
    if not alive then
      perform private.forget_counts_of(to_date(suffix, 'YYYY_MM_DD'));
      execute format('drop table public.entries_%s', suffix);
      execute format('drop table private.entry_payloads_%s', suffix);
      dropped := dropped + 1;
    end if;
  end loop;
  return dropped;
end
$$;
select cron.schedule('busymate-fold-counts', '10 seconds', 'select private.fold_counts()');
