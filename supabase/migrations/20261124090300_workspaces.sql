-- Purpose: workspaces, their members, and the personal workspace that every account has.
-- Affected: public.workspaces, public.workspace_members, triggers on them and on auth.users.

create table public.workspaces (
  id uuid primary key default gen_random_uuid(),
  name text not null check (char_length(name) between 1 and 120),
  owner_user_id uuid not null references public.profiles (id) on delete cascade,
  personal boolean not null default false,
  retention_days integer not null default 30 check (retention_days between 1 and 30),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.workspaces is 'The unit of sharing: devices and captures belong to one, and its id names the live channel ws:<id>.';
comment on column public.workspaces.id is 'Identity; part of the channel name ws:<id>.';
comment on column public.workspaces.name is 'Name shown to members.';
comment on column public.workspaces.owner_user_id is 'Who alone (besides admins) manages members, retention and clearing.';
comment on column public.workspaces.personal is 'The workspace an account got when it was made; cannot be deleted while the account exists.';
comment on column public.workspaces.retention_days is 'Days a capture is kept, counted from its arrival (1 to 30).';
comment on column public.workspaces.created_at is 'When the workspace was made.';
comment on column public.workspaces.updated_at is 'Last change of this row.';
create index workspaces_owner on public.workspaces (owner_user_id);
create unique index workspaces_one_personal on public.workspaces (owner_user_id) where personal;
alter table public.workspaces enable row level security;

create trigger touch_updated_at before update on public.workspaces
for each row execute function private.touch_updated_at();

create table public.workspace_members (
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (workspace_id, user_id)
);
comment on table public.workspace_members is 'Who belongs to a workspace, its owner included. What a member may do there is decided by their role.';
comment on column public.workspace_members.workspace_id is 'The workspace.';
comment on column public.workspace_members.user_id is 'The person who belongs to it.';
comment on column public.workspace_members.created_at is 'Since when.';
create index workspace_members_user on public.workspace_members (user_id, workspace_id);
alter table public.workspace_members enable row level security;

create function private.enrol_owner() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.workspace_members (workspace_id, user_id)
  values (new.id, new.owner_user_id)
  on conflict do nothing;
  return null;
end
$$;
comment on function private.enrol_owner() is 'Row trigger: a workspace''s owner is always one of its members.';

create trigger enrol_owner after insert or update of owner_user_id on public.workspaces
for each row execute function private.enrol_owner();

create function private.keep_owner_enrolled() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  -- Deleting the workspace or the account cascades here first; then the workspace or profile is already gone.
  if exists (
    select from public.workspaces w join public.profiles p on p.id = w.owner_user_id
    where w.id = old.workspace_id and w.owner_user_id = old.user_id
  ) then
    raise exception 'workspace_members: the owner cannot leave; make someone else the owner first'
      using errcode = 'PT409';
  end if;
  return old;
end
$$;
comment on function private.keep_owner_enrolled() is 'Row trigger: refuses to remove a workspace''s owner from its members (409).';

create trigger keep_owner_enrolled before delete on public.workspace_members
for each row execute function private.keep_owner_enrolled();

-- Every account gets its profile and personal workspace in the transaction that makes the account.
create function private.welcome_account() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles (id, email, display_name)
  values (
    new.id, new.email,
    left(coalesce(nullif(new.raw_user_meta_data ->> 'name', ''), split_part(coalesce(new.email, ''), '@', 1)), 120));
  insert into public.workspaces (name, owner_user_id, personal)
  values ('Personal', new.id, true);
  return null;
end
$$;
comment on function private.welcome_account() is 'Row trigger on auth.users: makes the profile (role member) and the personal workspace of a new account.';

create trigger busymate_welcome_account after insert on auth.users
for each row execute function private.welcome_account();

create function private.follow_email() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.profiles set email = new.email where id = new.id;
  return null;
end
$$;
comment on function private.follow_email() is 'Row trigger on auth.users: copies a changed e-mail address to the profile.';

create trigger busymate_follow_email after update of email on auth.users
for each row when (old.email is distinct from new.email) execute function private.follow_email();
