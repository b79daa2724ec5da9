-- Purpose: one profile per account, made when the account is.
-- Affected: public.profiles, private.touch_updated_at(), private.create_profile(), trigger on auth.users.

create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  email text,
  display_name text not null default '' check (char_length(display_name) <= 120),
  role text not null default 'member' references public.roles (name) on update cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.profiles is 'A person: what the product knows of an account. Own row always readable; others need users:view.';
comment on column public.profiles.id is 'The account in Supabase Auth; also the sub of the access token.';
comment on column public.profiles.email is 'Copy of the account''s e-mail address, kept up to date by a trigger.';
comment on column public.profiles.display_name is 'Name shown to others.';
comment on column public.profiles.role is 'The role whose capabilities the person holds.';
comment on column public.profiles.created_at is 'When the account was made.';
comment on column public.profiles.updated_at is 'Last change of this row.';
create index profiles_role on public.profiles (role);
alter table public.profiles enable row level security;

create function private.touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := now();
  return new;
end
$$;
comment on function private.touch_updated_at() is 'Row trigger: stamps updated_at.';

create trigger touch_updated_at before update on public.profiles
for each row execute function private.touch_updated_at();
