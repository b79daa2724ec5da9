-- Purpose: counts of entries that cost the same however many there are.
-- Affected: private.count_deltas, day_counts, total_counts, minute_counts, second_counts, day_arrivals; triggers on entries;
--           private.fold_counts, forget_counts_of, expire_partitions.
-- Special: statements append deltas, cron folds them, readers add what is not folded yet. Measured with 8 writers:
--          unsorted upserts 233 rows/s and deadlocks, sorted 50,700, appends 155,300. What is counted is read from the
--          entry alone, which never changes: so what goes takes away exactly what came. The nil uuid stands for the fleet.

create table private.count_deltas (
  workspace_id uuid not null,
  dimension text not null,
  key text not null,
  at timestamptz not null,
  n integer not null
);
comment on table private.count_deltas is 'Changes of counts that cron has not folded yet.';
comment on column private.count_deltas.workspace_id is 'Workspace of the entries.';
comment on column private.count_deltas.dimension is 'total, status, source, host or device.';
comment on column private.count_deltas.key is 'Value of the dimension; empty for total and for an entry without host.';
comment on column private.count_deltas.at is 'Start of the minute of their ts, of the second while that is recent, for dimension total; else of the UTC day.';
comment on column private.count_deltas.n is 'How many came, or went when negative.';
alter table private.count_deltas enable row level security;
-- Emptied every 10 seconds: what it costs to read is what vacuum has not taken yet.
alter table private.count_deltas set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

create table private.day_counts (
  workspace_id uuid not null,
  dimension text not null,
  key text not null,
  day date not null,
  n bigint not null,
  primary key (day, workspace_id, dimension, key)
);
comment on table private.day_counts is 'Entries by UTC day of ts: what the totals lose when a day is dropped.';
comment on column private.day_counts.workspace_id is 'Workspace; the fleet''s are their sum.';
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
-- Partial, so that no lookup of a key is planned through it: on a table thought small it would read all hosts for each.
create index total_counts_busiest_hosts on private.total_counts (workspace_id, n desc, key) where dimension = 'host';
alter table private.total_counts enable row level security;

create table private.minute_counts (
  workspace_id uuid not null,
  minute timestamptz not null,
  n bigint not null,
  primary key (workspace_id, minute)
);
comment on table private.minute_counts is 'Entries by minute of ts, for the last 25 hours.';
comment on column private.minute_counts.workspace_id is 'Workspace, nil for the fleet.';
comment on column private.minute_counts.minute is 'Start of the minute.';
comment on column private.minute_counts.n is 'How many.';
create index minute_counts_minute on private.minute_counts (minute);
alter table private.minute_counts enable row level security;

create table private.second_counts (
  workspace_id uuid not null,
  second timestamptz not null,
  n bigint not null,
  primary key (workspace_id, second)
);
comment on table private.second_counts is 'Entries by second of ts, for the last two minutes: a minute that is not over would make last_minute start from zero every minute.';
comment on column private.second_counts.workspace_id is 'Workspace, nil for the fleet.';
comment on column private.second_counts.second is 'Start of the second.';
comment on column private.second_counts.n is 'How many.';
create index second_counts_second on private.second_counts (second);
alter table private.second_counts enable row level security;

create table private.day_arrivals (
  day date primary key,
  last_arrival timestamptz not null
);
comment on table private.day_arrivals is 'When a day last got an entry: a day is dropped when that is 30 days ago, and nobody reads the day to find out.';
comment on column private.day_arrivals.day is 'UTC day of ts.';
comment on column private.day_arrivals.last_arrival is 'When the arrival was folded, which is later than received_at, never earlier.';
alter table private.day_arrivals enable row level security;

create function private.count_entries() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  sign constant integer := case tg_op when 'INSERT' then 1 else -1 end;
  recent constant timestamptz := now() - interval '2 minutes';
begin
  with counted as materialized (
    select c.workspace_id,
      date_trunc('day', c.ts, 'UTC') as day,
      date_trunc(case when c.ts >= recent then 'second' else 'minute' end, c.ts, 'UTC') as moment,
      case when c.status between 100 and 599 then c.status / 100 || 'xx' else 'none' end as status,
      c.source, coalesce(c.host, '') as host, c.device_uuid
    from changed_entries c
  )
  insert into private.count_deltas (workspace_id, dimension, key, at, n)
  select c.workspace_id,
    case grouping(c.moment, c.status, c.source, c.host, c.device_uuid)
      when 15 then 'total' when 23 then 'status' when 27 then 'source' when 29 then 'host' when 30 then 'device' end,
    coalesce(c.status, c.source, c.host, c.device_uuid::text, ''),
    coalesce(c.moment, c.day),
    sign * count(*)
  from counted c
  group by grouping sets (
    (c.workspace_id, c.moment), (c.workspace_id, c.day, c.status), (c.workspace_id, c.day, c.source),
    (c.workspace_id, c.day, c.host), (c.workspace_id, c.day, c.device_uuid));
  return null;
end
$$;
comment on function private.count_entries() is 'Statement trigger: appends the changes of counts that an insert or delete makes.';
create trigger count_inserted after insert on public.entries
referencing new table as changed_entries for each statement execute function private.count_entries();
create trigger count_deleted after delete on public.entries
referencing old table as changed_entries for each statement execute function private.count_entries();

-- Counts are added up and never set, so it does not matter which fold takes a delta. A delta that takes away is seen only
-- together with the one that added: no count falls below zero, and a count of zero is gone. Only nested loops: they look
-- up what changed, where a hash join reads all days to change a few.
create function private.fold_counts() returns integer
language plpgsql security definer set search_path = '' set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  fleet constant uuid := '00000000-0000-0000-0000-000000000000';
  minutes_from constant timestamptz := now() - interval '25 hours';
  seconds_from constant timestamptz := now() - interval '2 minutes';
  folded integer;
begin
  -- One at a time: two would wait for each other's rows in different orders.
  perform pg_advisory_xact_lock(hashtextextended('busymate: fold counts', 0));
  with taken as (
    delete from private.count_deltas returning workspace_id, dimension, key, at, n
  ), summed as materialized (
    select w.id as workspace_id, t.dimension, t.key, t.at, sum(t.n) as n
    from taken t cross join lateral (values (t.workspace_id), (fleet)) as w (id)
    group by w.id, t.dimension, t.key, t.at
    having sum(t.n) <> 0
  ), days as (
    merge into private.day_counts c
    using (
      select s.workspace_id, s.dimension, s.key, (s.at at time zone 'UTC')::date as day, sum(s.n) as n
      from summed s where s.workspace_id <> fleet group by 1, 2, 3, 4
    ) as f
    on c.day = f.day and c.workspace_id = f.workspace_id and c.dimension = f.dimension and c.key = f.key
    when matched and c.n + f.n = 0 then delete
    when matched then update set n = c.n + f.n
    when not matched and f.n <> 0 then
      insert (workspace_id, dimension, key, day, n) values (f.workspace_id, f.dimension, f.key, f.day, f.n)
  ), totals as (
    merge into private.total_counts c
    using (select s.workspace_id, s.dimension, s.key, sum(s.n) as n from summed s group by 1, 2, 3) as f
    on c.workspace_id = f.workspace_id and c.dimension = f.dimension and c.key = f.key
    when matched and c.n + f.n = 0 then delete
    when matched then update set n = c.n + f.n
    when not matched and f.n <> 0 then
      insert (workspace_id, dimension, key, n) values (f.workspace_id, f.dimension, f.key, f.n)
  ), minutes as (
    merge into private.minute_counts c
    using (
      select s.workspace_id, date_trunc('minute', s.at, 'UTC') as minute, sum(s.n) as n
      from summed s where s.dimension = 'total' and s.at >= minutes_from group by 1, 2
    ) as f
    on c.workspace_id = f.workspace_id and c.minute = f.minute
    when matched and c.n + f.n = 0 then delete
    when matched then update set n = c.n + f.n
    when not matched and f.n <> 0 then insert (workspace_id, minute, n) values (f.workspace_id, f.minute, f.n)
  ), seconds as (
    merge into private.second_counts c
    using (select s.workspace_id, s.at, s.n from summed s where s.dimension = 'total' and s.at >= seconds_from) as f
    on c.workspace_id = f.workspace_id and c.second = f.at
    when matched and c.n + f.n = 0 then delete
    when matched then update set n = c.n + f.n
    when not matched then insert (workspace_id, second, n) values (f.workspace_id, f.at, f.n)
  ), arrivals as (
    -- Not now(): entries may have arrived since this transaction began, while it waited for its turn.
    insert into private.day_arrivals (day, last_arrival)
    select (t.at at time zone 'UTC')::date as day, clock_timestamp() from taken t where t.n > 0 group by 1
    on conflict (day) do update set last_arrival = excluded.last_arrival
  )
  select count(*) into folded from taken;
  delete from private.minute_counts m where m.minute < minutes_from;
  delete from private.second_counts s where s.second < seconds_from;
  return folded;
end
$$;
comment on function private.fold_counts() is 'Folds the appended deltas into the counts; returns how many there were. Cron calls it every 10 seconds.';

create function private.forget_day(day date) returns void
language sql security definer set search_path = '' as $$
  insert into private.count_deltas (workspace_id, dimension, key, at, n)
  select d.workspace_id, d.dimension, d.key, d.day::timestamp at time zone 'UTC', -d.n from private.day_counts d where d.day = $1;
  delete from private.day_arrivals a where a.day = $1;
$$;
comment on function private.forget_day(date) is 'Appends what takes the folded counts of a day away. The caller has folded in the same transaction, so nobody else does meanwhile.';

-- As before, and the counts go with the day.
create or replace function private.expire_partitions() returns integer
language plpgsql security definer set search_path = '' set lock_timeout = '2s' as $$
declare
  cutoff constant timestamptz := now() - interval '30 days';
  day date;
  suffix text;
  doomed date[];
begin
  -- First of all, for the lock it takes: behind the parent's it could deadlock with another run that drops days.
  perform private.fold_counts();
  doomed := array(
    select d.day
    from pg_catalog.pg_inherits i
    join pg_catalog.pg_class c on c.oid = i.inhrelid
    cross join lateral (select to_date(right(c.relname, 10), 'YYYY_MM_DD') as day) as d
    where i.inhparent = 'public.entries'::regclass and c.relname ~ '^entries_[0-9]{4}_[0-9]{2}_[0-9]{2}$'
      and d.day < (now() at time zone 'UTC')::date - 30
      and not exists (select from private.day_arrivals a where a.day = d.day and a.last_arrival >= cutoff));
  if doomed = '{}' then
    return 0;
  end if;
  -- Dropping waits for transactions that write to the day and would take with it what they commit meanwhile: so it waits
  -- first (nothing new gets past the parent's lock), and looks again.
  lock table only public.entries in access exclusive mode;
  perform private.fold_counts();
  doomed := array(
    select d.day from unnest(doomed) as d (day)
    where not exists (select from private.day_arrivals a where a.day = d.day and a.last_arrival >= cutoff));
  foreach day in array doomed loop
    suffix := to_char(day, 'YYYY_MM_DD');
    perform private.forget_day(day);
    execute format('drop table public.entries_%s', suffix);
    execute format('drop table private.entry_payloads_%s', suffix);
  end loop;
  return cardinality(doomed);
end
$$;
select cron.schedule('busymate-fold-counts', '10 seconds', 'select private.fold_counts()');
