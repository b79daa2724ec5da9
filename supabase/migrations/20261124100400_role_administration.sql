-- Purpose: who makes whom what.
-- Affected: policies and guards on profiles, roles, role_capabilities; announcements on profiles:all and user:<uuid>.
-- Special: nobody grants what they lack, only an admin makes or unmakes an admin, the last admin stays. The rules are
--          triggers, because a policy sees one row and not what the change means.

create function private.is_api_request() returns boolean
language sql stable set search_path = '' as $$
  select coalesce(private.claims() ->> 'role', '') in ('authenticated', 'device')
$$;
comment on function private.is_api_request() is 'Whether a person, service account or device is behind the statement, rather than an operator or cron.';

create function private.refuse(message text, code text default 'PT403') returns void
language plpgsql stable set search_path = '' as $$
begin
  raise exception '%', message using errcode = code;
end
$$;
comment on function private.refuse(text, text) is 'Ends the request with an HTTP status (PTnnn) and a message that names the rule.';

create function private.lacks_capability_of(role text) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select from public.role_capabilities c
    where c.role = $1 and not private.has_capability(c.section, c.action))
$$;
comment on function private.lacks_capability_of(text) is 'Whether a role holds anything that the caller does not.';

create function private.guard_role_of_person() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  -- A role that was renamed takes its people along; that changes nobody's rights.
  if private.is_api_request() and new.role is distinct from old.role
    and exists (select from public.roles r where r.name = old.role)
  then
    if not private.has_capability('users', 'edit') then
      perform private.refuse('role: changing a person''s role needs users:edit');
    elsif 'admin' in (new.role, old.role) and not private.is_admin() then
      perform private.refuse('role: only an admin makes or unmakes an admin');
    elsif private.lacks_capability_of(new.role) or private.lacks_capability_of(old.role) then
      perform private.refuse('role: it or the present one holds capabilities that you do not hold yourself');
    end if;
  end if;
  if private.is_api_request() and new.display_name is distinct from old.display_name
    and old.id <> private.user_id() and not private.has_capability('users', 'edit')
  then
    perform private.refuse('display_name: changing somebody else''s needs users:edit');
  end if;
  return new;
end
$$;
comment on function private.guard_role_of_person() is 'Row trigger: rules of changing a role.';
create trigger guard_role before update on public.profiles
for each row execute function private.guard_role_of_person();

-- Two admins who demote each other at the same moment would each see the other: one lock decides.
create function private.keep_an_admin() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('busymate: last admin', 0));
  if not exists (select from public.profiles p where p.role = 'admin') then
    raise exception 'role: the last admin cannot be removed or demoted; make another admin first' using errcode = 'PT409';
  end if;
  return null;
end
$$;
comment on function private.keep_an_admin() is 'Constraint trigger: at least one admin remains once there was one (409).';
create trigger keep_an_admin_demoted after update of role on public.profiles
for each row when (old.role = 'admin' and new.role <> 'admin') execute function private.keep_an_admin();
create trigger keep_an_admin_deleted after delete on public.profiles
for each row when (old.role = 'admin') execute function private.keep_an_admin();

create function private.announce_role() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform realtime.send(jsonb_build_object('id', new.id, 'role', new.role), 'UPDATE', 'profiles:all', true);
  perform private.announce_access(new.id);
  return null;
end
$$;
comment on function private.announce_role() is 'Row trigger: a changed role is announced on profiles:all and to the person.';
create trigger announce_role after update of role on public.profiles
for each row when (old.role is distinct from new.role) execute function private.announce_role();

create function private.announce_membership() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.announce_access(coalesce(new.user_id, old.user_id));
  return null;
end
$$;
comment on function private.announce_membership() is 'Row trigger: joining or leaving a workspace is announced to the person.';
create trigger announce_membership after insert or delete on public.workspace_members
for each row execute function private.announce_membership();

drop policy "People rename themselves" on public.profiles;
create policy "People rename themselves, and with users:edit change others" on public.profiles
for update to authenticated
using (id = (select private.writer_id()) or (select private.has_capability('users', 'edit')))
with check (id = (select private.writer_id()) or (select private.has_capability('users', 'edit')));
grant update (role) on public.profiles to authenticated;

create function private.guard_role() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'UPDATE' and old.built_in and (new.name <> old.name or not new.built_in)
    or tg_op = 'DELETE' and old.built_in
  then
    perform private.refuse('name: built-in roles can be neither renamed nor deleted');
  end if;
  if tg_op <> 'INSERT' and private.is_api_request() and private.lacks_capability_of(old.name) then
    perform private.refuse('role: it holds capabilities that you do not hold yourself');
  end if;
  return coalesce(new, old);
end
$$;
comment on function private.guard_role() is 'Row trigger: built-in roles stay, and nobody touches a role above their own.';
create trigger guard_role before insert or update or delete on public.roles
for each row execute function private.guard_role();

create function private.guard_capability() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if not private.is_api_request() then
    return coalesce(new, old);
  end if;
  if exists (select from public.roles r where r.name in (old.role, new.role) and r.built_in) then
    perform private.refuse('role: what a built-in role may do is fixed; make a role of your own');
  end if;
  if tg_op <> 'DELETE' and not private.has_capability(new.section, new.action)
    or tg_op <> 'INSERT' and not private.has_capability(old.section, old.action)
  then
    perform private.refuse('section: you do not hold that capability yourself');
  end if;
  return coalesce(new, old);
end
$$;
comment on function private.guard_capability() is 'Row trigger: nobody grants or takes what they lack, and built-in roles are fixed.';
create trigger guard_capability before insert or update or delete on public.role_capabilities
for each row execute function private.guard_capability();

create function private.announce_capability() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.announce_access(p.id)
  from public.profiles p where p.role in (old.role, new.role);
  return null;
end
$$;
comment on function private.announce_capability() is 'Row trigger: whoever has the role learns that its capabilities changed.';
create trigger announce_capability after insert or update or delete on public.role_capabilities
for each row execute function private.announce_capability();

grant insert (name, description), update (name, description), delete on public.roles to authenticated;
grant insert, update (action), delete on public.role_capabilities to authenticated;

create policy "People with roles:edit make roles" on public.roles
for insert to authenticated with check ((select private.has_capability('roles', 'edit')) and not built_in);
create policy "People with roles:edit change roles" on public.roles
for update to authenticated
using ((select private.has_capability('roles', 'edit')))
with check ((select private.has_capability('roles', 'edit')));
create policy "People with roles:edit delete roles" on public.roles
for delete to authenticated using ((select private.has_capability('roles', 'edit')));

create policy "People with roles:edit give capabilities to roles" on public.role_capabilities
for insert to authenticated with check ((select private.has_capability('roles', 'edit')));
create policy "People with roles:edit change capabilities of roles" on public.role_capabilities
for update to authenticated
using ((select private.has_capability('roles', 'edit')))
with check ((select private.has_capability('roles', 'edit')));
create policy "People with roles:edit take capabilities from roles" on public.role_capabilities
for delete to authenticated using ((select private.has_capability('roles', 'edit')));
