-- Purpose: product roles and the capabilities they hold.
-- Affected: public.roles, public.role_capabilities and their built-in rows. Policies follow with the access helpers.

create table public.roles (
  name text primary key check (name ~ '^[a-z][a-z0-9_-]{0,62}$'),
  description text not null default '' check (char_length(description) <= 500),
  built_in boolean not null default false,
  created_at timestamptz not null default now()
);
comment on table public.roles is 'Named sets of capabilities. admin, member and viewer are built in; others are made by people with roles:edit.';
comment on column public.roles.name is 'Identifier of the role, as profiles.role and the token claim user_role carry it.';
comment on column public.roles.description is 'What the role is for, shown where roles are chosen.';
comment on column public.roles.built_in is 'Built-in roles can be neither renamed nor deleted.';
comment on column public.roles.created_at is 'When the role was made.';

create table public.role_capabilities (
  role text not null references public.roles (name) on update cascade on delete cascade,
  section text not null check (section in (
    'global', 'devices', 'entries', 'secrets', 'breakpoints', 'scripts', 'settings', 'services', 'tags',
    'workspaces', 'proxies', 'agents', 'users', 'roles', 'tokens', 'stats', 'status', 'audit', 'releases')),
  action text not null check (action in ('view', 'edit')),
  primary key (role, section)
);
comment on table public.role_capabilities is 'Which sections a role may view or edit. One row a section: edit implies view.';
comment on column public.role_capabilities.role is 'The role that holds the capability.';
comment on column public.role_capabilities.section is 'Part of the product the capability is about.';
comment on column public.role_capabilities.action is 'view or edit; edit implies view.';

insert into public.roles (name, description, built_in) values
  ('admin', 'Everything, including operations that no other role can be given.', true),
  ('member', 'Works with their own workspaces: devices, captures, settings, breakpoints, scripts, services.', true),
  ('viewer', 'Reads their workspaces; sees neither raw secrets nor proxies.', true);

insert into public.role_capabilities (role, section, action)
select 'admin', section, 'edit'
from unnest(array[
  'global', 'devices', 'entries', 'secrets', 'breakpoints', 'scripts', 'settings', 'services', 'tags',
  'workspaces', 'proxies', 'agents', 'users', 'roles', 'tokens', 'stats', 'status', 'audit', 'releases']) as section
union all
select 'member', section, 'edit'
from unnest(array[
  'devices', 'entries', 'breakpoints', 'scripts', 'settings', 'services', 'tags', 'workspaces', 'proxies',
  'agents']) as section
union all
select 'member', section, 'view' from unnest(array['secrets', 'releases']) as section
union all
select 'viewer', section, 'view'
from unnest(array[
  'devices', 'entries', 'breakpoints', 'scripts', 'settings', 'services', 'tags', 'workspaces', 'agents',
  'releases']) as section;

alter table public.roles enable row level security;
alter table public.role_capabilities enable row level security;
