-- Purpose: scripts that capture clients run on exchanges.
-- Affected: public.scripts.

create table public.scripts (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid references public.workspaces (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 120),
  description text not null default '' check (char_length(description) <= 2000),
  phase text not null default 'request' check (phase in ('request', 'response', 'both')),
  url_pattern private.url_pattern not null default '*',
  source text not null check (char_length(source) between 1 and 100000),
  enabled boolean not null default true,
  position integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique nulls not distinct (workspace_id, name)
);
comment on table public.scripts is 'JavaScript that capture clients run on matching exchanges, in order of position.';
comment on column public.scripts.id is 'Identity.';
comment on column public.scripts.workspace_id is 'The workspace it belongs to; null is shared by all.';
comment on column public.scripts.name is 'Name, unique in its workspace.';
comment on column public.scripts.description is 'What it does.';
comment on column public.scripts.phase is 'On what it runs: request, response or both.';
comment on column public.scripts.url_pattern is 'URL wildcard of the exchanges it runs on.';
comment on column public.scripts.source is 'The program.';
comment on column public.scripts.enabled is 'Whether it runs.';
comment on column public.scripts.position is 'Order among scripts, lowest first.';
comment on column public.scripts.created_at is 'When it was made.';
comment on column public.scripts.updated_at is 'Last change of this row.';
create index scripts_workspace on public.scripts (workspace_id, position);
alter table public.scripts enable row level security;

grant select, insert (workspace_id, name, description, phase, url_pattern, source, enabled, position), update (name, description, phase, url_pattern, source, enabled, position), delete on public.scripts to authenticated;
create policy "People read scripts of their workspaces and shared ones" on public.scripts
for select to authenticated using (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('scripts', 'view'))::uuid[]));
create policy "People with scripts:edit add scripts" on public.scripts
for insert to authenticated with check (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('scripts', 'edit'))::uuid[]));
create policy "People with scripts:edit change scripts" on public.scripts
for update to authenticated
using (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('scripts', 'edit'))::uuid[]))
with check (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('scripts', 'edit'))::uuid[]));
create policy "People with scripts:edit delete scripts" on public.scripts
for delete to authenticated using (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('scripts', 'edit'))::uuid[]));

create trigger touch_updated_at before update on public.scripts
for each row execute function private.touch_updated_at();

create trigger audit after insert or update or delete on public.scripts
for each row execute function private.audit_change('id');
