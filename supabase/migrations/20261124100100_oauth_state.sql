-- Purpose: what the authorization server remembers.
-- Affected: private.oauth_clients, authorization_requests, authorization_codes, refresh_tokens.
-- Special: request ids, codes, refresh tokens and client secrets are kept as SHA-256 alone (RFC 9700 section 4.10);
--          each of them is at least 128 random bits, so a plain hash is enough.

create table private.oauth_clients (
  client_id text primary key,
  kind text not null check (kind in ('registered', 'document', 'service')),
  name text not null check (char_length(name) <= 200),
  redirect_uris text[] not null default '{}',
  auth_method text not null check (auth_method in ('none', 'client_secret_basic', 'client_secret_post')),
  secret_hash text check (secret_hash ~ '^[0-9a-f]{64}$'),
  metadata jsonb not null default '{}',
  fingerprint text,
  service_account_id uuid references public.service_accounts (id) on delete cascade,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  expires_at timestamptz,
  check ((auth_method = 'none') = (secret_hash is null)),
  check ((kind = 'service') = (service_account_id is not null))
);
comment on table private.oauth_clients is 'OAuth clients: registered ones (RFC 7591), cached Client ID Metadata Documents, and those of service accounts.';
comment on column private.oauth_clients.client_id is 'A uuid for registered clients and services, the https URL for documents.';
comment on column private.oauth_clients.kind is 'registered, document or service.';
comment on column private.oauth_clients.name is 'What the client calls itself; self-asserted.';
comment on column private.oauth_clients.redirect_uris is 'Where a response may be sent; compared exactly, loopback ones but for the port.';
comment on column private.oauth_clients.auth_method is 'How it authenticates at the token endpoint.';
comment on column private.oauth_clients.secret_hash is 'SHA-256 of its secret, hex; none for public clients.';
comment on column private.oauth_clients.metadata is 'Registered values, echoed.';
comment on column private.oauth_clients.fingerprint is 'Digest of a public registration: an identical one gets the same client.';
comment on column private.oauth_clients.service_account_id is 'The account that a service client acts for.';
comment on column private.oauth_clients.created_at is 'When it was registered or first fetched.';
comment on column private.oauth_clients.last_used_at is 'When a person last approved it or it last got a token.';
comment on column private.oauth_clients.expires_at is 'Unused registrations: when they go. Documents: until when the copy is fresh.';
create unique index oauth_clients_fingerprint on private.oauth_clients (fingerprint) where fingerprint is not null;
create index oauth_clients_service on private.oauth_clients (service_account_id) where service_account_id is not null;
create index oauth_clients_expiry on private.oauth_clients (expires_at) where expires_at is not null;
alter table private.oauth_clients enable row level security;

create table private.authorization_requests (
  rid_hash text primary key check (rid_hash ~ '^[0-9a-f]{64}$'),
  client_id text not null references private.oauth_clients (client_id) on delete cascade,
  redirect_uri text not null,
  state text,
  scope text not null,
  resource text not null,
  code_challenge text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '10 minutes',
  decided_at timestamptz
);
comment on table private.authorization_requests is 'Authorization requests waiting for a person''s decision, by the hash of their opaque id.';
comment on column private.authorization_requests.rid_hash is 'SHA-256 of the request id.';
comment on column private.authorization_requests.client_id is 'Who asks.';
comment on column private.authorization_requests.redirect_uri is 'Where the answer goes.';
comment on column private.authorization_requests.state is 'Returned unchanged.';
comment on column private.authorization_requests.scope is 'Scopes asked for.';
comment on column private.authorization_requests.resource is 'Resource the token is for (RFC 8707).';
comment on column private.authorization_requests.code_challenge is 'S256 challenge (RFC 7636).';
comment on column private.authorization_requests.created_at is 'When it arrived.';
comment on column private.authorization_requests.expires_at is 'Ten minutes later.';
comment on column private.authorization_requests.decided_at is 'When it was approved or denied; once.';
create index authorization_requests_client on private.authorization_requests (client_id);
create index authorization_requests_expiry on private.authorization_requests (expires_at);
alter table private.authorization_requests enable row level security;

create table private.authorization_codes (
  code_hash text primary key check (code_hash ~ '^[0-9a-f]{64}$'),
  grant_id uuid not null references private.grants (id) on delete cascade,
  client_id text not null,
  redirect_uri text not null,
  scope text not null,
  resource text not null,
  code_challenge text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '60 seconds',
  redeemed_at timestamptz
);
comment on table private.authorization_codes is 'Authorization codes: one minute, once, bound to everything the request said.';
comment on column private.authorization_codes.code_hash is 'SHA-256 of the code.';
comment on column private.authorization_codes.grant_id is 'The grant it stands for; a replay revokes it.';
comment on column private.authorization_codes.client_id is 'Who may redeem it.';
comment on column private.authorization_codes.redirect_uri is 'Where it was sent; a token request that names one has to name this.';
comment on column private.authorization_codes.scope is 'Scopes granted.';
comment on column private.authorization_codes.resource is 'Resource granted.';
comment on column private.authorization_codes.code_challenge is 'S256 challenge that the verifier has to meet.';
comment on column private.authorization_codes.created_at is 'When it was issued.';
comment on column private.authorization_codes.expires_at is 'A minute later.';
comment on column private.authorization_codes.redeemed_at is 'When it was redeemed; once.';
create index authorization_codes_grant on private.authorization_codes (grant_id);
create index authorization_codes_expiry on private.authorization_codes (expires_at);
alter table private.authorization_codes enable row level security;

create table private.refresh_tokens (
  token_hash text primary key check (token_hash ~ '^[0-9a-f]{64}$'),
  grant_id uuid not null references private.grants (id) on delete cascade,
  client_id text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '30 days',
  rotated_at timestamptz
);
comment on table private.refresh_tokens is 'Refresh tokens of grants; each is replaced when used, and using a replaced one revokes the grant.';
comment on column private.refresh_tokens.token_hash is 'SHA-256 of the token.';
comment on column private.refresh_tokens.grant_id is 'The grant it renews.';
comment on column private.refresh_tokens.client_id is 'Who may use it.';
comment on column private.refresh_tokens.created_at is 'When it was issued.';
comment on column private.refresh_tokens.expires_at is 'Thirty idle days later; a grant also ends a year after consent.';
comment on column private.refresh_tokens.rotated_at is 'When it was replaced, if it was.';
create index refresh_tokens_grant on private.refresh_tokens (grant_id);
create index refresh_tokens_expiry on private.refresh_tokens (expires_at);
alter table private.refresh_tokens enable row level security;
