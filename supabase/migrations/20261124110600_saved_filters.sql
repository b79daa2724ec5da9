-- Purpose: filters that people keep.
-- Affected: public.saved_filters.

create table public.saved_filters (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  user_id uuid references public.profiles (id) on delete set null,
  name text not null check (char_length(name) between 1 and 120),
  filter jsonb not null,
  text text not null default '' check (char_length(text) <= 4000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace_id, name)
);
comment on table public.saved_filters is 'Named filters of a workspace.';
comment on column public.saved_filters.id is 'Identity.';
comment on column public.saved_filters.workspace_id is 'The workspace it belongs to.';
comment on column public.saved_filters.user_id is 'Who made it.';
comment on column public.saved_filters.name is 'Name, unique in its workspace.';
comment on column public.saved_filters.filter is 'The filter as entries_search takes it; checked when saved.';
comment on column public.saved_filters.text is 'The filter in its text form, as typed.';
comment on column public.saved_filters.created_at is 'When it was made.';
comment on column public.saved_filters.updated_at is 'Last change of this row.';
create index saved_filters_user on public.saved_filters (user_id);
alter table public.saved_filters enable row level security;

create function private.check_saved_filter() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.filter_sql(new.filter, scope => 'search');
  if tg_op = 'INSERT' then
    new.user_id := private.user_id();
  end if;
  return new;
end
$$;
comment on function private.check_saved_filter() is 'Row trigger: only a filter that can be run can be saved (400 with the position otherwise).';
create trigger check_filter before insert or update on public.saved_filters
for each row execute function private.check_saved_filter();

grant select, insert (workspace_id, name, filter, text), update (name, filter, text), delete on public.saved_filters to authenticated;
create policy "People read saved filters of their workspaces" on public.saved_filters
for select to authenticated using (workspace_id = any ((select private.workspaces_with('entries', 'view'))::uuid[]));
create policy "People with entries:edit add saved filters" on public.saved_filters
for insert to authenticated with check (workspace_id = any ((select private.workspaces_with('entries', 'edit'))::uuid[]));
create policy "People with entries:edit change saved filters" on public.saved_filters
for update to authenticated
using (workspace_id = any ((select private.workspaces_with('entries', 'edit'))::uuid[]))
with check (workspace_id = any ((select private.workspaces_with('entries', 'edit'))::uuid[]));
create policy "People with entries:edit delete saved filters" on public.saved_filters
for delete to authenticated using (workspace_id = any ((select private.workspaces_with('entries', 'edit'))::uuid[]));

create trigger touch_updated_at before update on public.saved_filters
for each row execute function private.touch_updated_at();

create trigger audit after insert or update or delete on public.saved_filters
for each row execute function private.audit_change('id');
