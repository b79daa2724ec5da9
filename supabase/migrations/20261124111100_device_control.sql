-- Purpose: what a client may make a device do: commands, resends, the live-activity message.
-- Affected: public.device_commands, device_live_activity_message, send_device_command, resend_entry,
--           report_command_result, set_live_activity_message.
-- Special: always a row first; the message follows by trigger, so that what was asked is on record and audited.

create table public.device_commands (
  id uuid primary key default gen_random_uuid(),
  device_uuid uuid not null references public.devices (uuid) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  name text not null check (name ~ '^[a-z][a-z0-9-]{0,59}$'),
  args jsonb not null default '{}' check (jsonb_typeof(args) = 'object' and octet_length(args::text) <= 1500000),
  idempotency_key text check (char_length(idempotency_key) between 1 and 255),
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '5 minutes',
  finished_at timestamptz,
  status text not null default 'sent' check (status in ('sent', 'done', 'failed')),
  result jsonb check (octet_length(result::text) <= 200000),
  unique (device_uuid, idempotency_key),
  check ((finished_at is null) = (status = 'sent'))
);
comment on table public.device_commands is 'What devices were asked to do, and what came of it.';
comment on column public.device_commands.id is 'Identity.';
comment on column public.device_commands.device_uuid is 'The device asked.';
comment on column public.device_commands.workspace_id is 'Its workspace then.';
comment on column public.device_commands.name is 'What it was asked, e.g. resend or reconnect.';
comment on column public.device_commands.args is 'With what.';
comment on column public.device_commands.idempotency_key is 'Given by the caller: the same key on the same device is the same command.';
comment on column public.device_commands.created_by is 'Who asked.';
comment on column public.device_commands.created_at is 'When.';
comment on column public.device_commands.expires_at is 'Until when a device that was away should still do it.';
comment on column public.device_commands.finished_at is 'When the device reported.';
comment on column public.device_commands.status is 'sent, done or failed.';
comment on column public.device_commands.result is 'What the device reported.';
create index device_commands_workspace on public.device_commands (workspace_id, created_at desc);
create index device_commands_creator on public.device_commands (created_by);
create index device_commands_age on public.device_commands (created_at);
create index device_commands_open on public.device_commands (device_uuid, created_at) where finished_at is null;
alter table public.device_commands enable row level security;

grant select on public.device_commands to authenticated, device;
create policy "People read commands to devices of their workspaces" on public.device_commands
for select to authenticated using (workspace_id = any ((select private.workspaces_with('devices', 'view'))::uuid[]));
create policy "A device reads commands to it" on public.device_commands
for select to device using (device_uuid = any ((select private.device_uuids())::uuid[]));

create function private.announce_command() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    -- A resend has an event of its own; its changes may be large, so the device fetches them.
    perform realtime.send(
      case new.name when 'resend' then jsonb_build_object('id', new.id, 'entry_id', new.args ->> 'entry_id', 'request_id', new.args ->> 'request_id')
        else jsonb_build_object('id', new.id, 'name', new.name,
          'args', case when octet_length(new.args::text) <= 100000 then new.args end) end,
      case new.name when 'resend' then 'resend' else 'command' end, 'device:' || new.device_uuid, true);
  else
    perform realtime.send(
      jsonb_build_object('id', new.id, 'name', new.name, 'status', new.status,
        'result', case when octet_length(new.result::text) <= 100000 then new.result end),
      'command-result', 'device:' || new.device_uuid, true);
  end if;
  return null;
end
$$;
comment on function private.announce_command() is 'Row trigger: the device learns what to do, watchers of the device what came of it.';
create trigger announce_command after insert on public.device_commands
for each row execute function private.announce_command();
create trigger announce_result after update of finished_at on public.device_commands
for each row when (old.finished_at is null and new.finished_at is not null) execute function private.announce_command();
create trigger audit after insert on public.device_commands
for each row execute function private.audit_change('id', 'args');

create function private.send_command(device_uuid uuid, name text, args jsonb, section text, idempotency_key text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  sent public.device_commands;
  key constant text := coalesce($5, nullif(current_setting('request.headers', true), '')::jsonb ->> 'idempotency-key');
begin
  insert into public.device_commands as c (device_uuid, workspace_id, name, args, idempotency_key, created_by)
  select d.uuid, d.workspace_id, $2, coalesce($3, '{}'), key, private.user_id()
  from public.devices d
  where d.uuid = $1 and d.workspace_id = any (private.workspaces_with($4, 'edit'))
  on conflict (device_uuid, idempotency_key) do nothing
  returning * into sent;
  if sent.id is null then
    select * into sent from public.device_commands c
    where c.device_uuid = $1 and c.idempotency_key = key and c.workspace_id = any (private.workspaces_with($4, 'edit'));
    if sent.id is null then
      return null;
    end if;
    if sent.name <> $2 or sent.args <> coalesce($3, '{}') then
      raise exception 'idempotency_key: it was used for another command' using errcode = 'PT422';
    end if;
  end if;
  return jsonb_build_object('id', sent.id, 'name', sent.name, 'status', sent.status, 'created_at', sent.created_at, 'expires_at', sent.expires_at);
exception
  when check_violation then
    raise exception 'name: at most 60 lower-case letters, digits and hyphens; args: an object; idempotency_key: at most 255 characters' using errcode = 'PT400';
end
$$;
comment on function private.send_command(uuid, text, jsonb, text, text) is 'Records a command for a device of a workspace in which the caller holds section:edit. Null otherwise.';
grant execute on function private.send_command(uuid, text, jsonb, text, text) to authenticated;

create function public.send_device_command(device_uuid uuid, name text, args jsonb default '{}', idempotency_key text default null) returns jsonb
language sql volatile set search_path = '' as $$
  select private.send_command($1, $2, $3, 'devices', $4)
$$;
comment on function public.send_device_command(uuid, text, jsonb, text) is 'Asks a device to do something: {id, name, status, created_at, expires_at}; null without devices:edit on it. The same idempotency_key, or header Idempotency-Key, is the same command.';

create function private.resend(id uuid, changes jsonb, idempotency_key text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  entry record;
begin
  if coalesce(jsonb_typeof($2), 'object') <> 'object'
    or coalesce($2, '{}') - array['method', 'url', 'requestHeaders', 'requestBody'] <> '{}' then
    raise exception 'changes: an object with any of method, url, requestHeaders, requestBody' using errcode = 'PT400';
  end if;
  if $2 ? 'method' and (jsonb_typeof($2 -> 'method') <> 'string' or $2 ->> 'method' !~ '^[!#$%&''*+.^_`|~0-9A-Za-z-]{1,64}$')
    or $2 ? 'url' and (jsonb_typeof($2 -> 'url') <> 'string' or $2 ->> 'url' !~ '^https?://[^\s/?#]+[^\s]*$')
    or $2 ? 'requestHeaders' and jsonb_typeof($2 -> 'requestHeaders') not in ('object', 'array')
    or $2 ? 'requestBody' and jsonb_typeof($2 -> 'requestBody') not in ('string', 'object', 'null') then
    raise exception 'changes: method is a token, url an http(s) URL, requestHeaders an object or a list of pairs, requestBody a text, {text, encoding} or null'
      using errcode = 'PT400';
  end if;
  select e.id, e.device_uuid, e.request_id, e.workspace_id into entry
  from public.entries e
  where e.id = $1 and e.ts = private.entry_ts($1) and e.workspace_id = any (private.workspaces_with('entries', 'edit'));
  if entry.id is null then
    return null;
  end if;
  return private.send_command(entry.device_uuid, 'resend',
    jsonb_build_object('entry_id', entry.id, 'request_id', entry.request_id, 'changes', coalesce($2, '{}')), 'entries', $3);
end
$$;
comment on function private.resend(uuid, jsonb, text) is 'Asks the device that captured an entry to send its request again. Null without entries:edit on it or when the device is gone.';
grant execute on function private.resend(uuid, jsonb, text) to authenticated;

create function public.resend_entry(id uuid, changes jsonb default '{}', idempotency_key text default null) returns jsonb
language sql volatile set search_path = '' as $$
  select private.resend($1, $2, $3)
$$;
comment on function public.resend_entry(uuid, jsonb, text) is 'Sends a captured request again through its device, with changes {method?, url?, requestHeaders?, requestBody?}. The same idempotency_key, or header Idempotency-Key, is the same resend. The result is a new entry with resent_from = id.';
grant execute on function public.send_device_command(uuid, text, jsonb, text), public.resend_entry(uuid, jsonb, text) to authenticated;

create function private.finish_command(command_id uuid, status text, result jsonb) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
begin
  if $2 is null or $2 not in ('done', 'failed') then
    raise exception 'status: use done or failed' using errcode = 'PT400';
  end if;
  update public.device_commands c set status = $2, result = $3, finished_at = now()
  where c.id = $1 and c.device_uuid = any (private.device_uuids()) and c.finished_at is null;
  return found;
end
$$;
comment on function private.finish_command(uuid, text, jsonb) is 'A device reports on its command, once. False otherwise.';
grant execute on function private.finish_command(uuid, text, jsonb) to device;

create function public.report_command_result(command_id uuid, status text, result jsonb default null) returns boolean
language sql volatile set search_path = '' as $$
  select private.finish_command($1, $2, $3)
$$;
comment on function public.report_command_result(uuid, text, jsonb) is 'For devices: what came of a command (done or failed, with a result). False when it is not theirs or already reported.';
grant execute on function public.report_command_result(uuid, text, jsonb) to device;

-- What a device needs to repeat a request: the captured one with the changes on top. Its own captures, in clear.
create function private.resend_request(command_id uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'entry_id', e.id, 'request_id', e.request_id, 'method', e.method, 'url', e.url,
    'requestHeaders', p.request_headers,
    'requestBody', case when p.request_body_mark is null then to_jsonb(p.request_body)
      else p.request_body_mark || jsonb_build_object('text', p.request_body) end)) || (c.args -> 'changes')
  from public.device_commands c
  join public.entries e on e.id = (c.args ->> 'entry_id')::uuid and e.ts = private.entry_ts((c.args ->> 'entry_id')::uuid)
  left join private.entry_payloads p on p.id = e.id and p.ts = e.ts
  where c.id = $1 and c.name = 'resend' and c.finished_at is null and c.device_uuid = any (private.device_uuids())
$$;
comment on function private.resend_request(uuid) is 'The request that a device is to repeat.';
grant execute on function private.resend_request(uuid) to device;

create function public.get_resend_request(command_id uuid) returns jsonb
language sql stable set search_path = '' as $$
  select private.resend_request($1)
$$;
comment on function public.get_resend_request(uuid) is 'For devices: the request to send again, changes applied {entry_id, request_id, method, url, requestHeaders?, requestBody?}. The entry of the result carries payload.resentFrom = entry_id.';
grant execute on function public.get_resend_request(uuid) to device;

create table public.device_live_activity_message (
  device_uuid uuid primary key references public.devices (uuid) on delete cascade,
  message text not null check (char_length(message) <= 500),
  updated_at timestamptz not null default now(),
  updated_by uuid references public.profiles (id) on delete set null
);
comment on table public.device_live_activity_message is 'Message shown in a device''s live activity.';
comment on column public.device_live_activity_message.device_uuid is 'The device.';
comment on column public.device_live_activity_message.message is 'What it shows.';
comment on column public.device_live_activity_message.updated_at is 'Last change of this row.';
comment on column public.device_live_activity_message.updated_by is 'Who made it.';
create index device_live_activity_message_updater on public.device_live_activity_message (updated_by);
alter table public.device_live_activity_message enable row level security;

create function private.announce_live_activity() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_when = 'BEFORE' then
    new.updated_at := now();
    new.updated_by := coalesce(private.user_id(), new.updated_by);
    return new;
  end if;
  perform realtime.send(
    jsonb_build_object('device_uuid', coalesce(new.device_uuid, old.device_uuid), 'message', new.message, 'updated_at', new.updated_at),
    'live-activity-message', 'device:' || coalesce(new.device_uuid, old.device_uuid), true);
  return null;
end
$$;
comment on function private.announce_live_activity() is 'Row trigger: stamps a message and sends it to its device; null when it was removed.';
create trigger stamp before insert or update on public.device_live_activity_message
for each row execute function private.announce_live_activity();
create trigger announce after insert or update or delete on public.device_live_activity_message
for each row execute function private.announce_live_activity();
create trigger audit after insert or update or delete on public.device_live_activity_message
for each row execute function private.audit_change('device_uuid');

grant select, insert (device_uuid, message), update (message), delete on public.device_live_activity_message to authenticated;
create policy "People read messages of devices of their workspaces" on public.device_live_activity_message
for select to authenticated using (device_uuid in (select d.uuid from public.devices d where d.workspace_id = any ((select private.workspaces_with('devices', 'view'))::uuid[])));
create policy "People with devices:edit add messages" on public.device_live_activity_message
for insert to authenticated with check (device_uuid in (select d.uuid from public.devices d where d.workspace_id = any ((select private.workspaces_with('devices', 'edit'))::uuid[])));
create policy "People with devices:edit change messages" on public.device_live_activity_message
for update to authenticated
using (device_uuid in (select d.uuid from public.devices d where d.workspace_id = any ((select private.workspaces_with('devices', 'edit'))::uuid[])))
with check (device_uuid in (select d.uuid from public.devices d where d.workspace_id = any ((select private.workspaces_with('devices', 'edit'))::uuid[])));
create policy "People with devices:edit delete messages" on public.device_live_activity_message
for delete to authenticated using (device_uuid in (select d.uuid from public.devices d where d.workspace_id = any ((select private.workspaces_with('devices', 'edit'))::uuid[])));

grant select on public.device_live_activity_message to device;
create policy "A device reads its own message" on public.device_live_activity_message
for select to device using (device_uuid = any ((select private.device_uuids())::uuid[]));
