-- Purpose: the pool of upstream proxies.
-- Affected: public.upstream_proxies; event UPDATE on settings:all.
-- Special: the password is write-only: it goes to private.proxy_passwords and reads back as a mask.

create table public.upstream_proxies (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid references public.workspaces (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 120),
  protocol text not null default 'http' check (protocol in ('http', 'https', 'socks5')),
  host private.host_name not null,
  port private.port_number not null,
  username text check (char_length(username) <= 200),
  password text check (char_length(password) <= 500),
  country text check (country ~ '^[A-Z]{2}$'),
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique nulls not distinct (workspace_id, name)
);
comment on table public.upstream_proxies is 'Proxies that traffic can be sent on through.';
comment on column public.upstream_proxies.id is 'Identity.';
comment on column public.upstream_proxies.workspace_id is 'The workspace it belongs to; null is shared by all.';
comment on column public.upstream_proxies.name is 'Name, unique in its workspace.';
comment on column public.upstream_proxies.protocol is 'http, https or socks5.';
comment on column public.upstream_proxies.host is 'Host name or address.';
comment on column public.upstream_proxies.port is 'Port.';
comment on column public.upstream_proxies.username is 'User name, if it asks for one.';
comment on column public.upstream_proxies.password is 'Write-only; reads back as ******** when there is one.';
comment on column public.upstream_proxies.country is 'ISO 3166 country it comes out in.';
comment on column public.upstream_proxies.enabled is 'Whether it may be used.';
comment on column public.upstream_proxies.created_at is 'When it was made.';
comment on column public.upstream_proxies.updated_at is 'Last change of this row.';
alter table public.upstream_proxies enable row level security;

create function private.mask_upstream_password() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'DELETE' then
    perform private.forget_password('upstream', old.id);
    return old;
  end if;
  new.password := private.keep_password('upstream', new.id, new.password, new.host, new.port::text);
  return new;
end
$$;
comment on function private.mask_upstream_password() is 'Row trigger: the password goes to its own table and leaves a mask.';
create trigger mask_password before insert or update or delete on public.upstream_proxies
for each row execute function private.mask_upstream_password();

grant select, insert (workspace_id, name, protocol, host, port, username, password, country, enabled), update (name, protocol, host, port, username, password, country, enabled), delete on public.upstream_proxies to authenticated;
create policy "People read proxies of their workspaces and shared ones" on public.upstream_proxies
for select to authenticated using (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('proxies', 'view'))::uuid[]));
create policy "People with proxies:edit add proxies" on public.upstream_proxies
for insert to authenticated with check (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('proxies', 'edit'))::uuid[]));
create policy "People with proxies:edit change proxies" on public.upstream_proxies
for update to authenticated
using (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('proxies', 'edit'))::uuid[]))
with check (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('proxies', 'edit'))::uuid[]));
create policy "People with proxies:edit delete proxies" on public.upstream_proxies
for delete to authenticated using (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('proxies', 'edit'))::uuid[]));

create trigger touch_updated_at before update on public.upstream_proxies
for each row execute function private.touch_updated_at();

create trigger audit after insert or update or delete on public.upstream_proxies
for each row execute function private.audit_change('id');

-- Settings may name a proxy of the pool: devices that use it read it with them.
create function private.announce_proxy_change() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform realtime.send('{"scope": "proxies"}', 'UPDATE', 'settings:all', true);
  return null;
end
$$;
comment on function private.announce_proxy_change() is 'Statement trigger: a proxy of the pool changed or went, so settings that name it have.';
create trigger announce_proxy_change after update or delete on public.upstream_proxies
for each statement execute function private.announce_proxy_change();
