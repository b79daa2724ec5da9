-- Purpose: devices, their status and their credentials.
-- Affected: public.devices, device_status, device_jwts; private.device_credential, device_uuid, device_uuids.

create table public.devices (
  uuid uuid primary key,
  name extensions.citext not null check (char_length(name::text) between 1 and 120),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  owner_user_id uuid,
  os text check (char_length(os) <= 60),
  model text check (char_length(model) <= 120),
  app_version text check (char_length(app_version) <= 60),
  connection_type text check (connection_type in ('vpn', 'pac')),
  country text check (country ~ '^[A-Z]{2}$'),
  pac_port integer unique check (pac_port between 1 and 65535),
  last_seen_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace_id, name),
  -- A device's owner always belongs to its workspace; when they leave, the device stays without an owner. That is the
  -- only key to a person: one to profiles would tell accounts that exist from those that do not.
  foreign key (workspace_id, owner_user_id) references public.workspace_members (workspace_id, user_id)
    on delete set null (owner_user_id)
);
comment on table public.devices is 'A capture client. Its uuid is its identity everywhere; the name is for people and unique in its workspace.';
comment on column public.devices.uuid is 'Identity, made by the client at its first start.';
comment on column public.devices.name is 'Display name, unique in the workspace whatever its case.';
comment on column public.devices.workspace_id is 'The workspace that its captures go to.';
comment on column public.devices.owner_user_id is 'Who paired it; always a member of its workspace.';
comment on column public.devices.os is 'Operating system, e.g. iOS, Android, macOS.';
comment on column public.devices.model is 'Hardware model.';
comment on column public.devices.app_version is 'Version of the capture client.';
comment on column public.devices.connection_type is 'How it captures: vpn or pac; null follows the settings.';
comment on column public.devices.country is 'ISO 3166 country it was last seen from.';
comment on column public.devices.pac_port is 'Port of its PAC host, if it has one.';
comment on column public.devices.last_seen_at is 'When it was last heard, within 30 seconds; silent for 90 seconds is offline.';
comment on column public.devices.created_at is 'When it was first paired.';
comment on column public.devices.updated_at is 'Last change of this row.';
create index devices_owner on public.devices (owner_user_id);
create index devices_workspace_owner on public.devices (workspace_id, owner_user_id);
alter table public.devices enable row level security;

create trigger touch_updated_at before update on public.devices
for each row execute function private.touch_updated_at();

create table public.device_status (
  device_uuid uuid primary key references public.devices (uuid) on delete cascade,
  online boolean not null default false,
  vpn_state text check (vpn_state in ('connected', 'connecting', 'disconnected')),
  ip_country text check (ip_country ~ '^[A-Z]{2}$'),
  last_heartbeat_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.device_status is 'What a device last said of itself. Trust online only while last_heartbeat_at is younger than 90 seconds.';
comment on column public.device_status.device_uuid is 'The device.';
comment on column public.device_status.online is 'Whether it said that it is up.';
comment on column public.device_status.vpn_state is 'State of its tunnel: connected, connecting or disconnected.';
comment on column public.device_status.ip_country is 'ISO 3166 country of its public address.';
comment on column public.device_status.last_heartbeat_at is 'When it last reported.';
comment on column public.device_status.updated_at is 'Last change of this row.';
alter table public.device_status enable row level security;

create trigger touch_updated_at before update on public.device_status
for each row execute function private.touch_updated_at();

create table public.device_jwts (
  id uuid primary key default gen_random_uuid(),
  device_uuid uuid not null references public.devices (uuid) on delete cascade,
  device_uuids uuid[] not null check (device_uuid = any (device_uuids)),
  issued_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  renewed_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);
comment on table public.device_jwts is 'Device credentials by their id, which is the sub of the token. No token material is kept.';
comment on column public.device_jwts.id is 'Identity and sub claim; never the device''s or a person''s uuid.';
comment on column public.device_jwts.device_uuid is 'The device it was paired for.';
comment on column public.device_jwts.device_uuids is 'Every device it may write for: its own, and for a shared proxy those attributed to it.';
comment on column public.device_jwts.issued_by is 'Who paired the device.';
comment on column public.device_jwts.created_at is 'When it was issued.';
comment on column public.device_jwts.renewed_at is 'When its token was last minted.';
comment on column public.device_jwts.expires_at is 'End of the token minted last.';
comment on column public.device_jwts.revoked_at is 'When it was revoked, if it was.';
create index device_jwts_device on public.device_jwts (device_uuid);
create index device_jwts_issuer on public.device_jwts (issued_by);
alter table public.device_jwts enable row level security;

create function private.device_credential(out id uuid, out device_uuid uuid, out device_uuids uuid[])
language plpgsql stable security definer set search_path = '' as $$
declare
  claims constant jsonb := private.claims();
begin
  if claims ->> 'role' is distinct from 'device'
    or (claims -> 'aud' ? 'device') is not true
    or (claims ->> 'exp')::numeric <= extract(epoch from now())
    or (claims ->> 'nbf')::numeric > extract(epoch from now())
    or not coalesce(pg_input_is_valid(claims ->> 'sub', 'uuid'), false)
  then
    return;
  end if;
  select j.id, j.device_uuid, j.device_uuids
  into id, device_uuid, device_uuids
  from public.device_jwts j
  where j.id = (claims ->> 'sub')::uuid
    and j.device_uuid::text = claims #>> '{app_metadata,device_uuid}'
    and j.revoked_at is null
    and j.expires_at > now();
end
$$;
comment on function private.device_credential() is 'The live device credential of the request; all null otherwise.';

create function private.device_uuid() returns uuid
language sql stable security definer set search_path = '' as $$
  select c.device_uuid from private.device_credential() c
$$;
comment on function private.device_uuid() is 'The device calling, null unless its credential is live.';

create function private.device_uuids() returns uuid[]
language sql stable security definer set search_path = '' as $$
  select coalesce(c.device_uuids, '{}') from private.device_credential() c
$$;
comment on function private.device_uuids() is 'The devices the calling credential may write for; empty unless it is live.';

create function public.device_uuid() returns uuid
language sql stable set search_path = '' as $$
  select private.device_uuid()
$$;
comment on function public.device_uuid() is 'The device whose credential is calling, null for everyone else.';

grant execute on function private.device_uuid(), private.device_uuids() to authenticated, device;
grant execute on function public.device_uuid() to authenticated, device;

grant select, insert (uuid, name, workspace_id, owner_user_id, os, model, app_version, connection_type, country, pac_port),
  update (name, workspace_id, owner_user_id, os, model, app_version, connection_type, country, pac_port), delete
on public.devices to authenticated;

create policy "People read the devices of their workspaces" on public.devices
for select to authenticated
using (workspace_id = any ((select private.workspaces_with('devices', 'view'))::uuid[]));

create policy "People with devices:edit add devices to their workspaces" on public.devices
for insert to authenticated
with check (workspace_id = any ((select private.workspaces_with('devices', 'edit'))::uuid[]));

create policy "People with devices:edit change devices of their workspaces" on public.devices
for update to authenticated
using (workspace_id = any ((select private.workspaces_with('devices', 'edit'))::uuid[]))
with check (workspace_id = any ((select private.workspaces_with('devices', 'edit'))::uuid[]));

create policy "People with devices:edit remove devices of their workspaces" on public.devices
for delete to authenticated
using (workspace_id = any ((select private.workspaces_with('devices', 'edit'))::uuid[]));

-- device_uuid is readable by the device because ON CONFLICT (device_uuid) needs the columns it infers by.
grant select on public.device_status to authenticated;
grant select (device_uuid), insert (device_uuid, online, vpn_state, ip_country, last_heartbeat_at),
  update (online, vpn_state, ip_country, last_heartbeat_at)
on public.device_status to device;

create policy "People read the status of devices they may see" on public.device_status
for select to authenticated
using (device_uuid in (select d.uuid from public.devices d));

create policy "A device reads the key of its own status" on public.device_status
for select to device using (device_uuid = any ((select private.device_uuids())::uuid[]));

create policy "A device reports its own status" on public.device_status
for insert to device with check (device_uuid = any ((select private.device_uuids())::uuid[]));

create policy "A device updates its own status" on public.device_status
for update to device
using (device_uuid = any ((select private.device_uuids())::uuid[]))
with check (device_uuid = any ((select private.device_uuids())::uuid[]));

grant select on public.device_jwts to authenticated;

create policy "People read the credentials of devices they may edit" on public.device_jwts
for select to authenticated
using (device_uuid in (
  select d.uuid from public.devices d
  where d.workspace_id = any ((select private.workspaces_with('devices', 'edit'))::uuid[])));
