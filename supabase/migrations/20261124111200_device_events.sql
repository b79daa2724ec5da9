-- Purpose: changes of devices and their status are announced; who may track presence.
-- Affected: triggers on devices and device_status, policies on realtime.messages, realtime_broadcast.
-- Special: hints only: real changes of what people see, not heartbeats.

create function private.announce_device() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  d constant public.devices := coalesce(new, old);
begin
  if tg_op = 'UPDATE' then
    perform realtime.send(jsonb_build_object('uuid', d.uuid), 'UPDATE', 'device:' || d.uuid, true);
  end if;
  perform realtime.send(jsonb_build_object('uuid', d.uuid, 'op', tg_op), 'device', 'ws:' || d.workspace_id, true);
  if tg_op = 'UPDATE' and old.workspace_id <> new.workspace_id then
    perform realtime.send(jsonb_build_object('uuid', d.uuid, 'op', 'DELETE'), 'device', 'ws:' || old.workspace_id, true);
  end if;
  perform realtime.send(jsonb_build_object('uuid', d.uuid, 'workspace_id', d.workspace_id), tg_op, 'devices:all', true);
  return null;
end
$$;
comment on function private.announce_device() is 'Row trigger: a device came, changed or went.';
create trigger announce_device after insert or delete on public.devices
for each row execute function private.announce_device();
create trigger announce_device_change after update on public.devices
for each row when (
  (old.name, old.workspace_id, old.owner_user_id, old.os, old.model, old.app_version, old.connection_type, old.country, old.pac_port)
  is distinct from
  (new.name, new.workspace_id, new.owner_user_id, new.os, new.model, new.app_version, new.connection_type, new.country, new.pac_port))
execute function private.announce_device();

create function private.announce_status() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  s constant public.device_status := coalesce(new, old);
  workspace uuid;
begin
  select d.workspace_id into workspace from public.devices d where d.uuid = s.device_uuid;
  if workspace is null then
    return null;
  end if;
  perform realtime.send(
    case tg_op when 'DELETE' then jsonb_build_object('uuid', s.device_uuid, 'online', false, 'vpn_state', null, 'ip_country', null)
      else jsonb_build_object('uuid', s.device_uuid, 'online', s.online, 'vpn_state', s.vpn_state, 'ip_country', s.ip_country) end,
    'device-status', 'ws:' || workspace, true);
  perform realtime.send(jsonb_build_object('uuid', s.device_uuid, 'workspace_id', workspace), tg_op, 'device_status:all', true);
  return null;
end
$$;
comment on function private.announce_status() is 'Row trigger: a device went on- or offline, its tunnel or country changed, or nothing is known of it any more.';
create trigger announce_status after insert or delete on public.device_status
for each row execute function private.announce_status();
create trigger announce_status_change after update on public.device_status
for each row when ((old.online, old.vpn_state, old.ip_country) is distinct from (new.online, new.vpn_state, new.ip_country))
execute function private.announce_status();

-- Before the device itself is gone: afterwards nobody knows whom its status concerned.
create function private.take_status_along() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  delete from public.device_status s where s.device_uuid = old.uuid;
  return old;
end
$$;
comment on function private.take_status_along() is 'Row trigger: the status of a device goes before the device does, so that its going is announced.';
create trigger take_status_along before delete on public.devices
for each row execute function private.take_status_along();

-- A heartbeat is a write of device_status; silence for 90 seconds is offline.
create function private.mark_silent_devices() returns integer
language plpgsql security definer set search_path = '' as $$
declare
  silent integer;
begin
  update public.device_status s set online = false
  where s.online and s.last_heartbeat_at < now() - interval '90 seconds';
  get diagnostics silent = row_count;
  return silent;
end
$$;
comment on function private.mark_silent_devices() is 'Marks devices offline that were silent for 90 seconds; returns how many. Cron calls it every 15 seconds.';
select cron.schedule('busymate-silent-devices', '15 seconds', 'select private.mark_silent_devices()');

-- Presence: devices announce themselves on devices:all, dashboards see them. Realtime lets nobody join a channel of which
-- they may read nothing: so devices may read its presence, and never its broadcasts. A device that joins can therefore
-- see who else is there: nothing but what may be known of a device belongs into what it tracks.
create function private.may_track(topic text) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return case
    when topic = 'devices:all' then private.device_uuid() is not null
      or private.has_capability('global', 'view') and private.has_capability('devices', 'view')
    else private.may_join(topic) and topic ~ '^(ws|device):'
  end;
end
$$;
comment on function private.may_track(text) is 'Whether the caller may announce its presence on a channel.';
create function private.may_see_presence(topic text) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return private.may_join(topic) or topic = 'devices:all' and private.device_uuid() is not null;
end
$$;
comment on function private.may_see_presence(text) is 'Whether the caller may join a channel for its presence. Devices join devices:all for that alone.';
grant execute on function private.may_track(text), private.may_see_presence(text) to authenticated, device;

drop policy "People and devices receive what channels they may join carry" on realtime.messages;
create policy "People and devices receive what channels they may join carry" on realtime.messages
for select to authenticated, device
using (
  extension = 'broadcast' and (select private.may_join((select realtime.topic())))
  or extension = 'presence' and (select private.may_see_presence((select realtime.topic()))));
create policy "People and devices announce their presence, nothing else" on realtime.messages
for insert to authenticated, device
with check (extension = 'presence' and (select private.may_track((select realtime.topic()))));

create function private.broadcast(topic text, event text, payload jsonb) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
begin
  if not private.has_capability('global', 'edit') then
    return null;
  end if;
  if topic is null or char_length(topic) not between 1 and 200 or event is null or char_length(event) not between 1 and 100
    or coalesce(jsonb_typeof(payload), '') <> 'object' or octet_length(payload::text) > 200000 then
    raise exception 'topic and event: texts; payload: an object of at most 200 kB' using errcode = 'PT400';
  end if;
  perform realtime.send(payload, event, topic, true);
  perform private.record_audit(null, 'realtime.broadcast', array[topic], null, jsonb_build_object('event', event));
  return true;
end
$$;
comment on function private.broadcast(text, text, jsonb) is 'Sends a message on a private channel; global:edit only, null otherwise.';
grant execute on function private.broadcast(text, text, jsonb) to authenticated;
create function public.realtime_broadcast(topic text, event text, payload jsonb) returns boolean
language sql volatile set search_path = '' as $$
  select private.broadcast($1, $2, $3)
$$;
comment on function public.realtime_broadcast(text, text, jsonb) is 'Sends a message on a private channel, for holders of global:edit; null for others. Audited.';
grant execute on function public.realtime_broadcast(text, text, jsonb) to authenticated;
