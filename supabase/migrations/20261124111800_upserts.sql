-- Purpose: supabase-js' upsert, which writes every column it is given, the key among them.
-- Affected: grants and triggers of tables whose rows have a natural key.
-- Special: PostgREST merges by ON CONFLICT DO UPDATE SET of all columns of the payload, so the key has to be granted for
--          update. A trigger keeps it what it is: rows do not move. upstream_proxies and tables that are nothing but a key
--          take no merging upsert (ignoreDuplicates works): a password is kept by the row's id, which an upsert by name
--          does not know.

create function private.keep_key() returns trigger
language plpgsql set search_path = '' as $$
declare
  changed text;
begin
  select k into changed from unnest(tg_argv) k where to_jsonb(new) -> k <> to_jsonb(old) -> k limit 1;
  if changed is not null then
    raise exception '%: it cannot be changed; make another row', changed using errcode = 'PT400';
  end if;
  return new;
end
$$;
comment on function private.keep_key() is 'Row trigger: the columns given as arguments stay what they are (400).';

-- ON CONFLICT DO UPDATE reads the columns that it takes from the proposed row, as far as privileges go.
grant select (online, vpn_state, ip_country, last_heartbeat_at), update (device_uuid) on public.device_status to device;
create trigger keep_key before update of device_uuid on public.device_status
for each row execute function private.keep_key('device_uuid');

grant update (device_uuid) on public.settings_device, public.device_live_activity_message to authenticated;
create trigger keep_key before update of device_uuid on public.settings_device
for each row execute function private.keep_key('device_uuid');
create trigger keep_key before update of device_uuid on public.device_live_activity_message
for each row execute function private.keep_key('device_uuid');

grant update (user_id) on public.settings_user to authenticated;
create trigger keep_key before update of user_id on public.settings_user
for each row execute function private.keep_key('user_id');

grant update (workspace_id) on public.services, public.service_groups, public.scripts, public.busybro_agents, public.tags,
  public.saved_filters to authenticated;
create trigger keep_key before update of workspace_id on public.services
for each row execute function private.keep_key('workspace_id');
create trigger keep_key before update of workspace_id on public.service_groups
for each row execute function private.keep_key('workspace_id');
create trigger keep_key before update of workspace_id on public.scripts
for each row execute function private.keep_key('workspace_id');
create trigger keep_key before update of workspace_id on public.busybro_agents
for each row execute function private.keep_key('workspace_id');
create trigger keep_key before update of workspace_id on public.tags
for each row execute function private.keep_key('workspace_id');
create trigger keep_key before update of workspace_id on public.saved_filters
for each row execute function private.keep_key('workspace_id');

grant update (workspace_id, kind) on public.alert_rules to authenticated;
create trigger keep_key before update of workspace_id, kind on public.alert_rules
for each row execute function private.keep_key('workspace_id', 'kind');

grant update (platform, build) on public.app_builds to authenticated;
create trigger keep_key before update of platform, build on public.app_builds
for each row execute function private.keep_key('platform', 'build');

grant update (group_id, agent_id) on public.service_group_agents to authenticated;
create trigger keep_key before update of group_id, agent_id on public.service_group_agents
for each row execute function private.keep_key('group_id', 'agent_id');
