-- Purpose: who changed or read what.
-- Affected: public.audit_log, private.record_audit, private.audit_change and its triggers.
-- Special: written in the same transaction as the change. Captures, heartbeats and rollups are not audited.

create table public.audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  workspace_id uuid,
  actor_type text not null
    check (actor_type in ('user', 'client', 'device', 'assistant', 'telegram', 'service', 'system')),
  actor_id uuid,
  client_id text,
  action text not null,
  target text not null,
  before jsonb,
  after jsonb
);
comment on table public.audit_log is 'One row per change a person or agent makes and per captured payload read. Append-only: no API role may change it.';
comment on column public.audit_log.id is 'Order of recording.';
comment on column public.audit_log.at is 'Start of the transaction that made the change.';
comment on column public.audit_log.workspace_id is 'Workspace of the thing, if it has one. No foreign key: the log outlives what it tells of.';
comment on column public.audit_log.actor_type is 'user (own web app), client (an OAuth client), device, assistant, telegram, service, or system.';
comment on column public.audit_log.actor_id is 'The person or device credential, null for system.';
comment on column public.audit_log.client_id is 'The OAuth client whose token was used.';
comment on column public.audit_log.action is 'table.verb of a change, or what was read, e.g. entry.read.';
comment on column public.audit_log.target is 'Key of the row concerned.';
comment on column public.audit_log.before is 'Changed columns before, without secrets.';
comment on column public.audit_log.after is 'Changed columns after, without secrets.';
create index audit_log_workspace on public.audit_log (workspace_id, id desc);
create index audit_log_at on public.audit_log using brin (at);
alter table public.audit_log enable row level security;

grant select on public.audit_log to authenticated;

create policy "People with audit:view read the log of their workspaces" on public.audit_log
for select to authenticated
using (workspace_id = any ((select private.workspaces_with('audit', 'view'))::uuid[])
  or (select private.has_capability('audit', 'view') and private.has_capability('global', 'view')));

create function private.act_for(user_id uuid) returns void
language sql volatile set search_path = '' as $$
  select set_config('busymate.acting_for', $1::text, true)
$$;
comment on function private.act_for(uuid) is 'Says, for the rest of the transaction, for whom a service-role RPC acts, so that the audit names the person.';

create function private.record_audit(workspace_id uuid, action text, targets text[], before jsonb default null, after jsonb default null)
returns void
language plpgsql security definer set search_path = '' as $$
declare
  claims constant jsonb := private.claims();
  acting_for constant uuid := nullif(current_setting('busymate.acting_for', true), '')::uuid;
  -- act is minted by functions for their own calls only, so it can be believed.
  kind constant text := case
    when claims ->> 'role' = 'device' then 'device'
    when acting_for is not null then 'user'
    when claims ->> 'role' = 'service_role' then 'service'
    when claims ->> 'act' in ('busybro', 'assistant') then 'assistant'
    when claims ->> 'act' = 'telegram' then 'telegram'
    when claims ->> 'client_id' = 'dashboard' then 'user'
    when claims ? 'client_id' then 'client'
    else 'system'
  end;
begin
  insert into public.audit_log (workspace_id, actor_type, actor_id, client_id, action, target, before, after)
  select $1, kind,
    coalesce(acting_for, case when pg_input_is_valid(coalesce(claims ->> 'sub', ''), 'uuid') then (claims ->> 'sub')::uuid end),
    claims ->> 'client_id', $2, t, $4, $5
  from unnest($3) as t;
end
$$;
comment on function private.record_audit(uuid, text, text[], jsonb, jsonb) is 'Appends one audit row a target, with the actor taken from the verified claims.';

-- Arguments of the trigger: the key column, then columns that are not worth a row (heartbeats, stamps) or secret.
create function private.audit_change() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  ignored constant text[] := array['updated_at'] || coalesce(tg_argv[1:], '{}');
  old_row jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) - ignored end;
  new_row jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) - ignored end;
  whole constant jsonb := coalesce(new_row, old_row);
begin
  if tg_op = 'UPDATE' then
    select jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, new_row -> o.key)
    into old_row, new_row
    from jsonb_each(old_row) o
    where o.value is distinct from new_row -> o.key;
    if old_row is null then
      return null;
    end if;
  end if;
  perform private.record_audit(
    (case when tg_table_name = 'workspaces' then whole ->> 'id' else whole ->> 'workspace_id' end)::uuid,
    tg_table_name || '.' || lower(tg_op),
    array[coalesce(whole ->> tg_argv[0], '')],
    old_row, new_row);
  return null;
end
$$;
comment on function private.audit_change() is 'Row trigger: records an insert, update or delete with the columns that changed. Arguments: key column, then columns to leave out.';

create trigger audit after insert or update or delete on public.roles
for each row execute function private.audit_change('name');
create trigger audit after insert or update or delete on public.role_capabilities
for each row execute function private.audit_change('role');
create trigger audit after insert or update or delete on public.profiles
for each row execute function private.audit_change('id');
create trigger audit after insert or update or delete on public.workspaces
for each row execute function private.audit_change('id');
create trigger audit after insert or update or delete on public.workspace_members
for each row execute function private.audit_change('user_id');
create trigger audit after insert or update or delete on public.devices
for each row execute function private.audit_change('uuid', 'last_seen_at');
create trigger audit after insert or update or delete on public.device_jwts
for each row execute function private.audit_change('id');
create trigger audit after insert or update or delete on private.grants
for each row execute function private.audit_change('id');
