-- Purpose: what the calling token may do, in one call, for surfaces that show only what is allowed.
-- Affected: private.my_rights, public.my_rights.

create function private.my_rights() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  c record;
begin
  select * into c from private.caller();
  if c.role is null then
    return null;
  end if;
  return jsonb_build_object(
    'user_id', c.user_id,
    'role', c.role,
    'is_admin', c.role = 'admin' and 'admin' = any (c.scopes),
    'scopes', to_jsonb(c.scopes),
    'capabilities', (
      select coalesce(jsonb_object_agg(held.section, held.action), '{}')
      from (
        select r.section, case when private.allows(c.role, c.scopes, r.section, 'edit') then 'edit' else 'view' end as action
        from public.role_capabilities r
        where r.role = c.role and private.allows(c.role, c.scopes, r.section, 'view')
      ) held));
end
$$;
comment on function private.my_rights() is 'The caller''s role and scopes, and the strongest action of each section that both let them use; null without a live token.';

create function public.my_rights() returns jsonb
language sql stable set search_path = '' as $$
  select private.my_rights()
$$;
comment on function public.my_rights() is 'What the calling token may do: {user_id, role, is_admin, scopes, capabilities: {section: view or edit}}. For showing what is allowed; the database decides again on every call.';
revoke execute on function private.my_rights(), public.my_rights() from public;
grant execute on function private.my_rights(), public.my_rights() to authenticated;
