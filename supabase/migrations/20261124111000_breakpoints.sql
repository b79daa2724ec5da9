-- Purpose: an exchange is held, people decide, the device goes on.
-- Affected: public.breakpoint_events, resolve_breakpoint; channels ws:, device:, proxy-control.
-- Special: one UPDATE decides, so of two decisions at the same moment one wins. An event without a decision counts as
--          continued from expires_at on; cron writes that down.

create function private.is_base64(value text) returns boolean
language sql immutable parallel safe set search_path = '' as $$
  select char_length($1) % 4 = 0 and $1 ~ '^[A-Za-z0-9+/]*={0,2}$'
$$;
comment on function private.is_base64(text) is 'Whether a text is base64 (RFC 4648, section 4), padded and without line breaks.';
grant execute on function private.is_base64(text) to device;

create table public.breakpoint_events (
  id uuid primary key default gen_random_uuid(),
  request_id text not null check (char_length(request_id) between 1 and 200),
  device_uuid uuid not null references public.devices (uuid) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  phase text not null check (phase in ('request', 'response')),
  method text check (char_length(method) <= 64),
  url text check (char_length(url) <= 8192),
  raw text not null check (octet_length(raw) <= 1500000),
  encoding text check (encoding = 'base64'),
  held_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '60 seconds',
  resumed_at timestamptz,
  decision text check (decision in ('continue', 'edit', 'abort', 'timeout')),
  decided_by uuid references public.profiles (id) on delete set null,
  edited_raw text check (octet_length(edited_raw) <= 1500000),
  edited_encoding text check (edited_encoding = 'base64'),
  unique (device_uuid, request_id, phase),
  check (encoding is null or private.is_base64(raw)),
  check (edited_encoding is null or edited_raw is not null and private.is_base64(edited_raw)),
  check ((resumed_at is null) = (decision is null)),
  check ((decision = 'edit') = (edited_raw is not null) or decision is null and edited_raw is null)
);
comment on table public.breakpoint_events is 'Exchanges held by a breakpoint. resumed_at is null while one is held; after 60 seconds it goes on unchanged.';
comment on column public.breakpoint_events.id is 'Identity.';
comment on column public.breakpoint_events.request_id is 'The client''s id of the exchange, as in entries.';
comment on column public.breakpoint_events.device_uuid is 'The device that holds it.';
comment on column public.breakpoint_events.workspace_id is 'The device''s workspace, set by a trigger.';
comment on column public.breakpoint_events.phase is 'request or response.';
comment on column public.breakpoint_events.method is 'HTTP method.';
comment on column public.breakpoint_events.url is 'URL.';
comment on column public.breakpoint_events.raw is 'The raw HTTP message that is held.';
comment on column public.breakpoint_events.encoding is 'base64 when raw is that of the message''s bytes, as for one that is no UTF-8 or holds a NUL; null when raw is the message.';
comment on column public.breakpoint_events.held_at is 'Since when.';
comment on column public.breakpoint_events.expires_at is 'When it goes on by itself: 60 seconds later.';
comment on column public.breakpoint_events.resumed_at is 'When it was decided.';
comment on column public.breakpoint_events.decision is 'continue (unchanged), edit, abort, or timeout.';
comment on column public.breakpoint_events.decided_by is 'Who decided.';
comment on column public.breakpoint_events.edited_raw is 'The raw HTTP message to send instead.';
comment on column public.breakpoint_events.edited_encoding is 'base64 when edited_raw is that of the bytes; null when it is the message.';
create index breakpoint_events_workspace on public.breakpoint_events (workspace_id, held_at desc);
create index breakpoint_events_age on public.breakpoint_events (held_at);
create index breakpoint_events_held on public.breakpoint_events (expires_at) where resumed_at is null;
create index breakpoint_events_decider on public.breakpoint_events (decided_by);
alter table public.breakpoint_events enable row level security;

create function private.hold_exchange() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  select d.workspace_id into new.workspace_id from public.devices d where d.uuid = new.device_uuid;
  new.held_at := now();
  new.expires_at := now() + interval '60 seconds';
  return new;
end
$$;
comment on function private.hold_exchange() is 'Row trigger: the workspace and the clock are the server''s.';
create trigger hold_exchange before insert on public.breakpoint_events
for each row execute function private.hold_exchange();

create function private.announce_breakpoint() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('id', new.id, 'request_id', new.request_id, 'device_uuid', new.device_uuid, 'phase', new.phase,
      'method', new.method, 'url', left(new.url, 2048), 'held_at', new.held_at, 'expires_at', new.expires_at),
    'breakpoint', 'ws:' || new.workspace_id, true);
  return null;
end
$$;
comment on function private.announce_breakpoint() is 'Row trigger: watchers of the workspace learn of a held exchange.';
create trigger announce_breakpoint after insert on public.breakpoint_events
for each row execute function private.announce_breakpoint();

create function private.announce_decision() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  decided constant jsonb := jsonb_build_object('id', new.id, 'request_id', new.request_id, 'decision', new.decision);
begin
  perform realtime.send(decided, 'breakpoint-continue', 'device:' || new.device_uuid, true);
  perform realtime.send(decided || jsonb_build_object('device_uuid', new.device_uuid), 'breakpoint-continue', 'proxy-control', true);
  perform realtime.send(decided || jsonb_build_object('device_uuid', new.device_uuid), 'breakpoint-resolved', 'ws:' || new.workspace_id, true);
  return null;
end
$$;
comment on function private.announce_decision() is 'Row trigger: the decision goes to the device, to shared proxies and to the watchers. Edited bytes are fetched.';
create trigger announce_decision after update of resumed_at on public.breakpoint_events
for each row when (old.resumed_at is null and new.resumed_at is not null) execute function private.announce_decision();

create trigger audit after update on public.breakpoint_events
for each row execute function private.audit_change('id', 'raw', 'edited_raw');

grant select, delete on public.breakpoint_events to authenticated;
create policy "People read breakpoint events of their workspaces" on public.breakpoint_events
for select to authenticated using (workspace_id = any ((select private.workspaces_with('breakpoints', 'view'))::uuid[]));
create policy "People with breakpoints:edit delete breakpoint events" on public.breakpoint_events
for delete to authenticated using (workspace_id = any ((select private.workspaces_with('breakpoints', 'edit'))::uuid[]));

grant insert (id, request_id, device_uuid, phase, method, url, raw, encoding), select on public.breakpoint_events to device;
create policy "A device reads its own breakpoint events" on public.breakpoint_events
for select to device using (device_uuid = any ((select private.device_uuids())::uuid[]));
create policy "A device holds its own exchanges" on public.breakpoint_events
for insert to device with check (device_uuid = any ((select private.device_uuids())::uuid[]));

create function private.decide_breakpoint(event_id uuid, decision text, raw text, encoding text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  decided public.breakpoint_events;
begin
  if $2 is null or $2 not in ('continue', 'edit', 'abort') then
    raise exception 'decision: use continue, edit or abort' using errcode = 'PT400';
  end if;
  if ($2 = 'edit') <> ($3 is not null) then
    raise exception 'raw: give the edited message with decision edit, and only then' using errcode = 'PT400';
  end if;
  if octet_length($3) > 1500000 then
    raise exception 'raw: at most 1,500,000 bytes' using errcode = 'PT400';
  end if;
  if $4 is not null and ($4 <> 'base64' or $3 is null or not private.is_base64($3)) then
    raise exception 'encoding: only base64 is known, and raw has to be base64 then' using errcode = 'PT400';
  end if;
  update public.breakpoint_events b
  set resumed_at = now(), decision = $2, edited_raw = $3, edited_encoding = $4, decided_by = private.user_id()
  where b.id = $1 and b.resumed_at is null and b.expires_at > now()
    and b.workspace_id = any (private.workspaces_with('breakpoints', 'edit'))
  returning * into decided;
  if decided.id is not null then
    return jsonb_build_object('id', decided.id, 'decision', decided.decision, 'resumed_at', decided.resumed_at, 'won', true);
  end if;
  select * into decided from public.breakpoint_events b
  where b.id = $1 and b.workspace_id = any (private.workspaces_with('breakpoints', 'edit'));
  if decided.id is null then
    return null;
  end if;
  return jsonb_build_object('id', decided.id, 'decision', coalesce(decided.decision, 'timeout'), 'resumed_at', coalesce(decided.resumed_at, decided.expires_at), 'won', false);
end
$$;
comment on function private.decide_breakpoint(uuid, text, text, text) is 'Decides a held exchange, once. Null for what the caller may not decide or what does not exist.';
grant execute on function private.decide_breakpoint(uuid, text, text, text) to authenticated;

create function public.resolve_breakpoint(event_id uuid, decision text, raw text default null, encoding text default null)
returns jsonb
language sql volatile set search_path = '' as $$
  select private.decide_breakpoint($1, $2, $3, $4)
$$;
comment on function public.resolve_breakpoint(uuid, text, text, text) is 'Decides a held exchange: continue, edit (with raw, the whole message; with encoding base64, that of its bytes) or abort. {id, decision, resumed_at, won}: won is false when another decision or the 60 seconds came first.';
grant execute on function public.resolve_breakpoint(uuid, text, text, text) to authenticated;

create function private.time_out_breakpoints() returns integer
language plpgsql security definer set search_path = '' as $$
declare
  ended integer;
begin
  update public.breakpoint_events b set resumed_at = b.expires_at, decision = 'timeout'
  where b.resumed_at is null and b.expires_at <= now();
  get diagnostics ended = row_count;
  return ended;
end
$$;
comment on function private.time_out_breakpoints() is 'Writes down that exchanges held for 60 seconds went on; returns how many. Cron calls it every 5 seconds.';
select cron.schedule('busymate-breakpoints', '5 seconds', 'select private.time_out_breakpoints()');
