-- Purpose: expiry looks at what is old, not at everything once a minute.
-- Affected: private.first_entry_id, delete_entries, expire_entries; index entries_default_arrival; triggers of deletion.
-- Special: "ts is old, or it lies in the default partition" told the planner nothing about partitions, so every run read
--          all of them. Asked apart, each question has an index: ids are in order of time, and the default partition,
--          whose ts says nothing, has one of arrival.

create function private.first_entry_id(ts timestamptz) returns uuid
language plpgsql immutable strict parallel safe set search_path = '' as $$
declare
  micros constant bigint := extract(epoch from ts) * 1000000;
begin
  return (lpad(to_hex(micros / 1000), 12, '0') || '7' || lpad(to_hex(micros % 1000), 3, '0') || '8000000000000000')::uuid;
end
$$;
comment on function private.first_entry_id(timestamptz) is 'The least id that an entry of this ts can have: ids below it are of earlier entries.';

-- Only on this partition: in a day, what arrived long ago is what is old.
-- squawk-ignore require-concurrent-index-creation
create index entries_default_arrival on public.entries_default (received_at);

-- discard_payloads has done this since entries exist.
drop trigger unload_entries on public.entries;
drop function private.unload_entries();
alter function private.discard_payloads() set enable_hashjoin = off set enable_mergejoin = off;

drop function private.delete_entries(text, integer);
-- Rows go by their key, one look-up each: a hash join would read the table to find a few. And what is to go is found by
-- an index, however little the planner knows of it.
create function private.delete_entries(condition text, batch integer, source regclass default 'public.entries') returns integer
language plpgsql security definer set search_path = ''
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  deleted integer;
begin
  execute format(
    'with doomed as materialized (
       select e.device_uuid, e.request_id, e.ts from %s e where %s limit %s for update skip locked
     ), gone as (
       delete from public.entries e using doomed d
       where e.device_uuid = d.device_uuid and e.request_id = d.request_id and e.ts = d.ts
       returning e.id
     )
     select count(*) from gone', source, condition, batch)
  into deleted;
  return deleted;
end
$$;
comment on function private.delete_entries(text, integer, regclass) is 'Deletes at most batch entries that meet an SQL condition over e, with their payloads; returns how many. source narrows it to one partition. The condition is written by callers in this schema, never by a client.';

create or replace function private.expire_entries(batch integer default 5000) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  w record;
  -- Constants, so that the planner leaves younger partitions out.
  month_ago constant timestamptz := now() - interval '30 days';
  deleted integer := private.delete_entries(
    format('e.ts < %L and e.id < %L and e.received_at < %1$L', month_ago, private.first_entry_id(month_ago)), batch);
begin
  deleted := deleted + private.delete_entries(
    format('e.received_at < %L', month_ago), batch, 'public.entries_default');
  for w in select id, now() - make_interval(days => retention_days) as since from public.workspaces where retention_days < 30 loop
    deleted := deleted
      + private.delete_entries(
        format('e.workspace_id = %L and e.ts < %L and e.received_at < %2$L', w.id, w.since), batch)
      + private.delete_entries(
        format('e.workspace_id = %L and e.received_at < %L', w.id, w.since), batch, 'public.entries_default');
  end loop;
  -- What came after a device with the same uuid was added anew is not of the one that was deleted.
  for w in select device_uuid, requested_at from private.device_purges loop
    if private.delete_entries(
      format('e.device_uuid = %L and e.received_at <= %L', w.device_uuid, w.requested_at), batch) = 0 then
      delete from private.device_purges p where p.device_uuid = w.device_uuid;
    end if;
  end loop;
  for w in select workspace_id from private.workspace_purges loop
    if private.delete_entries(format('e.workspace_id = %L', w.workspace_id), batch) = 0 then
      delete from private.workspace_purges p where p.workspace_id = w.workspace_id;
      delete from private.feed_log l where l.workspace_id = w.workspace_id;
    end if;
  end loop;
  return deleted;
end
$$;
