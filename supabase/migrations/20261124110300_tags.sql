-- Purpose: tags on devices and entries.
-- Affected: public.tags, device_tags, entry_tags.

create table public.tags (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  name extensions.citext not null check (char_length(name::text) between 1 and 60),
  color text check (color ~ '^#[0-9a-f]{6}$'),
  created_at timestamptz not null default now(),
  unique (workspace_id, name)
);
comment on table public.tags is 'Labels of a workspace, for devices and entries.';
comment on column public.tags.id is 'Identity.';
comment on column public.tags.workspace_id is 'The workspace it belongs to.';
comment on column public.tags.name is 'Name, unique in its workspace whatever its case.';
comment on column public.tags.color is 'Colour as #rrggbb.';
comment on column public.tags.created_at is 'When it was made.';
alter table public.tags enable row level security;

grant select, insert (workspace_id, name, color), update (name, color), delete on public.tags to authenticated;
create policy "People read tags of their workspaces" on public.tags
for select to authenticated using (workspace_id = any ((select private.workspaces_with('tags', 'view'))::uuid[]));
create policy "People with tags:edit add tags" on public.tags
for insert to authenticated with check (workspace_id = any ((select private.workspaces_with('tags', 'edit'))::uuid[]));
create policy "People with tags:edit change tags" on public.tags
for update to authenticated
using (workspace_id = any ((select private.workspaces_with('tags', 'edit'))::uuid[]))
with check (workspace_id = any ((select private.workspaces_with('tags', 'edit'))::uuid[]));
create policy "People with tags:edit delete tags" on public.tags
for delete to authenticated using (workspace_id = any ((select private.workspaces_with('tags', 'edit'))::uuid[]));

create table public.device_tags (
  device_uuid uuid not null references public.devices (uuid) on delete cascade,
  tag_id uuid not null references public.tags (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (device_uuid, tag_id)
);
comment on table public.device_tags is 'Tags of devices.';
comment on column public.device_tags.device_uuid is 'The device.';
comment on column public.device_tags.tag_id is 'The tag; of the device''s own workspace.';
comment on column public.device_tags.created_at is 'When it was put on.';
create index device_tags_tag on public.device_tags (tag_id);
alter table public.device_tags enable row level security;

create table public.entry_tags (
  entry_id uuid not null,
  tag_id uuid not null references public.tags (id) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (entry_id, tag_id)
);
comment on table public.entry_tags is 'Tags of entries. No foreign key to entries, which expire by the day; cron removes what is left over.';
comment on column public.entry_tags.entry_id is 'The entry.';
comment on column public.entry_tags.tag_id is 'The tag; of the entry''s own workspace.';
comment on column public.entry_tags.workspace_id is 'Workspace of both, set by a trigger.';
comment on column public.entry_tags.created_at is 'When it was put on.';
create index entry_tags_tag on public.entry_tags (tag_id, entry_id);
create index entry_tags_workspace on public.entry_tags (workspace_id);
alter table public.entry_tags enable row level security;

create function private.keep_tag_within_workspace() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  tagged uuid;
begin
  if tg_table_name = 'device_tags' then
    select d.workspace_id into tagged from public.devices d where d.uuid = new.device_uuid;
  else
    select e.workspace_id into tagged from public.entries e
    where e.id = new.entry_id and e.ts = private.entry_ts(new.entry_id);
    new.workspace_id := tagged;
  end if;
  if tagged is null or not exists (select from public.tags t where t.id = new.tag_id and t.workspace_id = tagged) then
    -- The answer for an id that does not exist.
    raise exception 'insert or update on table "%" violates a foreign key constraint', tg_table_name using errcode = '23503';
  end if;
  return new;
end
$$;
comment on function private.keep_tag_within_workspace() is 'Row trigger: a tag goes on what is of its own workspace.';
create trigger keep_within_workspace before insert or update on public.device_tags
for each row execute function private.keep_tag_within_workspace();
create trigger keep_within_workspace before insert or update on public.entry_tags
for each row execute function private.keep_tag_within_workspace();

grant select, insert (device_uuid, tag_id), delete on public.device_tags to authenticated;
create policy "People read tags of devices of their workspaces" on public.device_tags
for select to authenticated
using (device_uuid in (select d.uuid from public.devices d where d.workspace_id = any ((select private.workspaces_with('devices', 'view'))::uuid[])));
create policy "People with devices:edit tag devices" on public.device_tags
for insert to authenticated
with check (device_uuid in (select d.uuid from public.devices d where d.workspace_id = any ((select private.workspaces_with('devices', 'edit'))::uuid[])));
create policy "People with devices:edit untag devices" on public.device_tags
for delete to authenticated
using (device_uuid in (select d.uuid from public.devices d where d.workspace_id = any ((select private.workspaces_with('devices', 'edit'))::uuid[])));

grant select, insert (entry_id, tag_id), delete on public.entry_tags to authenticated;
create policy "People read tags of entries of their workspaces" on public.entry_tags
for select to authenticated using (workspace_id = any ((select private.workspaces_with('entries', 'view'))::uuid[]));
create policy "People with entries:edit tag entries" on public.entry_tags
for insert to authenticated with check (workspace_id = any ((select private.workspaces_with('entries', 'edit'))::uuid[]));
create policy "People with entries:edit untag entries" on public.entry_tags
for delete to authenticated using (workspace_id = any ((select private.workspaces_with('entries', 'edit'))::uuid[]));

create trigger audit after insert or update or delete on public.tags
for each row execute function private.audit_change('id');
create trigger audit after insert or update or delete on public.device_tags
for each row execute function private.audit_change('device_uuid');
create trigger audit after insert or update or delete on public.entry_tags
for each row execute function private.audit_change('entry_id');
