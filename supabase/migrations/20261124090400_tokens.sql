-- Purpose: what makes an access token live: its grant and its row.
-- Affected: private.grants, public.api_tokens.
-- Special: a first-party grant hangs on the Auth session it was exchanged for. It is not copied: liveness looks the
--          session up, so that signing out ends every token of it at once, without a trigger in schema auth.

create table private.grants (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.profiles (id) on delete cascade,
  client_id text not null,
  scope text not null,
  auth_session_id uuid,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz
);
comment on table private.grants is 'What a person allowed a client to do; the session_id claim of its tokens. Revoking it ends them all.';
comment on column private.grants.id is 'Identity; the session_id claim, deliberately not a session of Supabase Auth.';
comment on column private.grants.user_id is 'Who granted.';
comment on column private.grants.client_id is 'To which client; dashboard for the product''s own web app.';
comment on column private.grants.scope is 'Scopes granted, separated by spaces.';
comment on column private.grants.auth_session_id is 'For first-party grants the Auth session that was exchanged; the grant lives while that row exists.';
comment on column private.grants.created_at is 'When it was granted.';
comment on column private.grants.expires_at is 'End of the grant, if it has one.';
comment on column private.grants.revoked_at is 'When it was revoked, if it was.';
create index grants_user on private.grants (user_id);
create unique index grants_one_per_session on private.grants (auth_session_id) where auth_session_id is not null;
alter table private.grants enable row level security;

create table public.api_tokens (
  jti uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.profiles (id) on delete cascade,
  grant_id uuid not null references private.grants (id) on delete cascade,
  client_id text not null,
  label text not null check (label in ('dashboard', 'oauth', 'service', 'telegram')),
  scope text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);
comment on table public.api_tokens is 'Every access token minted, by its jti. A token works while its row is neither expired nor revoked and its grant lives. No token material is kept.';
comment on column public.api_tokens.jti is 'The token''s jti claim.';
comment on column public.api_tokens.user_id is 'The person it acts for (claim sub).';
comment on column public.api_tokens.grant_id is 'The grant it was issued under (claim session_id).';
comment on column public.api_tokens.client_id is 'The client it was issued to.';
comment on column public.api_tokens.label is 'How it came about: dashboard (session exchange), oauth, service or telegram.';
comment on column public.api_tokens.scope is 'Scopes, separated by spaces. This column decides, not the claim.';
comment on column public.api_tokens.created_at is 'When it was minted.';
comment on column public.api_tokens.expires_at is 'Its exp claim.';
comment on column public.api_tokens.revoked_at is 'When it was revoked, if it was.';
create index api_tokens_user on public.api_tokens (user_id, created_at desc);
create index api_tokens_grant on public.api_tokens (grant_id);
create index api_tokens_expiry on public.api_tokens (expires_at);
alter table public.api_tokens enable row level security;
