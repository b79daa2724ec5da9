-- Purpose: what the authorization server need not remember any longer goes.
-- Affected: private.housekeeping.
-- Special: a rotated refresh token stays for the 30 days it was good for: using it again is how theft is noticed.

alter function private.housekeeping() rename to remove_dead_rows;

create function private.forget_authorizations() returns void
language plpgsql security definer set search_path = '' as $$
begin
  delete from private.authorization_requests where expires_at < now() - interval '1 day';
  -- Approved, and then the client never fetched its token: nothing hangs on the grant.
  delete from private.grants g
  using private.authorization_codes c
  where c.grant_id = g.id and c.redeemed_at is null and c.expires_at < now() - interval '1 hour';
  delete from private.authorization_codes where expires_at < now() - interval '1 day';
  delete from private.refresh_tokens where expires_at < now();
  -- Idle for so long that nothing is left to renew it with.
  delete from private.grants g
  using private.oauth_clients c
  where c.client_id = g.client_id and c.kind <> 'service'
    and not exists (select from public.api_tokens t where t.grant_id = g.id)
    and not exists (select from private.refresh_tokens r where r.grant_id = g.id)
    and not exists (select from private.authorization_codes a where a.grant_id = g.id);
  delete from private.oauth_clients c
  where c.kind = 'registered' and c.expires_at < now()
    or c.kind = 'document' and c.expires_at < now() - interval '30 days'
      and not exists (select from private.grants g where g.client_id = c.client_id and g.revoked_at is null);
end
$$;
comment on function private.forget_authorizations() is 'Removes undecided requests, dead codes and refresh tokens, grants nobody redeemed or renews, clients nobody used.';

create function private.housekeeping() returns void
language plpgsql security definer set search_path = '' as $$
begin
  perform private.remove_dead_rows();
  perform private.forget_authorizations();
end
$$;
comment on function private.housekeeping() is 'Removes what nobody can use any more. Cron calls it every hour.';
comment on function private.remove_dead_rows() is 'Removes old feed and audit rows, dead tokens and grants, idle limits, used pairing codes, job history.';
