-- Purpose: row rights on roles, profiles, workspaces, members and tokens.
-- Affected: policies and grants of those tables.
-- Special: UPDATE and DELETE are granted to every signed-in caller and decided by policies, so that what is denied
--          touches zero rows and looks exactly like what does not exist.

grant select on public.roles, public.role_capabilities to authenticated;

create policy "Signed-in people read the list of roles" on public.roles
for select to authenticated using ((select private.user_id()) is not null);

create policy "Signed-in people read what each role may do" on public.role_capabilities
for select to authenticated using ((select private.user_id()) is not null);

grant select, update (display_name) on public.profiles to authenticated;

create policy "People read their own profile, and all with users:view" on public.profiles
for select to authenticated
using (id = (select private.user_id()) or (select private.has_capability('users', 'view')));

create policy "People rename themselves" on public.profiles
for update to authenticated
using (id = (select private.writer_id()))
with check (id = (select private.writer_id()));

grant select, insert (name, owner_user_id, retention_days), update (name, retention_days), delete
on public.workspaces to authenticated;

-- The owner's own rows are named beside the array, because INSERT … RETURNING has to see a row whose membership
-- the same statement only just made.
create policy "People read the workspaces they belong to" on public.workspaces
for select to authenticated
using (
  id = any ((select private.workspaces_with('workspaces', 'view'))::uuid[])
  or (owner_user_id = (select private.user_id()) and (select private.has_capability('workspaces', 'view'))));

create policy "People with workspaces:edit make workspaces of their own" on public.workspaces
for insert to authenticated
with check (owner_user_id = (select private.user_id()) and (select private.has_capability('workspaces', 'edit')));

create policy "Owners and admins change a workspace" on public.workspaces
for update to authenticated
using (id = any ((select private.owned_workspaces())::uuid[]))
with check (id = any ((select private.owned_workspaces())::uuid[]));

create policy "Owners and admins delete a workspace that is not personal" on public.workspaces
for delete to authenticated
using (not personal and id = any ((select private.owned_workspaces())::uuid[]));

grant select, insert (workspace_id, user_id), delete on public.workspace_members to authenticated;

create policy "Members see who belongs to their workspaces" on public.workspace_members
for select to authenticated
using (workspace_id = any ((select private.workspaces_with('workspaces', 'view'))::uuid[]));

create policy "Owners and admins add members" on public.workspace_members
for insert to authenticated
with check (workspace_id = any ((select private.owned_workspaces())::uuid[]));

create policy "Owners and admins remove members" on public.workspace_members
for delete to authenticated
using (workspace_id = any ((select private.owned_workspaces())::uuid[]));

grant select on public.api_tokens to authenticated;

create policy "People read their own tokens, and all with tokens:view" on public.api_tokens
for select to authenticated
using (user_id = (select private.user_id()) or (select private.has_capability('tokens', 'view')));
