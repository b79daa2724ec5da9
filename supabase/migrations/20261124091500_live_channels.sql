-- Purpose: who may join which Realtime channel.
-- Affected: policies on realtime.messages; private.may_join.
-- Special: Realtime evaluates these at join with a probe row, of which only topic and extension are filled in. There is
--          no INSERT policy: clients act by RPC and never broadcast.

create function private.may_join(topic text) returns boolean
language plpgsql stable security definer set search_path = '' as $$
declare
  scope constant text := split_part(topic, ':', 1);
  subject constant text := substr(topic, length(scope) + 2);
  -- Channels are named with the canonical form; another spelling of the same uuid would be another, silent channel.
  is_uuid constant boolean := subject ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
  device constant uuid := private.device_uuid();
begin
  case
    when scope = 'ws' and is_uuid then
      return subject::uuid = any (private.workspaces_with('entries', 'view'));
    when scope = 'device' and is_uuid then
      return subject::uuid = any (private.device_uuids()) or exists (
        select from public.devices d
        where d.uuid = subject::uuid and d.workspace_id = any (private.workspaces_with('devices', 'edit')));
    when scope = 'user' and is_uuid then
      return coalesce(subject::uuid = private.user_id(), false);
    when topic in ('devices:all', 'device_status:all') then
      return private.has_capability('global', 'view') and private.has_capability('devices', 'view');
    when topic = 'profiles:all' then
      return private.has_capability('users', 'view');
    when topic = 'settings:all' then
      return private.has_capability('settings', 'view') or device is not null;
    when topic = 'proxy-control' then
      return cardinality(private.device_uuids()) > 1;
    when topic = 'ios:build' then
      return private.user_id() is not null or device is not null;
    else
      return false;
  end case;
end
$$;
comment on function private.may_join(text) is 'Whether the caller may receive what is sent on a channel. Unknown channels: nobody.';
grant execute on function private.may_join(text) to authenticated, device;

create policy "People and devices receive what channels they may join carry" on realtime.messages
for select to authenticated, device
using (extension = 'broadcast' and (select private.may_join((select realtime.topic()))));
