-- Purpose: services, their domains, and groups of them that settings apply.
-- Affected: public.services, service_domains, service_groups, service_group_services, service_group_includes,
--           expand_service_groups.
-- Special: a row without workspace_id is shared: everybody with services:view reads it, holders of global:edit change it.

create table public.services (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid references public.workspaces (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 120),
  description text not null default '' check (char_length(description) <= 2000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique nulls not distinct (workspace_id, name)
);
comment on table public.services is 'A backend that apps talk to, known by its domains.';
comment on column public.services.id is 'Identity.';
comment on column public.services.workspace_id is 'The workspace it belongs to; null is shared by all.';
comment on column public.services.name is 'Name, unique in its workspace.';
comment on column public.services.description is 'What it is.';
comment on column public.services.created_at is 'When it was made.';
comment on column public.services.updated_at is 'Last change of this row.';
alter table public.services enable row level security;

create table public.service_domains (
  service_id uuid not null references public.services (id) on delete cascade,
  domain private.domain_pattern not null,
  created_at timestamptz not null default now(),
  primary key (service_id, domain)
);
comment on table public.service_domains is 'Domains of a service.';
comment on column public.service_domains.service_id is 'The service.';
comment on column public.service_domains.domain is 'A host in lower case, or *.host for its subdomains.';
comment on column public.service_domains.created_at is 'When it was added.';
alter table public.service_domains enable row level security;

create table public.service_groups (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid references public.workspaces (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 120),
  description text not null default '' check (char_length(description) <= 2000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique nulls not distinct (workspace_id, name)
);
comment on table public.service_groups is 'A reusable set of services and other groups, applied by settings.';
comment on column public.service_groups.id is 'Identity.';
comment on column public.service_groups.workspace_id is 'The workspace it belongs to; null is shared by all.';
comment on column public.service_groups.name is 'Name, unique in its workspace.';
comment on column public.service_groups.description is 'What it is for.';
comment on column public.service_groups.created_at is 'When it was made.';
comment on column public.service_groups.updated_at is 'Last change of this row.';
alter table public.service_groups enable row level security;

create table public.service_group_services (
  group_id uuid not null references public.service_groups (id) on delete cascade,
  service_id uuid not null references public.services (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (group_id, service_id)
);
comment on table public.service_group_services is 'Services in a group.';
comment on column public.service_group_services.group_id is 'The group.';
comment on column public.service_group_services.service_id is 'The service in it.';
comment on column public.service_group_services.created_at is 'When it was added.';
create index service_group_services_service on public.service_group_services (service_id);
alter table public.service_group_services enable row level security;

create table public.service_group_includes (
  group_id uuid not null references public.service_groups (id) on delete cascade,
  included_group_id uuid not null references public.service_groups (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (group_id, included_group_id),
  check (group_id <> included_group_id)
);
comment on table public.service_group_includes is 'Groups within groups; never in a circle.';
comment on column public.service_group_includes.group_id is 'The outer group.';
comment on column public.service_group_includes.included_group_id is 'The group it contains.';
comment on column public.service_group_includes.created_at is 'When it was added.';
create index service_group_includes_included on public.service_group_includes (included_group_id);
alter table public.service_group_includes enable row level security;

create function private.keep_group_within_workspace() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  outer_workspace uuid;
  inner_workspace uuid;
begin
  select g.workspace_id into outer_workspace from public.service_groups g where g.id = new.group_id;
  if tg_table_name = 'service_group_services' then
    select s.workspace_id into inner_workspace from public.services s where s.id = new.service_id;
  else
    select g.workspace_id into inner_workspace from public.service_groups g where g.id = new.included_group_id;
  end if;
  if inner_workspace is not null and inner_workspace is distinct from outer_workspace then
    -- The answer for an id that does not exist.
    raise exception 'insert or update on table "%" violates a foreign key constraint', tg_table_name using errcode = '23503';
  end if;
  return new;
end
$$;
comment on function private.keep_group_within_workspace() is 'Row trigger: a group holds what is of its own workspace or shared.';
create trigger keep_within_workspace before insert or update on public.service_group_services
for each row execute function private.keep_group_within_workspace();
create trigger keep_within_workspace before insert or update on public.service_group_includes
for each row execute function private.keep_group_within_workspace();

create function private.refuse_group_circle() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  -- Two halves of a circle inserted at once would not see each other: one lock decides.
  perform pg_advisory_xact_lock(hashtextextended('busymate: group includes', 0));
  if exists (
    with recursive inner_groups as (
      select new.included_group_id as id
      union
      select i.included_group_id from public.service_group_includes i join inner_groups g on i.group_id = g.id
    )
    select from inner_groups where id = new.group_id
  ) then
    raise exception 'included_group_id: that group contains this one already' using errcode = 'PT409';
  end if;
  return new;
end
$$;
comment on function private.refuse_group_circle() is 'Row trigger: a group may not contain itself by way of others (409).';
create trigger refuse_group_circle before insert or update on public.service_group_includes
for each row execute function private.refuse_group_circle();

create function public.expand_service_groups(group_ids uuid[])
returns table (group_id uuid, service_id uuid, service text, domain text)
language sql stable set search_path = '' rows 200 as $$
  with recursive reached as (
    select g.id as group_id, g.id as inner_id from public.service_groups g where g.id = any ($1)
    union
    select r.group_id, i.included_group_id
    from reached r join public.service_group_includes i on i.group_id = r.inner_id
  )
  select distinct r.group_id, s.id, s.name, d.domain::text
  from reached r
  join public.service_group_services gs on gs.group_id = r.inner_id
  join public.services s on s.id = gs.service_id
  left join public.service_domains d on d.service_id = s.id
  order by 1, 3, 4
$$;
comment on function public.expand_service_groups(uuid[]) is 'Services and domains of groups, nested groups followed, each once a group asked for: (group_id, service_id, service, domain). A service without domains has a null domain.';
grant execute on function public.expand_service_groups(uuid[]) to authenticated;

-- Shared rows are those without workspace; one function says which arrays apply, so that each policy stays one line.
create function private.workspaces_or_shared(section text, action text) returns uuid[]
language sql stable security definer set search_path = '' as $$
  select private.workspaces_with($1, $2) || case
    when private.has_capability($1, $2) and ($2 = 'view' or private.has_capability('global', 'edit'))
    then array['00000000-0000-0000-0000-000000000000'::uuid] else '{}' end
$$;
comment on function private.workspaces_or_shared(text, text) is 'workspaces_with, and the nil uuid where the caller may also use rows that have no workspace: viewing needs the section, changing needs global:edit.';
grant execute on function private.workspaces_or_shared(text, text) to authenticated;

grant select, insert (workspace_id, name, description), update (name, description), delete on public.services to authenticated;
create policy "People read services of their workspaces and shared ones" on public.services
for select to authenticated using (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'view'))::uuid[]));
create policy "People with services:edit add services to their workspaces" on public.services
for insert to authenticated with check (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'edit'))::uuid[]));
create policy "People with services:edit change services of their workspaces" on public.services
for update to authenticated
using (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'edit'))::uuid[]))
with check (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'edit'))::uuid[]));
create policy "People with services:edit delete services of their workspaces" on public.services
for delete to authenticated using (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'edit'))::uuid[]));

grant select, insert (workspace_id, name, description), update (name, description), delete on public.service_groups to authenticated;
create policy "People read groups of their workspaces and shared ones" on public.service_groups
for select to authenticated using (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'view'))::uuid[]));
create policy "People with services:edit add groups to their workspaces" on public.service_groups
for insert to authenticated with check (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'edit'))::uuid[]));
create policy "People with services:edit change groups of their workspaces" on public.service_groups
for update to authenticated
using (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'edit'))::uuid[]))
with check (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'edit'))::uuid[]));
create policy "People with services:edit delete groups of their workspaces" on public.service_groups
for delete to authenticated using (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'edit'))::uuid[]));

grant select, insert (service_id, domain), delete on public.service_domains to authenticated;
create policy "People read domains of services they may see" on public.service_domains
for select to authenticated using (service_id in (select p.id from public.services p where coalesce(p.workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'view'))::uuid[])));
create policy "People with services:edit add domains of services" on public.service_domains
for insert to authenticated with check (service_id in (select p.id from public.services p where coalesce(p.workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'edit'))::uuid[])));
create policy "People with services:edit delete domains of services" on public.service_domains
for delete to authenticated using (service_id in (select p.id from public.services p where coalesce(p.workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'edit'))::uuid[])));

grant select, insert (group_id, service_id), delete on public.service_group_services to authenticated;
create policy "People read services in groups they may see" on public.service_group_services
for select to authenticated using (group_id in (select p.id from public.service_groups p where coalesce(p.workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'view'))::uuid[])));
create policy "People with services:edit add services in groups" on public.service_group_services
for insert to authenticated with check (group_id in (select p.id from public.service_groups p where coalesce(p.workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'edit'))::uuid[])));
create policy "People with services:edit delete services in groups" on public.service_group_services
for delete to authenticated using (group_id in (select p.id from public.service_groups p where coalesce(p.workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'edit'))::uuid[])));

grant select, insert (group_id, included_group_id), delete on public.service_group_includes to authenticated;
create policy "People read groups in groups they may see" on public.service_group_includes
for select to authenticated using (group_id in (select p.id from public.service_groups p where coalesce(p.workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'view'))::uuid[])));
create policy "People with services:edit add groups in groups" on public.service_group_includes
for insert to authenticated with check (group_id in (select p.id from public.service_groups p where coalesce(p.workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'edit'))::uuid[])));
create policy "People with services:edit delete groups in groups" on public.service_group_includes
for delete to authenticated using (group_id in (select p.id from public.service_groups p where coalesce(p.workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('services', 'edit'))::uuid[])));

create trigger touch_updated_at before update on public.services
for each row execute function private.touch_updated_at();
create trigger touch_updated_at before update on public.service_groups
for each row execute function private.touch_updated_at();

create trigger audit after insert or update or delete on public.services
for each row execute function private.audit_change('id');
create trigger audit after insert or update or delete on public.service_domains
for each row execute function private.audit_change('service_id');
create trigger audit after insert or update or delete on public.service_groups
for each row execute function private.audit_change('id');
create trigger audit after insert or update or delete on public.service_group_services
for each row execute function private.audit_change('group_id');
create trigger audit after insert or update or delete on public.service_group_includes
for each row execute function private.audit_change('group_id');
