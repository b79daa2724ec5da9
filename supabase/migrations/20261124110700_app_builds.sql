-- Purpose: builds of the capture apps.
-- Affected: public.app_builds, channel ios:build.

create table public.app_builds (
  id uuid primary key default gen_random_uuid(),
  platform text not null check (platform in ('ios', 'android', 'macos', 'windows', 'linux')),
  version text not null check (version ~ '^[0-9]+(\.[0-9]+){0,3}$'),
  build integer not null check (build > 0),
  notes text not null default '' check (char_length(notes) <= 10000),
  created_at timestamptz not null default now(),
  unique (platform, build)
);
comment on table public.app_builds is 'Published builds of the capture apps.';
comment on column public.app_builds.id is 'Identity.';
comment on column public.app_builds.platform is 'ios, android, macos, windows or linux.';
comment on column public.app_builds.version is 'Version for people.';
comment on column public.app_builds.build is 'Build number, unique on its platform.';
comment on column public.app_builds.notes is 'What is new.';
comment on column public.app_builds.created_at is 'When it was published.';
alter table public.app_builds enable row level security;

grant select, insert (platform, version, build, notes), update (version, notes), delete on public.app_builds to authenticated;
create policy "People with releases:view read the builds" on public.app_builds
for select to authenticated using ((select private.has_capability('releases', 'view')));
create policy "People with releases:edit publish builds" on public.app_builds
for insert to authenticated with check ((select private.has_capability('releases', 'edit')));
create policy "People with releases:edit change builds" on public.app_builds
for update to authenticated
using ((select private.has_capability('releases', 'edit'))) with check ((select private.has_capability('releases', 'edit')));
create policy "People with releases:edit delete builds" on public.app_builds
for delete to authenticated using ((select private.has_capability('releases', 'edit')));

create function private.announce_build() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.platform = 'ios' then
    perform realtime.send(jsonb_build_object('version', new.version, 'build', new.build), 'INSERT', 'ios:build', true);
  end if;
  return null;
end
$$;
comment on function private.announce_build() is 'Row trigger: a new iOS build is announced on ios:build.';
create trigger announce_build after insert on public.app_builds
for each row execute function private.announce_build();

create trigger audit after insert or update or delete on public.app_builds
for each row execute function private.audit_change('id');
