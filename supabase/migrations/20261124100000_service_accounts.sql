-- Purpose: accounts for what runs unattended: the status agent, integrations.
-- Affected: public.service_accounts; api_tokens and private.grants may now belong to one; private.caller and what asks it.
-- Special: a service account has a role and no person: it belongs to no workspace, so it reaches rows of workspaces
--          only through a role with global, and everything else by the capabilities of its role.

create table public.service_accounts (
  id uuid primary key default gen_random_uuid(),
  name text not null unique check (char_length(name) between 1 and 120),
  role text not null references public.roles (name) on update cascade,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  disabled_at timestamptz
);
comment on table public.service_accounts is 'Accounts of programs. They get tokens by client_credentials with a client id and secret of their own.';
comment on column public.service_accounts.id is 'Identity; the sub of its tokens.';
comment on column public.service_accounts.name is 'What it is for.';
comment on column public.service_accounts.role is 'The role whose capabilities it holds.';
comment on column public.service_accounts.created_by is 'Who made it.';
comment on column public.service_accounts.created_at is 'When it was made.';
comment on column public.service_accounts.disabled_at is 'When it was switched off, if it was: its tokens stop at once.';
create index service_accounts_role on public.service_accounts (role);
create index service_accounts_creator on public.service_accounts (created_by);
alter table public.service_accounts enable row level security;
create trigger audit after insert or update or delete on public.service_accounts
for each row execute function private.audit_change('id');

-- Before the first release nobody is blocked: both tables are empty when this runs.
alter table private.grants
  -- squawk-ignore ban-drop-not-null
  alter column user_id drop not null,
  -- squawk-ignore adding-foreign-key-constraint
  add column service_account_id uuid references public.service_accounts (id) on delete cascade,
  -- squawk-ignore constraint-missing-not-valid
  add constraint grants_one_subject check (num_nonnulls(user_id, service_account_id) = 1);
comment on column private.grants.service_account_id is 'The service account it belongs to, instead of a person.';
-- squawk-ignore require-concurrent-index-creation
create index grants_service_account on private.grants (service_account_id);

alter table public.api_tokens
  -- squawk-ignore ban-drop-not-null
  alter column user_id drop not null,
  -- squawk-ignore adding-foreign-key-constraint
  add column service_account_id uuid references public.service_accounts (id) on delete cascade,
  -- squawk-ignore constraint-missing-not-valid
  add constraint api_tokens_one_subject check (num_nonnulls(user_id, service_account_id) = 1);
comment on column public.api_tokens.service_account_id is 'The service account it acts for, instead of a person.';
-- squawk-ignore require-concurrent-index-creation
create index api_tokens_service_account on public.api_tokens (service_account_id);

create or replace function private.caller(out user_id uuid, out role text, out scopes text[])
language plpgsql stable security definer set search_path = '' as $$
declare
  claims constant jsonb := private.claims();
begin
  if claims ->> 'role' is distinct from 'authenticated'
    or (claims -> 'aud' ?& array['authenticated', claims ->> 'iss']) is not true
    or (claims ->> 'exp')::numeric <= extract(epoch from now())
    or (claims ->> 'nbf')::numeric > extract(epoch from now())
    or not coalesce(pg_input_is_valid(claims ->> 'jti', 'uuid'), false)
    or not coalesce(pg_input_is_valid(claims ->> 'sub', 'uuid'), false)
  then
    return;
  end if;
  select t.user_id, coalesce(p.role, s.role), string_to_array(t.scope, ' ')
  into user_id, role, scopes
  from public.api_tokens t
  join private.grants g on g.id = t.grant_id
  left join public.profiles p on p.id = t.user_id
  left join public.service_accounts s on s.id = t.service_account_id and s.disabled_at is null
  where t.jti = (claims ->> 'jti')::uuid
    and (claims ->> 'sub')::uuid in (p.id, s.id)
    and t.revoked_at is null
    and t.expires_at > now()
    and g.revoked_at is null
    and (g.expires_at is null or g.expires_at > now())
    and (g.auth_session_id is null or exists (select from auth.sessions a where a.id = g.auth_session_id));
end
$$;
comment on function private.caller() is 'Who holds a live access token: their role and the token''s scopes, and for a person their id. All null otherwise (device, anonymous, expired, revoked, foreign).';

create or replace function private.workspaces_with(section text, action text) returns uuid[]
language plpgsql stable security definer set search_path = '' as $$
declare
  c record;
begin
  select * into c from private.caller();
  if not private.allows(c.role, c.scopes, section, action) then
    return '{}';
  end if;
  if private.allows(c.role, c.scopes, 'global', action) then
    return array(select w.id from public.workspaces w);
  end if;
  return array(select m.workspace_id from public.workspace_members m where m.user_id = c.user_id);
end
$$;

create function private.is_signed_in() returns boolean
language sql stable security definer set search_path = '' as $$
  select c.role is not null from private.caller() c
$$;
comment on function private.is_signed_in() is 'Whether the caller is a person or service account with a live token.';
grant execute on function private.is_signed_in() to authenticated, device, service_role;

create or replace function internal.admit(
  credential jsonb, bucket text, bucket_key text, capacity integer, per_seconds integer, cost integer default 1)
returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  kind constant text := credential ->> 'kind';
  subject uuid;
  taken record;
begin
  -- The same liveness that policies use, asked for the credential in hand instead of the request's own. Whom it was
  -- made for (iss, aud) the function has checked already.
  perform set_config('request.jwt.claims', case kind
    when 'person' then jsonb_build_object('role', 'authenticated', 'iss', 'checked', 'aud', array['checked', 'authenticated'],
      'jti', credential ->> 'jti', 'sub', credential ->> 'sub')
    when 'device' then jsonb_build_object('role', 'device', 'aud', array['device'], 'sub', credential ->> 'id',
      'app_metadata', jsonb_build_object('device_uuid', credential ->> 'device_uuid'))
    else '{}'::jsonb end::text, true);
  subject := case kind
    when 'person' then case when private.is_signed_in() then (credential ->> 'sub')::uuid end
    when 'device' then (select c.id from private.device_credential() c) end;
  if subject is null and kind is distinct from 'none' then
    return jsonb_build_object('live', false, 'allowed', false);
  end if;
  select * into taken from private.take(bucket || ':' || coalesce(subject::text, bucket_key), capacity, per_seconds, cost);
  return jsonb_build_object('live', subject is not null, 'allowed', taken.allowed, 'limit', capacity,
    'remaining', taken.remaining, 'reset_seconds', taken.reset_seconds, 'subject', subject);
end
$$;

create or replace function private.check_request() returns void
language plpgsql stable security definer set search_path = '' as $$
declare
  claims constant jsonb := private.claims();
begin
  case claims ->> 'role'
    when 'authenticated' then
      if not private.is_signed_in() or claims ->> 'exp' is null then
        raise exception 'the access token is expired, revoked or not one of Busymate''s'
          using errcode = 'PT401', hint = 'Get a new token from the authorization server.';
      end if;
    when 'device' then
      if private.device_uuid() is null or claims ->> 'exp' is null then
        raise exception 'the device credential is expired or revoked'
          using errcode = 'PT401', hint = 'Pair the device again.';
      end if;
    when 'service_role', 'anon' then
      null; -- service_role is the secret key; anon holds no privilege, so PostgREST answers 401 by itself.
    else
      if claims <> '{}' then
        raise exception 'the token names no role this API knows' using errcode = 'PT401';
      end if;
  end case;
end
$$;

grant select, insert (name, role), update (name, role, disabled_at), delete on public.service_accounts to authenticated;

create policy "People with tokens:view read the service accounts" on public.service_accounts
for select to authenticated using ((select private.has_capability('tokens', 'view')));
create policy "Admins make service accounts" on public.service_accounts
for insert to authenticated with check ((select private.is_admin()));
create policy "Admins change service accounts" on public.service_accounts
for update to authenticated using ((select private.is_admin())) with check ((select private.is_admin()));
create policy "Admins delete service accounts" on public.service_accounts
for delete to authenticated using ((select private.is_admin()));

create function private.stamp_creator() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  new.created_by := private.user_id();
  return new;
end
$$;
comment on function private.stamp_creator() is 'Row trigger: records the person calling as created_by.';
create trigger stamp_creator before insert on public.service_accounts
for each row execute function private.stamp_creator();
