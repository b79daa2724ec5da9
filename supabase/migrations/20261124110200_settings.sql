-- Purpose: settings at three levels and what a device ends up with.
-- Affected: public.settings_global, settings_user, settings_device, effective_settings_for_device.
-- Special: null inherits from the level above; [] and {"enabled": false} are values that override. The password of an
--          external proxy goes to a table that no API role reads and comes back masked, except to the device itself.

create function private.is_external_proxy(proxy jsonb) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return proxy is null or (
    jsonb_typeof(proxy) = 'object'
    and proxy - array['enabled', 'host', 'port', 'username', 'password', 'country', 'upstream_proxy_id'] = '{}'
    and jsonb_typeof(proxy -> 'enabled') is not distinct from 'boolean'
    and not exists (
      select from jsonb_each(proxy - array['enabled', 'port']) f where jsonb_typeof(f.value) not in ('string', 'null'))
    and (coalesce(proxy ->> 'host', '') = '' or pg_input_is_valid(proxy ->> 'host', 'private.host_name'))
    and coalesce(jsonb_typeof(proxy -> 'port'), 'null') in ('number', 'null')
    and coalesce((proxy ->> 'port') ~ '^[0-9]{1,5}$' and (proxy ->> 'port')::numeric <= 65535, true)
    and coalesce(char_length(proxy ->> 'username'), 0) <= 200 and coalesce(char_length(proxy ->> 'password'), 0) <= 500
    and coalesce(proxy ->> 'country', 'XX') ~ '^[A-Z]{2}$'
    and (proxy ->> 'upstream_proxy_id' is null
      or pg_input_is_valid(proxy ->> 'upstream_proxy_id', 'uuid') and proxy - array['enabled', 'upstream_proxy_id'] = '{}'));
end
$$;
comment on function private.is_external_proxy(jsonb) is 'Whether a value is an external proxy: {enabled, host, port, username?, password?, country?}, or {enabled, upstream_proxy_id} for one of the pool.';

create function private.is_environment(env jsonb) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return env is null or (
    jsonb_typeof(env) = 'object' and octet_length(env::text) <= 65536
    and not exists (
      select from jsonb_each(env) v
      where v.key !~ '^[A-Za-z_][A-Za-z0-9_]{0,127}$' or jsonb_typeof(v.value) <> 'string'));
end
$$;
comment on function private.is_environment(jsonb) is 'Whether a value is an object of texts named like variables, at most 64 kB.';
grant execute on function private.is_external_proxy(jsonb), private.is_environment(jsonb) to authenticated;

create table public.settings_global (
  id integer primary key default 1 check (id = 1),
  inspect_all_requests boolean not null default false,
  mitm_all_hosts boolean not null default false,
  connection_type text not null default 'vpn' check (connection_type in ('vpn', 'pac')),
  ssl_proxying_domains private.domain_pattern[] not null default '{}' check (cardinality(ssl_proxying_domains) <= 1000),
  ignore_hosts private.domain_pattern[] not null default '{}' check (cardinality(ignore_hosts) <= 1000),
  service_group_ids uuid[] not null default '{}' check (cardinality(service_group_ids) <= 100),
  dns_servers private.ip_address[] not null default '{8.8.8.8,1.1.1.1}' check (cardinality(dns_servers) between 0 and 8),
  external_proxy jsonb check (private.is_external_proxy(external_proxy)),
  breakpoint_request_patterns private.url_pattern[] not null default '{}' check (cardinality(breakpoint_request_patterns) <= 200),
  breakpoint_response_patterns private.url_pattern[] not null default '{}' check (cardinality(breakpoint_response_patterns) <= 200),
  paused_domains private.domain_pattern[] not null default '{}' check (cardinality(paused_domains) <= 1000),
  env jsonb not null default '{}' check (private.is_environment(env)),
  updated_at timestamptz not null default now(),
  updated_by uuid references public.profiles (id) on delete set null
);
comment on table public.settings_global is 'Settings of the whole installation; one row.';
comment on column public.settings_global.id is 'Always 1.';
comment on column public.settings_global.inspect_all_requests is 'Whether requests of every host are recorded.';
comment on column public.settings_global.mitm_all_hosts is 'Whether the proxy decrypts every host.';
comment on column public.settings_global.connection_type is 'How devices capture: vpn or pac.';
comment on column public.settings_global.ssl_proxying_domains is 'Hosts that are decrypted; united over levels and service groups.';
comment on column public.settings_global.ignore_hosts is 'Hosts whose traffic passes without being recorded.';
comment on column public.settings_global.service_group_ids is 'Service groups applied.';
comment on column public.settings_global.dns_servers is 'DNS servers.';
comment on column public.settings_global.external_proxy is '{enabled, host, port, username?, password?, country?}, or {enabled, upstream_proxy_id} for one of the pool; the password is kept apart and read back masked. {"enabled": false} is "no proxy".';
comment on column public.settings_global.breakpoint_request_patterns is 'Requests to hold, as URL wildcards.';
comment on column public.settings_global.breakpoint_response_patterns is 'Responses to hold, as URL wildcards.';
comment on column public.settings_global.paused_domains is 'Hosts that are not captured for now.';
comment on column public.settings_global.env is 'Variables for scripts: an object of texts.';
comment on column public.settings_global.updated_at is 'Last change of this row.';
comment on column public.settings_global.updated_by is 'Who made it.';
insert into public.settings_global default values;
alter table public.settings_global enable row level security;

create table public.settings_user (
  user_id uuid primary key references public.profiles (id) on delete cascade,
  connection_type text check (connection_type in ('vpn', 'pac')),
  updated_at timestamptz not null default now()
);
comment on table public.settings_user is 'Settings of a person: what devices they own start from.';
comment on column public.settings_user.user_id is 'The person.';
comment on column public.settings_user.connection_type is 'How their devices capture: vpn or pac. null inherits.';
comment on column public.settings_user.updated_at is 'Last change of this row.';
alter table public.settings_user enable row level security;

create table public.settings_device (
  device_uuid uuid primary key references public.devices (uuid) on delete cascade,
  inspect_all_requests boolean,
  mitm_all_hosts boolean,
  connection_type text check (connection_type in ('vpn', 'pac')),
  ssl_proxying_domains private.domain_pattern[] check (cardinality(ssl_proxying_domains) <= 1000),
  ignore_hosts private.domain_pattern[] check (cardinality(ignore_hosts) <= 1000),
  service_group_ids uuid[] check (cardinality(service_group_ids) <= 100),
  dns_servers private.ip_address[] check (cardinality(dns_servers) between 0 and 8),
  external_proxy jsonb check (private.is_external_proxy(external_proxy)),
  breakpoint_request_patterns private.url_pattern[] check (cardinality(breakpoint_request_patterns) <= 200),
  breakpoint_response_patterns private.url_pattern[] check (cardinality(breakpoint_response_patterns) <= 200),
  paused_domains private.domain_pattern[] check (cardinality(paused_domains) <= 1000),
  env jsonb check (private.is_environment(env)),
  updated_at timestamptz not null default now(),
  updated_by uuid references public.profiles (id) on delete set null
);
comment on table public.settings_device is 'Overrides of one device.';
comment on column public.settings_device.device_uuid is 'The device.';
comment on column public.settings_device.inspect_all_requests is 'Whether requests of every host are recorded. null inherits.';
comment on column public.settings_device.mitm_all_hosts is 'Whether the proxy decrypts every host. null inherits.';
comment on column public.settings_device.connection_type is 'How devices capture: vpn or pac. null inherits.';
comment on column public.settings_device.ssl_proxying_domains is 'Hosts that are decrypted; united over levels and service groups. null inherits.';
comment on column public.settings_device.ignore_hosts is 'Hosts whose traffic passes without being recorded. null inherits.';
comment on column public.settings_device.service_group_ids is 'Service groups applied. null inherits.';
comment on column public.settings_device.dns_servers is 'DNS servers. null inherits.';
comment on column public.settings_device.external_proxy is '{enabled, host, port, username?, password?, country?}, or {enabled, upstream_proxy_id} for one of the pool; the password is kept apart and read back masked. {"enabled": false} is "no proxy". null inherits.';
comment on column public.settings_device.breakpoint_request_patterns is 'Requests to hold, as URL wildcards. null inherits.';
comment on column public.settings_device.breakpoint_response_patterns is 'Responses to hold, as URL wildcards. null inherits.';
comment on column public.settings_device.paused_domains is 'Hosts that are not captured for now. null inherits.';
comment on column public.settings_device.env is 'Variables for scripts: an object of texts. null inherits.';
comment on column public.settings_device.updated_at is 'Last change of this row.';
comment on column public.settings_device.updated_by is 'Who made it.';
alter table public.settings_device enable row level security;
create index settings_global_updater on public.settings_global (updated_by);
create index settings_device_updater on public.settings_device (updated_by);

create table private.proxy_passwords (
  scope text not null check (scope in ('settings', 'upstream')),
  subject uuid not null,
  password text not null,
  address text not null,
  primary key (scope, subject)
);
comment on table private.proxy_passwords is 'Passwords of external and upstream proxies; only the device they are for gets them.';
comment on column private.proxy_passwords.scope is 'settings (of a device, or the nil uuid for the installation) or upstream (a proxy of the pool).';
comment on column private.proxy_passwords.subject is 'The device, the nil uuid, or the upstream proxy.';
comment on column private.proxy_passwords.password is 'The password as given.';
comment on column private.proxy_passwords.address is 'Host and port that it was given for.';
alter table private.proxy_passwords enable row level security;

create function private.forget_password(scope text, subject uuid) returns void
language sql volatile security definer set search_path = '' as $$
  delete from private.proxy_passwords p where p.scope = $1 and p.subject = $2
$$;
comment on function private.forget_password(text, uuid) is 'Removes a proxy password.';

create function private.keep_password(scope text, subject uuid, password text, host text, port text) returns text
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  new_address constant text := coalesce($4, '') || ':' || coalesce($5, '');
  kept_for text;
begin
  if $3 is null or $3 = '' then
    perform private.forget_password($1, $2);
    return null;
  end if;
  if $3 <> '********' then
    insert into private.proxy_passwords (scope, subject, password, address) values ($1, $2, $3, new_address)
    on conflict (scope, subject) do update set password = excluded.password, address = excluded.address;
    -- The row itself may show no change: the mask is what it was.
    perform private.record_audit(null, 'proxy_password.set', array[$2::text], null, jsonb_build_object('of', $1));
    return '********';
  end if;
  -- The mask written back means "unchanged". Who may only see the mask must not get the password sent to a host of theirs.
  select p.address into kept_for from private.proxy_passwords p where p.scope = $1 and p.subject = $2;
  if kept_for <> new_address then
    raise exception 'password: give it again when host or port change, or leave it out' using errcode = 'PT400';
  end if;
  return case when kept_for is not null then '********' end;
end
$$;
comment on function private.keep_password(text, uuid, text, text, text) is 'Puts a proxy password away and answers what is shown instead: the mask, or null for none.';

create function private.mask_external_proxy() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  subject constant uuid := case when tg_table_name = 'settings_device'
    then (to_jsonb(case tg_op when 'DELETE' then old else new end) ->> 'device_uuid')::uuid
    else '00000000-0000-0000-0000-000000000000' end;
begin
  if tg_op = 'DELETE' then
    perform private.forget_password('settings', subject);
    return old;
  end if;
  if new.external_proxy ? 'password' and private.is_external_proxy(new.external_proxy) then
    new.external_proxy := jsonb_strip_nulls(new.external_proxy || jsonb_build_object('password', private.keep_password(
      'settings', subject, new.external_proxy ->> 'password', new.external_proxy ->> 'host', new.external_proxy ->> 'port')));
  elsif tg_op = 'UPDATE' then
    -- Not at an insert, which an upsert is first: one that leaves the proxy alone leaves its password alone.
    perform private.forget_password('settings', subject);
  end if;
  new.updated_at := now();
  new.updated_by := coalesce(private.user_id(), new.updated_by);
  return new;
end
$$;
comment on function private.mask_external_proxy() is 'Row trigger: the proxy password goes to its own table and leaves a mask; stamps who changed the row.';
create trigger mask_external_proxy before insert or update on public.settings_global
for each row execute function private.mask_external_proxy();
create trigger mask_external_proxy before insert or update or delete on public.settings_device
for each row execute function private.mask_external_proxy();
create trigger touch_updated_at before update on public.settings_user
for each row execute function private.touch_updated_at();

create trigger audit after insert or update or delete on public.settings_global
for each row execute function private.audit_change('id');
create trigger audit after insert or update or delete on public.settings_user
for each row execute function private.audit_change('user_id');
create trigger audit after insert or update or delete on public.settings_device
for each row execute function private.audit_change('device_uuid');

grant select, update (inspect_all_requests, mitm_all_hosts, connection_type, ssl_proxying_domains, ignore_hosts, service_group_ids, dns_servers, external_proxy, breakpoint_request_patterns, breakpoint_response_patterns, paused_domains, env) on public.settings_global to authenticated;
create policy "People with settings:view read the global settings" on public.settings_global
for select to authenticated using ((select private.has_capability('settings', 'view')));
create policy "Holders of settings:edit and global:edit change them" on public.settings_global
for update to authenticated
using ((select private.has_capability('settings', 'edit') and private.has_capability('global', 'edit')))
with check ((select private.has_capability('settings', 'edit') and private.has_capability('global', 'edit')));

grant select, insert (user_id, connection_type), update (connection_type), delete on public.settings_user to authenticated;
create policy "People read their own settings, and all with users:view" on public.settings_user
for select to authenticated
using (user_id = (select private.user_id()) or (select private.has_capability('users', 'view')));
create policy "People make their own settings" on public.settings_user
for insert to authenticated with check (user_id = (select private.writer_id()));
create policy "People change their own settings" on public.settings_user
for update to authenticated
using (user_id = (select private.writer_id())) with check (user_id = (select private.writer_id()));
create policy "People delete their own settings" on public.settings_user
for delete to authenticated using (user_id = (select private.writer_id()));

grant select, insert (device_uuid, inspect_all_requests, mitm_all_hosts, connection_type, ssl_proxying_domains, ignore_hosts, service_group_ids, dns_servers, external_proxy, breakpoint_request_patterns, breakpoint_response_patterns, paused_domains, env), update (inspect_all_requests, mitm_all_hosts, connection_type, ssl_proxying_domains, ignore_hosts, service_group_ids, dns_servers, external_proxy, breakpoint_request_patterns, breakpoint_response_patterns, paused_domains, env), delete on public.settings_device to authenticated;
create policy "People read settings of devices of their workspaces" on public.settings_device
for select to authenticated using (device_uuid in (select d.uuid from public.devices d where d.workspace_id = any ((select private.workspaces_with('settings', 'view'))::uuid[])));
create policy "People with settings:edit add settings" on public.settings_device
for insert to authenticated with check (device_uuid in (select d.uuid from public.devices d where d.workspace_id = any ((select private.workspaces_with('settings', 'edit'))::uuid[])));
create policy "People with settings:edit change settings" on public.settings_device
for update to authenticated
using (device_uuid in (select d.uuid from public.devices d where d.workspace_id = any ((select private.workspaces_with('settings', 'edit'))::uuid[])))
with check (device_uuid in (select d.uuid from public.devices d where d.workspace_id = any ((select private.workspaces_with('settings', 'edit'))::uuid[])));
create policy "People with settings:edit delete settings" on public.settings_device
for delete to authenticated using (device_uuid in (select d.uuid from public.devices d where d.workspace_id = any ((select private.workspaces_with('settings', 'edit'))::uuid[])));

create function private.effective_settings(device_uuid uuid, clear_password boolean) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  d public.devices;
  g public.settings_global;
  u public.settings_user;
  s public.settings_device;
  groups uuid[];
  domains text[];
  proxy jsonb;
  password_of uuid;
  global_fields jsonb;
  device_fields jsonb;
  merged jsonb;
  sources jsonb;
begin
  select * into d from public.devices where uuid = $1;
  select * into g from public.settings_global;
  select * into u from public.settings_user where user_id = d.owner_user_id;
  select * into s from public.settings_device s where s.device_uuid = $1;
  global_fields := to_jsonb(g) - array['id', 'updated_at', 'updated_by'];
  device_fields := jsonb_strip_nulls(to_jsonb(s) - array['device_uuid', 'updated_at', 'updated_by']);
  merged := global_fields || coalesce(device_fields, '{}');
  select jsonb_object_agg(k, case when device_fields ? k then 'device' else 'global' end) into sources from jsonb_object_keys(global_fields) k;

  merged := merged || jsonb_build_object('connection_type',
    coalesce(s.connection_type, u.connection_type, g.connection_type));
  sources := sources || jsonb_build_object('connection_type', case
    when s.connection_type is not null then 'device' when u.connection_type is not null then 'user' else 'global' end);

  groups := array(
    select sg.id from public.service_groups sg
    where sg.id = any (coalesce(s.service_group_ids, g.service_group_ids))
      and (sg.workspace_id is null or sg.workspace_id = d.workspace_id));
  select coalesce(array_agg(distinct x.domain order by x.domain), '{}') into domains
  from (
    select unnest(g.ssl_proxying_domains)::text as domain
    union select unnest(s.ssl_proxying_domains)::text
    union select e.domain from public.expand_service_groups(groups) e where e.domain is not null
  ) as x;
  merged := merged || jsonb_build_object('ssl_proxying_domains', domains);
  sources := sources || jsonb_build_object('ssl_proxying_domains', to_jsonb(array_remove(array[
    case when cardinality(g.ssl_proxying_domains) > 0 then 'global' end,
    case when cardinality(s.ssl_proxying_domains) > 0 then 'device' end,
    case when cardinality(groups) > 0 then 'service_groups' end], null)));

  proxy := nullif(merged -> 'external_proxy', 'null');
  if proxy ->> 'upstream_proxy_id' is not null then
    password_of := (proxy ->> 'upstream_proxy_id')::uuid;
    select proxy || jsonb_strip_nulls(jsonb_build_object('protocol', p.protocol, 'host', p.host, 'port', p.port,
      'username', p.username, 'password', p.password, 'country', p.country))
    into proxy
    from public.upstream_proxies p
    where p.id = password_of and p.enabled and (p.workspace_id is null or p.workspace_id = d.workspace_id);
  else
    password_of := case sources ->> 'external_proxy' when 'device' then $1 else '00000000-0000-0000-0000-000000000000' end;
  end if;
  if coalesce((proxy ->> 'enabled')::boolean, false) and coalesce(proxy ->> 'host', '') <> '' and coalesce((proxy ->> 'port')::numeric, 0) > 0 then
    if clear_password and proxy ? 'password' then
      proxy := proxy || jsonb_build_object('password', (
        select p.password from private.proxy_passwords p
        where p.subject = password_of and p.scope = case when proxy ? 'upstream_proxy_id' then 'upstream' else 'settings' end));
    end if;
  else
    proxy := null;
  end if;
  return merged || jsonb_build_object('external_proxy', proxy, 'device_uuid', $1, 'sources', sources);
end
$$;
comment on function private.effective_settings(uuid, boolean) is 'Every setting of a device merged, with sources. Does not check rights.';

create function private.effective_settings_of(device_uuid uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  if $1 = any (private.device_uuids()) then
    return private.effective_settings($1, true);
  end if;
  if private.has_capability('settings', 'view') and exists (
    select from public.devices d where d.uuid = $1 and d.workspace_id = any (private.workspaces_with('devices', 'view')))
  then
    return private.effective_settings($1, false);
  end if;
  return null;
end
$$;
comment on function private.effective_settings_of(uuid) is 'The settings a caller may see of a device: the device its own with the proxy password, people masked.';
grant execute on function private.effective_settings_of(uuid) to authenticated, device;

create function public.effective_settings_for_device(device_uuid uuid) returns jsonb
language sql stable set search_path = '' as $$
  select private.effective_settings_of($1)
$$;
comment on function public.effective_settings_for_device(uuid) is 'Every setting of a device merged over its levels, plus sources naming the level each came from. SSL-proxying domains are the union of global, device and applied service groups; connection type goes device, user, global; an external proxy is resolved from the pool if it names one of it, and null when it is not usable. Null for a device one may not see.';
grant execute on function public.effective_settings_for_device(uuid) to authenticated, device;

-- Changes are hints: who hears one reads effective_settings_for_device again.
create function private.announce_settings() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  row_ constant jsonb := to_jsonb(coalesce(new, old));
begin
  case tg_table_name
    when 'settings_global' then
      perform realtime.send('{"scope": "global"}', 'UPDATE', 'settings:all', true);
    when 'settings_user' then
      perform realtime.send('{"scope": "user"}', 'settings', 'device:' || d.uuid, true)
      from public.devices d where d.owner_user_id = (row_ ->> 'user_id')::uuid;
    when 'settings_device' then
      perform realtime.send('{"scope": "device"}', 'settings', 'device:' || (row_ ->> 'device_uuid'), true);
  end case;
  return null;
end
$$;
comment on function private.announce_settings() is 'Row trigger: settings that changed are announced on settings:all or to the devices they are for.';
create trigger announce_settings after insert or update or delete on public.settings_global
for each row execute function private.announce_settings();
create trigger announce_settings after insert or update or delete on public.settings_user
for each row execute function private.announce_settings();
create trigger announce_settings after insert or update or delete on public.settings_device
for each row execute function private.announce_settings();

-- What service groups contain is part of the settings that apply them.
create function private.announce_service_change() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform realtime.send('{"scope": "services"}', 'UPDATE', 'settings:all', true);
  return null;
end
$$;
comment on function private.announce_service_change() is 'Statement trigger: services or groups changed, so settings that apply them may have.';
create trigger announce_service_change after insert or update or delete on public.service_domains
for each statement execute function private.announce_service_change();
create trigger announce_service_change after insert or update or delete on public.service_group_services
for each statement execute function private.announce_service_change();
create trigger announce_service_change after insert or update or delete on public.service_group_includes
for each statement execute function private.announce_service_change();
