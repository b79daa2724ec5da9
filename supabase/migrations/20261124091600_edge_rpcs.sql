-- Purpose: what edge functions ask the database for on their own account: tokens, pairing, liveness, limits.
-- Affected: schema internal, private.rate_buckets, private.pairing_codes.
-- Special: callable by service_role alone. Every race is decided in one statement.

create unlogged table private.rate_buckets (
  key text primary key,
  tokens double precision not null,
  allowed boolean not null,
  refilled_at timestamptz not null
);
comment on table private.rate_buckets is 'Token buckets of the rate limits. Unlogged: three times the speed, and a crash only refills them.';
comment on column private.rate_buckets.key is 'bucket:subject.';
comment on column private.rate_buckets.tokens is 'Tokens left at refilled_at.';
comment on column private.rate_buckets.allowed is 'Whether the last request found enough tokens.';
comment on column private.rate_buckets.refilled_at is 'When the bucket was last looked at.';
alter table private.rate_buckets enable row level security;

create function private.take(key text, capacity integer, per_seconds integer, cost integer)
returns table (allowed boolean, remaining integer, reset_seconds integer)
language sql volatile security definer set search_path = '' as $$
  insert into private.rate_buckets as b (key, tokens, allowed, refilled_at)
  values ($1, $2 - $4, $2 >= $4, clock_timestamp())
  on conflict (key) do update set (tokens, allowed, refilled_at) = (
    select case when f.filled >= $4 then f.filled - $4 else f.filled end, f.filled >= $4, clock_timestamp()
    from (
      select least($2::double precision,
        b.tokens + extract(epoch from clock_timestamp() - b.refilled_at)::double precision * $2 / $3) as filled
    ) as f)
  returning b.allowed, greatest(floor(b.tokens), 0)::integer,
    ceil(greatest(case when b.allowed then $2 - b.tokens else $4 - b.tokens end, 0) * $3 / $2)::integer
$$;
comment on function private.take(text, integer, integer, integer) is 'Takes cost tokens from a bucket of capacity refilled over per_seconds. Returns whether there were enough, what remains, and the seconds until it is full (allowed) or until a retry can succeed (refused).';

create function internal.admit(
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
  subject := case kind when 'person' then private.user_id() when 'device' then (select c.id from private.device_credential() c) end;
  if subject is null and kind is distinct from 'none' then
    return jsonb_build_object('live', false, 'allowed', false);
  end if;
  select * into taken from private.take(bucket || ':' || coalesce(subject::text, bucket_key), capacity, per_seconds, cost);
  return jsonb_build_object('live', subject is not null, 'allowed', taken.allowed, 'limit', capacity,
    'remaining', taken.remaining, 'reset_seconds', taken.reset_seconds, 'subject', subject);
end
$$;
comment on function internal.admit(jsonb, text, text, integer, integer, integer) is 'Liveness and rate limit in one round trip. credential: {kind: person, jti, sub} | {kind: device, id, device_uuid} | {kind: none}. A dead credential takes no tokens.';

create function internal.issue_first_party_token(user_id uuid, auth_session_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  full_scope constant text := 'mcp:read mcp:write admin secrets';
  granted uuid;
  token public.api_tokens;
begin
  if not exists (
    select from auth.sessions s join auth.users u on u.id = s.user_id
    where s.id = $2 and s.user_id = $1 and not coalesce(u.is_anonymous, false)
      and (u.banned_until is null or u.banned_until < now()) and u.deleted_at is null
  ) then
    raise exception 'session_gone' using errcode = 'P0001';
  end if;
  perform private.act_for($1);
  insert into private.grants as g (user_id, client_id, scope, auth_session_id)
  values ($1, 'dashboard', full_scope, $2)
  on conflict (auth_session_id) where auth_session_id is not null do update set scope = excluded.scope
  where g.revoked_at is null
  returning g.id into granted;
  if granted is null then
    raise exception 'session_gone' using errcode = 'P0001';
  end if;
  insert into public.api_tokens (user_id, grant_id, client_id, label, scope, expires_at)
  values ($1, granted, 'dashboard', 'dashboard', full_scope, date_trunc('second', now()) + interval '60 minutes')
  returning * into token;
  return jsonb_build_object('jti', token.jti, 'grant_id', granted, 'scope', full_scope, 'expires_at', token.expires_at,
    'user_role', (select p.role from public.profiles p where p.id = $1));
end
$$;
comment on function internal.issue_first_party_token(uuid, uuid) is 'Records a token for the product''s own web app in exchange for an Auth session that still exists and is not anonymous; session_gone otherwise. One grant a session: signing out ends it.';

create table private.pairing_codes (
  code_hash text primary key check (code_hash ~ '^[0-9a-f]{64}$'),
  user_id uuid not null references public.profiles (id) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  redeemed_at timestamptz
);
comment on table private.pairing_codes is 'Codes that let a device in once. Only SHA-256 hashes are kept.';
comment on column private.pairing_codes.code_hash is 'SHA-256 of the code, hex.';
comment on column private.pairing_codes.user_id is 'Who made it and will own the device.';
comment on column private.pairing_codes.workspace_id is 'Where the device will go.';
comment on column private.pairing_codes.created_at is 'When it was made.';
comment on column private.pairing_codes.expires_at is 'Ten minutes later.';
comment on column private.pairing_codes.redeemed_at is 'When it was used, if it was.';
create index pairing_codes_user on private.pairing_codes (user_id);
create index pairing_codes_workspace on private.pairing_codes (workspace_id);
alter table private.pairing_codes enable row level security;

create function private.may_edit_devices(user_id uuid, workspace_id uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select from public.profiles p
    join public.role_capabilities c on c.role = p.role and c.section = 'devices' and c.action = 'edit'
    where p.id = $1 and (
      exists (select from public.workspace_members m where m.workspace_id = $2 and m.user_id = $1)
      or exists (select from public.role_capabilities g where g.role = p.role and g.section = 'global' and g.action = 'edit')))
$$;
comment on function private.may_edit_devices(uuid, uuid) is 'Whether a person holds devices:edit in a workspace now. For acts that outlast their token, such as redeeming a pairing code.';

create function internal.create_pairing_code(user_id uuid, workspace_id uuid, code_hash text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  target constant uuid := coalesce($2, (select w.id from public.workspaces w where w.owner_user_id = $1 and w.personal));
  code private.pairing_codes;
begin
  if target is null or not private.may_edit_devices($1, target) then
    raise exception 'forbidden' using errcode = 'P0001';
  end if;
  insert into private.pairing_codes (code_hash, user_id, workspace_id, expires_at)
  values ($3, $1, target, now() + interval '10 minutes')
  returning * into code;
  return jsonb_build_object('expires_at', code.expires_at, 'workspace_id', code.workspace_id);
end
$$;
comment on function internal.create_pairing_code(uuid, uuid, text) is 'Records a pairing code of a person for a workspace (their personal one by default); error forbidden without devices:edit there.';

create function internal.redeem_pairing_code(code_hash text, device jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  code private.pairing_codes;
  device_id constant uuid := (device ->> 'uuid')::uuid;
  existing public.devices;
  owner uuid;
  credential public.device_jwts;
begin
  update private.pairing_codes c set redeemed_at = now()
  where c.code_hash = $1 and c.redeemed_at is null and c.expires_at > now()
    and private.may_edit_devices(c.user_id, c.workspace_id)
  returning * into code;
  if code.code_hash is null then
    raise exception 'invalid_code' using errcode = 'P0001';
  end if;
  perform private.act_for(code.user_id);
  owner := (select m.user_id from public.workspace_members m where m.workspace_id = code.workspace_id and m.user_id = code.user_id);
  select * into existing from public.devices d where d.uuid = device_id for update;
  if existing.uuid is not null and not private.may_edit_devices(code.user_id, existing.workspace_id) then
    -- The same answer as for a bad code: a uuid that is known elsewhere is nobody's business here.
    raise exception 'invalid_code' using errcode = 'P0001';
  end if;
  insert into public.devices as d (uuid, name, workspace_id, owner_user_id, os, model, app_version, connection_type, last_seen_at)
  values (device_id, device ->> 'name', code.workspace_id, owner, device ->> 'os', device ->> 'model',
    device ->> 'app_version', device ->> 'connection_type', now())
  on conflict (uuid) do update set
    name = excluded.name, workspace_id = excluded.workspace_id, owner_user_id = excluded.owner_user_id,
    os = coalesce(excluded.os, d.os), model = coalesce(excluded.model, d.model),
    app_version = coalesce(excluded.app_version, d.app_version),
    connection_type = coalesce(excluded.connection_type, d.connection_type), last_seen_at = now();
  update public.device_jwts j set revoked_at = now() where j.device_uuid = device_id and j.revoked_at is null;
  insert into public.device_jwts (device_uuid, device_uuids, issued_by, expires_at)
  values (device_id, array[device_id], code.user_id, date_trunc('second', now()) + interval '365 days')
  returning * into credential;
  return jsonb_build_object('device_uuid', device_id, 'credential_id', credential.id, 'expires_at', credential.expires_at);
exception
  when unique_violation then
    raise exception 'name_taken' using errcode = 'P0001';
end
$$;
comment on function internal.redeem_pairing_code(text, jsonb) is 'Uses a code once: makes or takes over the device (which needs editing rights on it) and issues its credential, revoking earlier ones. Errors: invalid_code (unknown, used, expired, or not theirs to take over), name_taken (the code stays usable).';

create function internal.renew_device_credential(credential_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  credential public.device_jwts;
begin
  update public.device_jwts j
  set renewed_at = now(), expires_at = date_trunc('second', now()) + interval '365 days'
  where j.id = $1 and j.revoked_at is null and j.expires_at > now() and j.renewed_at < now() - interval '30 days'
  returning * into credential;
  if credential.id is null then
    select * into credential from public.device_jwts j where j.id = $1 and j.revoked_at is null and j.expires_at > now();
    if credential.id is null then
      raise exception 'credential_gone' using errcode = 'P0001';
    end if;
    return jsonb_build_object('renewed', false, 'device_uuid', credential.device_uuid, 'credential_id', credential.id,
      'expires_at', credential.expires_at, 'renewable_at', credential.renewed_at + interval '30 days');
  end if;
  return jsonb_build_object('renewed', true, 'device_uuid', credential.device_uuid, 'credential_id', credential.id,
    'expires_at', credential.expires_at);
end
$$;
comment on function internal.renew_device_credential(uuid) is 'Extends a live credential by 365 days once it is 30 days old; renewed false with renewable_at before that; error credential_gone when it is not live.';

create function internal.unpair_device(user_id uuid, device_uuid uuid) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  gone uuid;
begin
  perform private.act_for($1);
  delete from public.devices d
  where d.uuid = $2 and private.may_edit_devices($1, d.workspace_id)
  returning d.uuid into gone;
  if gone is null then
    return false;
  end if;
  insert into private.device_purges (device_uuid) values ($2) on conflict do nothing;
  return true;
end
$$;
comment on function internal.unpair_device(uuid, uuid) is 'Deletes a device with its status and credentials at once, and its captures within minutes. False when there is no such device or the person may not edit it.';

grant execute on all functions in schema internal to service_role;
