-- Purpose: a day comes and goes without a deadlock, and without holding anybody up for long.
-- Affected: private.lock_together, ensure_partition, expire_partitions.
-- Special: entries and their payloads are two tables, and who held one exclusively and waited for the other deadlocked with
--          a search that had locked the other first. And behind an exclusive lock that is waited for everybody else waits,
--          ingest among them.

create function private.lock_together(variadic tables regclass[]) returns void
language plpgsql set search_path = '' set lock_timeout = '300ms' as $$
declare
  attempts constant integer := 5;
begin
  for attempt in 1 .. attempts loop
    begin
      -- The first may be waited for, since nothing is held yet; what is held is let go when one of the others is not free.
      execute format('lock table only %s in access exclusive mode', tables[1]);
      for i in 2 .. cardinality(tables) loop
        execute format('lock table only %s in access exclusive mode nowait', tables[i]);
      end loop;
      return;
    exception when lock_not_available then
      if attempt = attempts then
        raise exception '% is in use; cron tries again', tables[1] using errcode = 'lock_not_available';
      end if;
    end;
    perform pg_sleep(0.5);
  end loop;
end
$$;
comment on function private.lock_together(regclass[]) is 'Locks tables exclusively until the transaction ends, all or none, waiting at most 0.3 s at a time while others wait behind. Raises lock_not_available after five attempts.';
revoke execute on function private.lock_together(regclass[]) from public;

create or replace function private.ensure_partition(day date) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  suffix constant text := to_char(day, 'YYYY_MM_DD');
  lower_bound constant timestamptz := day::timestamp at time zone 'UTC';
  upper_bound constant timestamptz := (day + 1)::timestamp at time zone 'UTC';
begin
  if to_regclass('public.entries_' || suffix) is not null then
    return false;
  end if;
  execute format('create table public.entries_%s (like public.entries including defaults including constraints)', suffix);
  execute format('create table private.entry_payloads_%s (like private.entry_payloads including defaults)', suffix);
  -- Attaching looks through the default partitions, which nobody may use meanwhile. Their readers come by way of the parents.
  perform private.lock_together(
    'public.entries', 'private.entry_payloads', 'public.entries_default', 'private.entry_payloads_default');
  -- Rows that came before their day existed wait in the default partition; attaching would fail on them.
  execute format(
    'with moved as (delete from public.entries_default where ts >= %L and ts < %L returning *)
     insert into public.entries_%s select * from moved', lower_bound, upper_bound, suffix);
  execute format(
    'with moved as (delete from private.entry_payloads_default where ts >= %L and ts < %L returning *)
     insert into private.entry_payloads_%s select * from moved', lower_bound, upper_bound, suffix);
  execute format('alter table public.entries attach partition public.entries_%s for values from (%L) to (%L)',
    suffix, lower_bound, upper_bound);
  execute format('alter table private.entry_payloads attach partition private.entry_payloads_%s for values from (%L) to (%L)',
    suffix, lower_bound, upper_bound);
  -- No policy and no grant: a partition is reachable through its parent alone.
  execute format('alter table public.entries_%s enable row level security', suffix);
  execute format('alter table private.entry_payloads_%s enable row level security', suffix);
  execute format('comment on table public.entries_%s is %L', suffix, 'Entries of ' || day || ' (UTC).');
  return true;
end
$$;

-- As before, with all locks or none.
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
  perform private.lock_together(variadic array['public.entries'::regclass, 'private.entry_payloads'::regclass] || array(
    select t from unnest(doomed) as d (day)
    cross join lateral unnest(array[
      to_regclass(format('public.entries_%s', to_char(d.day, 'YYYY_MM_DD'))),
      to_regclass(format('private.entry_payloads_%s', to_char(d.day, 'YYYY_MM_DD')))]) as t));
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
comment on function private.expire_partitions() is 'Drops the days that ended more than 30 days ago and hold nothing that arrived since; returns how many. Gives up when the tables stay in use; cron tries again.';
