-- Purpose: captured exchanges and the store of their headers and bodies, in daily partitions.
-- Affected: public.entries, private.entry_payloads, private.entry_id, private.entry_ts, private.ensure_partitions.
-- Special: an entry's identity is (device_uuid, request_id, ts). Its id is computed from that identity, so a retry has
--          the same id, and it contains ts to the microsecond, so that a read by id finds its partition and the order
--          of ids is the order of time.

create function private.entry_id(device_uuid uuid, request_id text, ts timestamptz) returns uuid
language plpgsql immutable strict parallel safe set search_path = '' as $$
declare
  micros constant bigint := extract(epoch from ts) * 1000000;
  digest constant text := md5(device_uuid::text || '|' || request_id || '|' || micros);
begin
  return (
    lpad(to_hex(micros / 1000), 12, '0') || '7' || lpad(to_hex(micros % 1000), 3, '0')
    || translate(left(digest, 1), '0123456789abcdef', '89ab89ab89ab89ab') || substr(digest, 2, 15))::uuid;
end
$$;
comment on function private.entry_id(uuid, text, timestamptz) is 'UUID version 7 of an entry (RFC 9562 section 5.7): 48 bits of milliseconds, the microseconds within in rand_a (section 6.2, method 3), then 62 bits of a digest of its identity.';

create function private.entry_ts(id uuid) returns timestamptz
language plpgsql immutable strict parallel safe set search_path = '' as $$
declare
  millis constant bigint := ('x' || left(id::text, 8) || substr(id::text, 10, 4))::bit(48)::bigint;
  micros constant integer := (millis % 1000) * 1000 + ('x' || substr(id::text, 16, 3))::bit(12)::integer;
begin
  -- Whole seconds and the rest apart: both are computed in double precision, which holds no microseconds after 2255.
  return to_timestamp((millis / 1000)::double precision) + micros * interval '1 microsecond';
end
$$;
comment on function private.entry_ts(uuid) is 'The ts inside an entry''s id, exact: bounds a read by id to one partition.';

create table public.entries (
  id uuid not null,
  request_id text not null check (char_length(request_id) between 1 and 200),
  device_uuid uuid not null,
  workspace_id uuid not null,
  ts timestamptz not null,
  received_at timestamptz not null default now(),
  kind text not null default 'event' check (kind = 'event'),
  source text not null check (source in ('vpn', 'pac', 'proxy', 'cdp', 'har')),
  method text,
  url text,
  host text,
  path text,
  is_secure boolean,
  status integer,
  duration_ms double precision,
  request_size bigint,
  response_size bigint,
  content_type text,
  os text,
  device_country text,
  error text,
  resent_from uuid,
  payload jsonb check (payload is null),
  primary key (device_uuid, request_id, ts)
) partition by range (ts);
comment on table public.entries is 'One captured request with its response. Thin: headers and bodies are in a store of their own, read by get_entry.';
comment on column public.entries.id is 'UUID version 7 that contains ts; the same for every retry of the same entry.';
comment on column public.entries.request_id is 'The client''s id of the exchange, unique with device and ts; at most 200 characters.';
comment on column public.entries.device_uuid is 'The device that captured it. No foreign key: captures outlive an unpaired device until they expire.';
comment on column public.entries.workspace_id is 'The device''s workspace when it arrived.';
comment on column public.entries.ts is 'When the request was made, by the client''s clock; never changes on a retry.';
comment on column public.entries.received_at is 'When it arrived; retention counts from here.';
comment on column public.entries.kind is 'Always event.';
comment on column public.entries.source is 'How it was captured: vpn, pac, proxy, cdp or har.';
comment on column public.entries.method is 'HTTP method as sent.';
comment on column public.entries.url is 'Whole URL as sent.';
comment on column public.entries.host is 'Host in lower case, without port.';
comment on column public.entries.path is 'Path without query, at most 2,048 characters.';
comment on column public.entries.is_secure is 'Whether it went over TLS.';
comment on column public.entries.status is 'HTTP status; 0 or negative where the client never got one.';
comment on column public.entries.duration_ms is 'Milliseconds from request to the end of the response.';
comment on column public.entries.request_size is 'Bytes of the request, null when unknown.';
comment on column public.entries.response_size is 'Bytes of the response, null when unknown.';
comment on column public.entries.content_type is 'Media type of the response in lower case, without parameters.';
comment on column public.entries.os is 'Operating system of the client that made the request.';
comment on column public.entries.device_country is 'ISO 3166 country of the device then.';
comment on column public.entries.error is 'What went wrong on the way, if something did.';
comment on column public.entries.resent_from is 'Id of the entry that this one repeats.';
comment on column public.entries.payload is 'Write-only: the captured exchange as the client sends it. Always null when read.';
create index entries_workspace_time on public.entries (workspace_id, ts desc, id desc);
create index entries_id on public.entries (id);
alter table public.entries enable row level security;

create table private.entry_payloads (
  id uuid not null,
  ts timestamptz not null,
  request_headers jsonb,
  response_headers jsonb,
  request_body text,
  request_body_mark jsonb,
  response_body text,
  response_body_mark jsonb,
  extra jsonb,
  primary key (id, ts)
) partition by range (ts);
comment on table private.entry_payloads is 'Captured headers and bodies, one row an entry, in the same daily partitions.';
comment on column private.entry_payloads.id is 'The entry.';
comment on column private.entry_payloads.ts is 'Its ts, the partition key.';
comment on column private.entry_payloads.request_headers is 'As sent: an object of names, or a list of [name, value].';
comment on column private.entry_payloads.response_headers is 'As sent: an object of names, or a list of [name, value].';
comment on column private.entry_payloads.request_body is 'Text, or base64 where the mark says so; at most 1 MiB of content.';
comment on column private.entry_payloads.request_body_mark is 'null for plain text, else {encoding?, charset?, truncated?, size?}.';
comment on column private.entry_payloads.response_body is 'Text, or base64 where the mark says so; at most 1 MiB of content.';
comment on column private.entry_payloads.response_body_mark is 'null for plain text, else {encoding?, charset?, truncated?, size?}.';
comment on column private.entry_payloads.extra is 'Payload fields that have no column.';
alter table private.entry_payloads enable row level security;

create function private.discard_payloads() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  delete from private.entry_payloads p using gone g where p.id = g.id and p.ts = g.ts;
  return null;
end
$$;
comment on function private.discard_payloads() is 'Statement trigger: a deleted entry takes its headers and bodies with it, whoever deletes it.';

create trigger discard_payloads after delete on public.entries
referencing old table as gone
for each statement execute function private.discard_payloads();

create table public.entries_default partition of public.entries default;
create table private.entry_payloads_default partition of private.entry_payloads default;
alter table public.entries_default enable row level security;
alter table private.entry_payloads_default enable row level security;
comment on table public.entries_default is 'Entries whose ts has no day partition (clocks far off, old imports); they expire by received_at.';

create function private.ensure_partition(day date) returns boolean
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
comment on function private.ensure_partition(date) is 'Makes the partitions of one UTC day, moving in what waited in the default partition. False when they exist.';

create function private.ensure_partitions() returns integer
language plpgsql security definer set search_path = '' set lock_timeout = '2s' as $$
declare
  today constant date := (now() at time zone 'UTC')::date;
  made integer := 0;
  day date;
begin
  for day in select d::date from generate_series(today - 30, today + 2, interval '1 day') as d loop
    made := made + private.ensure_partition(day)::integer;
  end loop;
  return made;
end
$$;
comment on function private.ensure_partitions() is 'Makes every day from 30 days back to two days ahead that is missing; returns how many. Cron calls it every hour.';

select private.ensure_partitions();
select cron.schedule('busymate-partitions', '7 * * * *', 'select private.ensure_partitions()');

-- A device may name the columns it infers conflicts by, and write the documented row; nothing else.
grant select on public.entries to authenticated;
grant delete on public.entries to authenticated;
grant insert (request_id, device_uuid, ts, kind, source, payload), select (device_uuid, request_id, ts)
on public.entries to device;

create policy "People read the entries of their workspaces" on public.entries
for select to authenticated
using (workspace_id = any ((select private.workspaces_with('entries', 'view'))::uuid[]));

create policy "Owners and admins delete entries of a workspace" on public.entries
for delete to authenticated
using (
  workspace_id = any ((select private.owned_workspaces())::uuid[])
  and (select private.has_capability('entries', 'edit')));

create policy "A device reads the keys of its own entries" on public.entries
for select to device using (device_uuid = any ((select private.device_uuids())::uuid[]));

create policy "A device writes its own entries" on public.entries
for insert to device with check (device_uuid = any ((select private.device_uuids())::uuid[]));
