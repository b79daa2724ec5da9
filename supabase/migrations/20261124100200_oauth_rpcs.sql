-- Purpose: the steps of the authorization server, each decided in one statement.
-- Affected: schema internal (service_role alone).
-- Special: what a caller did wrong comes back as {error}, not as an exception: an exception would take back the
--          revocation that a replay has to cause.

create function private.issue_token(grant_id uuid, scope text, label text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_variable
declare
  issued_at constant timestamptz := date_trunc('second', now());
  token public.api_tokens;
begin
  insert into public.api_tokens (user_id, service_account_id, grant_id, client_id, label, scope, expires_at)
  select g.user_id, g.service_account_id, g.id, g.client_id, label, scope,
    least(issued_at + interval '60 minutes', coalesce(date_trunc('second', g.expires_at), 'infinity'))
  from private.grants g where g.id = grant_id
  returning * into token;
  return jsonb_build_object(
    'jti', token.jti, 'grant_id', grant_id, 'client_id', token.client_id, 'scope', scope, 'issued_at', issued_at,
    'expires_at', token.expires_at, 'sub', coalesce(token.user_id, token.service_account_id),
    'user_role', coalesce(
      (select p.role from public.profiles p where p.id = token.user_id),
      (select s.role from public.service_accounts s where s.id = token.service_account_id)));
end
$$;
comment on function private.issue_token(uuid, text, text) is 'Records an access token of a grant for an hour at most; answers what its claims need.';

create function internal.oauth_register(client jsonb, fingerprint text, secret_hash text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  made private.oauth_clients;
begin
  insert into private.oauth_clients as c (
    client_id, kind, name, redirect_uris, auth_method, secret_hash, metadata, fingerprint, expires_at)
  values (
    gen_random_uuid()::text, 'registered', client ->> 'client_name',
    array(select jsonb_array_elements_text(client -> 'redirect_uris')), client ->> 'token_endpoint_auth_method',
    oauth_register.secret_hash, client, oauth_register.fingerprint, now() + interval '30 days')
  on conflict (fingerprint) where fingerprint is not null
  do update set expires_at = case when c.last_used_at is null then now() + interval '30 days' end
  returning * into made;
  return jsonb_build_object('client_id', made.client_id, 'created_at', made.created_at, 'metadata', made.metadata);
end
$$;
comment on function internal.oauth_register(jsonb, text, text) is 'Registers a client (RFC 7591). An identical public registration (same fingerprint) answers the client that exists. Unused ones go after 30 days.';

create function internal.oauth_client(client_id text) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'client_id', c.client_id, 'kind', c.kind, 'name', c.name, 'redirect_uris', c.redirect_uris,
    'auth_method', c.auth_method, 'secret_hash', c.secret_hash, 'metadata', c.metadata,
    'fresh', c.expires_at is null or c.expires_at > now())
  from private.oauth_clients c
  where c.client_id = $1 and (c.kind = 'document' or c.expires_at is null or c.expires_at > now())
$$;
comment on function internal.oauth_client(text) is 'A client, null when unknown or expired; fresh false for a document copy that has to be fetched again.';

create function internal.oauth_save_document(client_id text, metadata jsonb, fresh_seconds integer) returns void
language sql volatile security definer set search_path = '' as $$
  insert into private.oauth_clients (client_id, kind, name, redirect_uris, auth_method, metadata, expires_at)
  values ($1, 'document', $2 ->> 'client_name', array(select jsonb_array_elements_text($2 -> 'redirect_uris')), 'none', $2,
    now() + make_interval(secs => $3))
  on conflict (client_id) do update set
    name = excluded.name, redirect_uris = excluded.redirect_uris, metadata = excluded.metadata, expires_at = excluded.expires_at
$$;
comment on function internal.oauth_save_document(text, jsonb, integer) is 'Keeps a fetched Client ID Metadata Document for a while.';

create function internal.oauth_start(rid_hash text, request jsonb) returns timestamptz
language sql volatile security definer set search_path = '' as $$
  insert into private.authorization_requests (rid_hash, client_id, redirect_uri, state, scope, resource, code_challenge)
  values ($1, $2 ->> 'client_id', $2 ->> 'redirect_uri', $2 ->> 'state', $2 ->> 'scope', $2 ->> 'resource', $2 ->> 'code_challenge')
  returning expires_at
$$;
comment on function internal.oauth_start(text, jsonb) is 'Keeps a checked authorization request until a person decides, ten minutes at most.';

create function internal.oauth_pending(rid_hash text, user_id uuid default null) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'client_id', c.client_id, 'kind', c.kind, 'client_name', c.name, 'client_uri', c.metadata ->> 'client_uri',
    'redirect_uri', r.redirect_uri, 'scope', r.scope, 'resource', r.resource, 'expires_at', r.expires_at,
    'user_role', (select p.role from public.profiles p where p.id = $2),
    'sees_secrets', exists (
      select from public.profiles p join public.role_capabilities k on k.role = p.role and k.section = 'secrets' where p.id = $2))
  from private.authorization_requests r
  join private.oauth_clients c on c.client_id = r.client_id
  where r.rid_hash = $1 and r.decided_at is null and r.expires_at > now()
$$;
comment on function internal.oauth_pending(text, uuid) is 'What a consent page shows of an undecided request; null when there is none (unknown, decided, expired).';

create function private.live_session(auth_session_id uuid, user_id uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select from auth.sessions s join auth.users u on u.id = s.user_id
    where s.id = $1 and s.user_id = $2 and not coalesce(u.is_anonymous, false)
      and (u.banned_until is null or u.banned_until < now()) and u.deleted_at is null)
$$;
comment on function private.live_session(uuid, uuid) is 'Whether an Auth session still exists and belongs to a person who may sign in.';

create function internal.oauth_decide(
  rid_hash text, user_id uuid, auth_session_id uuid, approve boolean, scope text, code_hash text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  request private.authorization_requests;
  granted text[];
  grant_id uuid;
begin
  if not private.live_session($3, $2) then
    return jsonb_build_object('error', 'session_gone');
  end if;
  update private.authorization_requests r set decided_at = now()
  where r.rid_hash = $1 and r.decided_at is null and r.expires_at > now()
    and ($5 is null or string_to_array($5, ' ') <@ string_to_array(r.scope, ' '))
  returning * into request;
  if request.rid_hash is null then
    return jsonb_build_object('error', case
      when exists (select from private.authorization_requests r where r.rid_hash = $1 and r.decided_at is null and r.expires_at > now())
      then 'invalid_scope' else 'request_gone' end);
  end if;
  if not approve then
    return jsonb_build_object('approved', false, 'client_id', request.client_id, 'redirect_uri', request.redirect_uri, 'state', request.state);
  end if;
  -- What the person's role cannot use is not granted, whatever was asked.
  granted := array(
    select s from unnest(string_to_array(coalesce($5, request.scope), ' ')) s
    where s not in ('admin', 'secrets')
      or s = 'admin' and exists (select from public.profiles p where p.id = $2 and p.role = 'admin')
      or s = 'secrets' and exists (
        select from public.profiles p join public.role_capabilities k on k.role = p.role and k.section = 'secrets' where p.id = $2));
  if cardinality(granted) = 0 then
    return jsonb_build_object('approved', false, 'client_id', request.client_id, 'redirect_uri', request.redirect_uri, 'state', request.state);
  end if;
  perform private.act_for($2);
  insert into private.grants (user_id, client_id, scope, expires_at)
  values ($2, request.client_id, array_to_string(granted, ' '), now() + interval '1 year')
  returning id into grant_id;
  insert into private.authorization_codes (code_hash, grant_id, client_id, redirect_uri, scope, resource, code_challenge)
  values ($6, grant_id, request.client_id, request.redirect_uri,
    array_to_string(granted, ' '), request.resource, request.code_challenge);
  update private.oauth_clients c
  set last_used_at = now(), expires_at = case when c.kind = 'document' then c.expires_at end
  where c.client_id = request.client_id;
  return jsonb_build_object('approved', true, 'grant_id', grant_id, 'client_id', request.client_id, 'redirect_uri', request.redirect_uri, 'state', request.state);
end
$$;
comment on function internal.oauth_decide(text, uuid, uuid, boolean, text, text) is 'Decides a request once. Approved: a grant with at most the scopes asked for, and a code. Answers {approved, grant_id, client_id, redirect_uri, state} or {error: session_gone | request_gone | invalid_scope}.';

create function internal.oauth_redeem_code(
  code_hash text, client_id text, redirect_uri text, code_challenge text, resource text, refresh_hash text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  code private.authorization_codes;
  replayed uuid;
begin
  update private.authorization_codes c set redeemed_at = now()
  from private.grants g
  where c.code_hash = $1 and c.client_id = $2 and c.redeemed_at is null and c.expires_at > now()
    and ($3 is null or c.redirect_uri = $3)
    and c.code_challenge = $4
    and ($5 is null or c.resource = $5)
    and g.id = c.grant_id and g.revoked_at is null
  returning c.* into code;
  if code.code_hash is null then
    -- A code seen twice has leaked: whoever got tokens for it loses them (RFC 6749 section 4.1.2).
    update private.grants g set revoked_at = now()
    from private.authorization_codes c
    where c.code_hash = $1 and c.redeemed_at is not null and g.id = c.grant_id and g.revoked_at is null
    returning g.id into replayed;
    return jsonb_build_object('error', 'invalid_grant', 'revoked_grant', replayed);
  end if;
  if $6 is not null then
    insert into private.refresh_tokens (token_hash, grant_id, client_id) values ($6, code.grant_id, code.client_id);
  end if;
  return private.issue_token(code.grant_id, code.scope, 'oauth');
end
$$;
comment on function internal.oauth_redeem_code(text, text, text, text, text, text) is 'Redeems a code for a token, once; any mismatch leaves the code as it was, a replay revokes its grant. {error: invalid_grant, revoked_grant} otherwise.';

create function internal.oauth_rotate_refresh(refresh_hash text, client_id text, scope text, new_refresh_hash text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  token private.refresh_tokens;
  found private.grants;
begin
  select g.* into found
  from private.refresh_tokens r join private.grants g on g.id = r.grant_id
  where r.token_hash = $1 and r.client_id = $2 and r.expires_at > now()
    and g.revoked_at is null and (g.expires_at is null or g.expires_at > now());
  if found.id is null then
    return jsonb_build_object('error', 'invalid_grant');
  end if;
  if not string_to_array(coalesce($3, found.scope), ' ') <@ string_to_array(found.scope, ' ') then
    return jsonb_build_object('error', 'invalid_scope');
  end if;
  update private.refresh_tokens r set rotated_at = clock_timestamp()
  where r.token_hash = $1 and r.rotated_at is null
  returning * into token;
  if token.token_hash is not null then
    insert into private.refresh_tokens (token_hash, grant_id, client_id) values ($4, found.id, $2);
    return private.issue_token(found.id, coalesce($3, found.scope), 'oauth') || '{"rotated": true}';
  end if;
  -- Replaced already. Within 30 s it is a client whose processes share a credential, or whose answer got lost: it gets
  -- an access token and no refresh token. Later it is theft, of one side or the other.
  if exists (select from private.refresh_tokens r where r.token_hash = $1 and r.rotated_at > clock_timestamp() - interval '30 seconds') then
    return private.issue_token(found.id, coalesce($3, found.scope), 'oauth') || '{"rotated": false}';
  end if;
  update private.grants g set revoked_at = now() where g.id = found.id and g.revoked_at is null;
  return jsonb_build_object('error', 'invalid_grant', 'revoked_grant', found.id);
end
$$;
comment on function internal.oauth_rotate_refresh(text, text, text, text) is 'Replaces a refresh token by compare-and-swap and issues an access token, narrowed to scope if given. Reuse after 30 s revokes the grant. {error: invalid_grant | invalid_scope, revoked_grant} otherwise.';

create function internal.oauth_revoke(client_id text, jti uuid, refresh_hash text) returns jsonb
language sql volatile security definer set search_path = '' as $$
  with ended as (
    update private.grants g set revoked_at = now()
    from private.refresh_tokens r
    where r.token_hash = $3 and r.client_id = $1 and g.id = r.grant_id and g.revoked_at is null
    returning g.id
  ), revoked as (
    update public.api_tokens t set revoked_at = now()
    where t.jti = $2 and t.client_id = $1 and t.revoked_at is null
    returning t.jti
  )
  select jsonb_build_object('grant_id', (select e.id from ended e), 'jti', (select r.jti from revoked r))
$$;
comment on function internal.oauth_revoke(text, uuid, text) is 'Revokes a token of this client (RFC 7009): an access token alone, or by its refresh token the whole grant. Answers what it ended, {grant_id, jti}; unknown and foreign tokens: nothing.';

create function internal.oauth_introspect(client_id text, jti uuid, refresh_hash text) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce((
    select jsonb_build_object('active', true, 'scope', t.scope, 'client_id', t.client_id,
      'sub', coalesce(t.user_id, t.service_account_id), 'jti', t.jti, 'token_type', 'Bearer',
      'exp', extract(epoch from t.expires_at)::bigint, 'iat', extract(epoch from t.created_at)::bigint)
    from public.api_tokens t join private.grants g on g.id = t.grant_id
    where t.jti = $2 and t.revoked_at is null and t.expires_at > now() and g.revoked_at is null
      and (g.expires_at is null or g.expires_at > now())
      and (g.auth_session_id is null or exists (select from auth.sessions s where s.id = g.auth_session_id))
      and (t.client_id = $1 or exists (select from private.oauth_clients c where c.client_id = $1 and c.kind = 'service'))
  ), (
    select jsonb_build_object('active', true, 'scope', g.scope, 'client_id', r.client_id, 'sub', g.user_id,
      'exp', extract(epoch from r.expires_at)::bigint, 'iat', extract(epoch from r.created_at)::bigint)
    from private.refresh_tokens r join private.grants g on g.id = r.grant_id
    where r.token_hash = $3 and r.rotated_at is null and r.expires_at > now() and g.revoked_at is null
      and (g.expires_at is null or g.expires_at > now())
      and (r.client_id = $1 or exists (select from private.oauth_clients c where c.client_id = $1 and c.kind = 'service'))
  ), '{"active": false}')
$$;
comment on function internal.oauth_introspect(text, uuid, text) is 'RFC 7662: what a live token is, for its own client or a service; {active: false} for everything else.';

create function internal.oauth_service_token(client_id text, scope text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  account public.service_accounts;
  whole constant text[] := array['mcp:read', 'mcp:write', 'admin', 'secrets'];
  granted text[] := coalesce(string_to_array($2, ' '), array['mcp:read', 'mcp:write']);
  grant_id uuid;
begin
  select s.* into account
  from private.oauth_clients c join public.service_accounts s on s.id = c.service_account_id
  where c.client_id = $1 and s.disabled_at is null;
  if account.id is null then
    return jsonb_build_object('error', 'invalid_client');
  end if;
  if not granted <@ whole then
    return jsonb_build_object('error', 'invalid_scope');
  end if;
  -- One grant a client, made with its first token: revoking it ends every token of the client.
  select g.id into grant_id from private.grants g
  where g.service_account_id = account.id and g.client_id = $1 and g.revoked_at is null
  order by g.created_at limit 1;
  if grant_id is null then
    insert into private.grants (service_account_id, client_id, scope)
    values (account.id, $1, array_to_string(whole, ' '))
    returning id into grant_id;
  end if;
  update private.oauth_clients c set last_used_at = now() where c.client_id = $1;
  return private.issue_token(grant_id, array_to_string(granted, ' '), 'service');
end
$$;
comment on function internal.oauth_service_token(text, text) is 'A token for a service account (RFC 6749 section 4.4); reads and writes unless scope says otherwise. {error: invalid_client | invalid_scope} otherwise.';

grant execute on all functions in schema internal to service_role;
