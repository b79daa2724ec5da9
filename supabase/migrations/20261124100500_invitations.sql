-- Purpose: let somebody else into a workspace; hand a workspace over.
-- Affected: public.workspace_invitations, invite_to_workspace, accept_invitation, transfer_workspace, leave_workspace.
-- Special: an invitation is a code for one e-mail address; the code alone lets nobody in. No mail is sent from here:
--          the inviter passes the link on.

create table public.workspace_invitations (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  email extensions.citext not null check (email::text ~ '^[^@\s]+@[^@\s]+$' and char_length(email::text) <= 254),
  invited_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '7 days',
  accepted_at timestamptz,
  accepted_by uuid references public.profiles (id) on delete set null
);
comment on table public.workspace_invitations is 'Invitations into a workspace, each for one e-mail address, seven days.';
comment on column public.workspace_invitations.id is 'Identity.';
comment on column public.workspace_invitations.workspace_id is 'Where to.';
comment on column public.workspace_invitations.email is 'Whom: only an account with this address can accept.';
comment on column public.workspace_invitations.invited_by is 'Who invited.';
comment on column public.workspace_invitations.created_at is 'When.';
comment on column public.workspace_invitations.expires_at is 'Until when it can be accepted.';
comment on column public.workspace_invitations.accepted_at is 'When it was accepted, if it was.';
comment on column public.workspace_invitations.accepted_by is 'By whom.';
create unique index workspace_invitations_open on public.workspace_invitations (workspace_id, email) where accepted_at is null;
create index workspace_invitations_inviter on public.workspace_invitations (invited_by);
create index workspace_invitations_accepter on public.workspace_invitations (accepted_by);
alter table public.workspace_invitations enable row level security;
create trigger audit after insert or update or delete on public.workspace_invitations
for each row execute function private.audit_change('id');

create table private.invitation_codes (
  code_hash text primary key check (code_hash ~ '^[0-9a-f]{64}$'),
  invitation_id uuid not null unique references public.workspace_invitations (id) on delete cascade
);
comment on table private.invitation_codes is 'SHA-256 of the code of each invitation, where no API role reads it.';
comment on column private.invitation_codes.code_hash is 'SHA-256 of the code, hex.';
comment on column private.invitation_codes.invitation_id is 'The invitation it opens.';
alter table private.invitation_codes enable row level security;

grant select, delete on public.workspace_invitations to authenticated;

create policy "Owners see the invitations of their workspaces" on public.workspace_invitations
for select to authenticated
using (workspace_id = any ((select private.owned_workspaces())::uuid[]));
create policy "Owners take invitations back" on public.workspace_invitations
for delete to authenticated
using (workspace_id = any ((select private.owned_workspaces())::uuid[]));

create function private.invite(workspace_id uuid, email text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  code constant text := encode(extensions.gen_random_bytes(20), 'hex');
  made public.workspace_invitations;
begin
  if not $1 = any (private.owned_workspaces()) then
    return null;
  end if;
  insert into public.workspace_invitations as i (workspace_id, email, invited_by)
  values ($1, $2, private.user_id())
  on conflict (workspace_id, email) where accepted_at is null
  do update set created_at = now(), expires_at = excluded.expires_at, invited_by = excluded.invited_by
  returning * into made;
  insert into private.invitation_codes as c (code_hash, invitation_id)
  values (encode(sha256(convert_to(code, 'UTF8')), 'hex'), made.id)
  on conflict (invitation_id) do update set code_hash = excluded.code_hash;
  return jsonb_build_object('id', made.id, 'code', code, 'expires_at', made.expires_at);
exception
  when check_violation then
    raise exception 'email: give an e-mail address' using errcode = 'PT400';
end
$$;
comment on function private.invite(uuid, text) is 'Makes or renews an invitation; an earlier code for the same address stops working. Null unless the caller manages the workspace.';
grant execute on function private.invite(uuid, text) to authenticated;

create function private.accept_invitation(code text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  me constant uuid := private.writer_id();
  accepted public.workspace_invitations;
begin
  update public.workspace_invitations i set accepted_at = now(), accepted_by = me
  from private.invitation_codes c
  where c.code_hash = encode(sha256(convert_to($1, 'UTF8')), 'hex') and i.id = c.invitation_id
    and i.accepted_at is null and i.expires_at > now()
    and i.email operator(extensions.=) (select p.email::extensions.citext from public.profiles p where p.id = me)
  returning i.* into accepted;
  if accepted.id is null then
    return null;
  end if;
  insert into public.workspace_members (workspace_id, user_id) values (accepted.workspace_id, me) on conflict do nothing;
  return jsonb_build_object('workspace_id', accepted.workspace_id);
end
$$;
comment on function private.accept_invitation(text) is 'Uses an invitation once, if it is for the caller''s own address. Null for any other code.';
grant execute on function private.accept_invitation(text) to authenticated;

create function private.transfer_workspace(workspace_id uuid, user_id uuid) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
begin
  update public.workspaces w set owner_user_id = $2
  where w.id = $1 and not w.personal and w.id = any (private.owned_workspaces())
    and exists (select from public.workspace_members m where m.workspace_id = w.id and m.user_id = $2);
  return found;
end
$$;
comment on function private.transfer_workspace(uuid, uuid) is 'Makes another member the owner. False unless the caller manages the workspace, it is not personal, and the person belongs to it.';
grant execute on function private.transfer_workspace(uuid, uuid) to authenticated;

create function private.leave_workspace(workspace_id uuid) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
begin
  delete from public.workspace_members m where m.workspace_id = $1 and m.user_id = private.writer_id();
  return found;
end
$$;
comment on function private.leave_workspace(uuid) is 'Takes the caller out of a workspace; the owner cannot leave (409).';
grant execute on function private.leave_workspace(uuid) to authenticated;

create function public.invite_to_workspace(workspace_id uuid, email text) returns jsonb
language sql volatile set search_path = '' as $$
  select private.invite($1, $2)
$$;
comment on function public.invite_to_workspace(uuid, text) is 'Invites an e-mail address into a workspace the caller manages: {id, code, expires_at}. The link <web>/account?invite=<code> is yours to send.';
create function public.accept_invitation(code text) returns jsonb
language sql volatile set search_path = '' as $$
  select private.accept_invitation($1)
$$;
comment on function public.accept_invitation(text) is 'Joins the workspace of an invitation made for the caller''s own e-mail address: {workspace_id}; null otherwise.';
create function public.transfer_workspace(workspace_id uuid, user_id uuid) returns boolean
language sql volatile set search_path = '' as $$
  select private.transfer_workspace($1, $2)
$$;
comment on function public.transfer_workspace(uuid, uuid) is 'Hands a workspace over to another of its members.';
create function public.leave_workspace(workspace_id uuid) returns boolean
language sql volatile set search_path = '' as $$
  select private.leave_workspace($1)
$$;
comment on function public.leave_workspace(uuid) is 'Leaves a workspace one does not own.';
grant execute on function
  public.invite_to_workspace(uuid, text), public.accept_invitation(text), public.transfer_workspace(uuid, uuid), public.leave_workspace(uuid)
to authenticated;
