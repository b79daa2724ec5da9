-- Purpose: every REST request is checked before it runs.
-- Affected: private.check_request, setting pgrst.db_pre_request of role authenticator.
-- Special: PostgREST tolerates 30 s of clock skew in exp and nbf, takes tokens without exp, and knows nothing of
--          revocation; that is decided here. An Auth session has no live jti and so is no credential for data.

create function private.check_request() returns void
language plpgsql stable security definer set search_path = '' as $$
declare
  claims constant jsonb := private.claims();
begin
  case claims ->> 'role'
    when 'authenticated' then
      if private.user_id() is null or claims ->> 'exp' is null then
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
comment on function private.check_request() is 'PostgREST pre-request function: 401 unless the token is live. Tokens of the platform''s keys (anon, service_role) pass to what their grants allow.';
grant execute on function private.check_request() to anon, authenticated, device, service_role;

alter role authenticator set pgrst.db_pre_request = 'private.check_request';
alter role authenticator set pgrst.db_schemas = 'public,internal';
notify pgrst, 'reload config';
notify pgrst, 'reload schema';
