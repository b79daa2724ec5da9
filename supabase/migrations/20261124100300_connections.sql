-- Purpose: people see and end what they allowed; admins make clients for service accounts.
-- Affected: public.list_connections, revoke_connection, revoke_token, create_service_client; announcements on user:<uuid>.

create function private.announce_access(user_id uuid) returns void
language sql volatile security definer set search_path = '' as $$
  select realtime.send('{}'::jsonb, 'access-changed', 'user:' || $1, true) where $1 is not null
$$;
comment on function private.announce_access(uuid) is 'Tells a person''s clients on user:<uuid> that their rights changed, so that they join their channels anew.';

create function private.announce_grant() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.announce_access(new.user_id);
  return null;
end
$$;
comment on function private.announce_grant() is 'Row trigger: a revoked grant is announced to its person.';
create trigger announce_grant after update of revoked_at on private.grants
for each row when (old.revoked_at is null and new.revoked_at is not null) execute function private.announce_grant();
create trigger announce_token after update of revoked_at on public.api_tokens
for each row when (old.revoked_at is null and new.revoked_at is not null) execute function private.announce_grant();
create trigger audit after update of revoked_at on public.api_tokens
for each row execute function private.audit_change('jti');

create function private.connections(of_user uuid)
returns table (
  grant_id uuid, client_id text, client_name text, redirect_hosts text[], label text, scope text,
  created_at timestamptz, last_token_at timestamptz, expires_at timestamptz, live_tokens integer)
language sql stable security definer set search_path = '' as $$
  select g.id, g.client_id, coalesce(c.name, case g.client_id when 'dashboard' then 'Busymate dashboard' else g.client_id end),
    array(select distinct coalesce(substring(u from '^https?://([^/?#]*)'), substring(u from '^[^:]*:')) from unnest(c.redirect_uris) u),
    t.label, g.scope, g.created_at, t.last_at, g.expires_at, coalesce(t.live, 0)
  from private.grants g
  left join private.oauth_clients c on c.client_id = g.client_id
  left join lateral (
    select max(t.created_at) as last_at, min(t.label) as label,
      (count(*) filter (where t.revoked_at is null and t.expires_at > now()))::integer as live
    from public.api_tokens t where t.grant_id = g.id
  ) as t on true
  where g.user_id = coalesce($1, private.user_id())
    and (g.user_id = private.user_id() or private.has_capability('tokens', 'view'))
    and g.revoked_at is null and (g.expires_at is null or g.expires_at > now())
    and (g.auth_session_id is null or exists (select from auth.sessions s where s.id = g.auth_session_id))
  order by g.created_at desc
$$;
comment on function private.connections(uuid) is 'Live grants of a person: the caller, or another with tokens:view.';
grant execute on function private.connections(uuid) to authenticated;

create function public.list_connections(user_id uuid default null)
returns table (
  grant_id uuid, client_id text, client_name text, redirect_hosts text[], label text, scope text,
  created_at timestamptz, last_token_at timestamptz, expires_at timestamptz, live_tokens integer)
language sql stable set search_path = '' as $$
  select c.* from private.connections($1) c
$$;
comment on function public.list_connections(uuid) is 'Apps and sessions that hold a live grant of the caller, newest first; of somebody else with tokens:view.';

create function private.revoke_grant(grant_id uuid) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
begin
  update private.grants g set revoked_at = now()
  where g.id = $1 and g.revoked_at is null
    and (g.user_id = private.writer_id() or private.has_capability('tokens', 'edit'));
  return found;
end
$$;
comment on function private.revoke_grant(uuid) is 'Revokes a grant of the caller, or any with tokens:edit. False when there is none.';
grant execute on function private.revoke_grant(uuid) to authenticated;

create function public.revoke_connection(grant_id uuid) returns boolean
language sql volatile set search_path = '' as $$
  select private.revoke_grant($1)
$$;
comment on function public.revoke_connection(uuid) is 'Ends a connected app or session: its tokens stop within a second. False when it is not the caller''s (others'' with tokens:edit) or already ended.';

create function private.revoke_jti(jti uuid) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
begin
  update public.api_tokens t set revoked_at = now()
  where t.jti = $1 and t.revoked_at is null
    and (t.user_id = private.writer_id() or private.has_capability('tokens', 'edit'));
  return found;
end
$$;
comment on function private.revoke_jti(uuid) is 'Revokes one access token of the caller, or any with tokens:edit. False when there is none.';
grant execute on function private.revoke_jti(uuid) to authenticated;

create function public.revoke_token(jti uuid) returns boolean
language sql volatile set search_path = '' as $$
  select private.revoke_jti($1)
$$;
comment on function public.revoke_token(uuid) is 'Revokes one access token; its grant can still get others. False when it is not the caller''s (others'' with tokens:edit) or already revoked.';

create function private.make_service_client(service_account_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  secret constant text := 'bms_' || encode(extensions.gen_random_bytes(32), 'hex');
  made private.oauth_clients;
begin
  if not private.is_admin() then
    return null;
  end if;
  insert into private.oauth_clients (client_id, kind, name, auth_method, secret_hash, service_account_id)
  select gen_random_uuid()::text, 'service', s.name, 'client_secret_basic',
    encode(sha256(convert_to(secret, 'UTF8')), 'hex'), s.id
  from public.service_accounts s where s.id = $1
  returning * into made;
  if made.client_id is null then
    return null;
  end if;
  perform private.record_audit(null, 'service_accounts.client', array[$1::text], null, jsonb_build_object('client_id', made.client_id));
  return jsonb_build_object('client_id', made.client_id, 'client_secret', secret);
end
$$;
comment on function private.make_service_client(uuid) is 'Makes a client of a service account; the secret is answered once and kept as a hash. Null unless an admin asks for an account that exists.';
grant execute on function private.make_service_client(uuid) to authenticated;

create function public.create_service_client(service_account_id uuid) returns jsonb
language sql volatile set search_path = '' as $$
  select private.make_service_client($1)
$$;
comment on function public.create_service_client(uuid) is 'Admins: {client_id, client_secret} for the client_credentials grant of a service account. The secret is shown this once.';

grant execute on function
  public.list_connections(uuid), public.revoke_connection(uuid), public.revoke_token(uuid), public.create_service_client(uuid)
to authenticated;
