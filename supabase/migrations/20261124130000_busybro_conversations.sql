-- Purpose: what BusyBro does for a person never exceeds what its own token says, and words it did not write itself taint a conversation.
-- Affected: private.caller, conversation_owner, taint_by_own_words; policies of public.busybro_threads and busybro_messages.

-- As before, and: a token that says less than its row may do less. Functions mint such tokens for their own calls, so that
-- an assistant cannot use every scope of the person it works for (secrets above all).
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
  if claims ? 'act' and scopes is not null then
    scopes := array(select s from unnest(scopes) s where s = any (string_to_array(claims ->> 'scope', ' ')));
  end if;
end
$$;
comment on function private.caller() is 'Who holds a live access token: their role and the token''s scopes, of which one minted with act has those it names alone, and for a person their id. All null otherwise (device, anonymous, expired, revoked, foreign).';

create function private.written_by_busybro() returns boolean
language sql stable set search_path = '' as $$
  select coalesce(private.claims() ->> 'act' in ('busybro', 'telegram'), false)
$$;
comment on function private.written_by_busybro() is 'Whether BusyBro makes this request itself: only functions can mint the claim.';

create function private.conversation_owner() returns uuid
language sql stable security definer set search_path = '' as $$
  select case when private.written_by_busybro() then private.user_id() else private.writer_id() end
$$;
comment on function private.conversation_owner() is 'Whose conversations may be written: a client needs the scope to write, BusyBro itself keeps those of people who may only read.';

alter policy "People add their own conversations" on public.busybro_threads
with check (user_id = (select private.conversation_owner()));
alter policy "People change their own conversations" on public.busybro_threads
using (user_id = (select private.conversation_owner()))
with check (user_id = (select private.conversation_owner()));
alter policy "People add to their own conversations" on public.busybro_messages
with check (user_id = (select private.conversation_owner()) and thread_id in (select t.id from public.busybro_threads t));

create function private.taint_by_own_words() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if not private.written_by_busybro() then
    update public.busybro_threads t set tainted = true
    where t.id in (select a.thread_id from added a) and not t.tainted;
  end if;
  return null;
end
$$;
comment on function private.taint_by_own_words() is 'Statement trigger: what a client writes into a conversation by itself was never said to BusyBro, so it is trusted no more than any other content.';
create trigger taint_by_own_words after insert on public.busybro_messages
referencing new table as added
for each statement execute function private.taint_by_own_words();

revoke execute on function private.written_by_busybro(), private.conversation_owner(), private.taint_by_own_words() from public;
grant execute on function private.written_by_busybro(), private.conversation_owner() to authenticated;
