-- Purpose: a person takes their data along, or goes.
-- Affected: public.export_account, delete_account; private.workspace_purges and the triggers that fill the purge queues.
-- Special: captures have no foreign key, so deleting a workspace or device queues them for deletion in bounded batches.
--          Until then nobody can read them: what they may see is computed from workspaces that exist.

create table private.workspace_purges (
  workspace_id uuid primary key,
  requested_at timestamptz not null default now()
);
comment on table private.workspace_purges is 'Deleted workspaces whose captures are still being deleted, in bounded batches by cron.';
comment on column private.workspace_purges.workspace_id is 'The workspace; its row is already gone.';
comment on column private.workspace_purges.requested_at is 'When it was deleted.';
alter table private.workspace_purges enable row level security;

create function private.queue_purge() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_table_name = 'devices' then
    insert into private.device_purges (device_uuid) values (old.uuid)
    on conflict (device_uuid) do update set requested_at = excluded.requested_at;
  else
    insert into private.workspace_purges (workspace_id) values (old.id) on conflict do nothing;
  end if;
  return null;
end
$$;
comment on function private.queue_purge() is 'Row trigger: the captures of a deleted device or workspace are to go.';
create trigger queue_purge after delete on public.devices
for each row execute function private.queue_purge();
create trigger queue_purge after delete on public.workspaces
for each row execute function private.queue_purge();

create or replace function private.expire_entries(batch integer default 5000) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  w record;
  deleted integer := private.delete_entries(
    'e.received_at < now() - interval ''30 days'' and (
       e.ts < now() - interval ''30 days'' or e.tableoid = ''public.entries_default''::regclass)', batch);
begin
  for w in select id, retention_days from public.workspaces where retention_days < 30 loop
    deleted := deleted + private.delete_entries(
      format(
        'e.workspace_id = %L and e.received_at < now() - interval ''%s days'' and (
           e.ts < now() - interval ''%2$s days'' or e.tableoid = ''public.entries_default''::regclass)',
        w.id, w.retention_days), batch);
  end loop;
  -- What came after a device with the same uuid was added anew is not of the one that was deleted.
  for w in select device_uuid, requested_at from private.device_purges loop
    if private.delete_entries(
      format('e.device_uuid = %L and e.received_at <= %L', w.device_uuid, w.requested_at), batch) = 0 then
      delete from private.device_purges p where p.device_uuid = w.device_uuid;
    end if;
  end loop;
  for w in select workspace_id from private.workspace_purges loop
    if private.delete_entries(format('e.workspace_id = %L', w.workspace_id), batch) = 0 then
      delete from private.workspace_purges p where p.workspace_id = w.workspace_id;
      delete from private.feed_log l where l.workspace_id = w.workspace_id;
    end if;
  end loop;
  return deleted;
end
$$;

create function private.export_account() returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  me constant uuid := private.user_id();
  answer jsonb;
begin
  if me is null then
    return null;
  end if;
  select jsonb_build_object(
    'exported_at', now(),
    'profile', (select to_jsonb(p) from public.profiles p where p.id = me),
    'workspaces', (select coalesce(jsonb_agg(to_jsonb(w) order by w.created_at), '[]') from public.workspaces w where w.owner_user_id = me),
    'memberships', (select coalesce(jsonb_agg(to_jsonb(m) order by m.created_at), '[]') from public.workspace_members m where m.user_id = me),
    'devices', (select coalesce(jsonb_agg(to_jsonb(d) order by d.created_at), '[]') from public.devices d where d.owner_user_id = me),
    'connections', (select coalesce(jsonb_agg(to_jsonb(c)), '[]') from private.connections(me) c),
    'tokens', (select coalesce(jsonb_agg(to_jsonb(t) order by t.created_at), '[]') from public.api_tokens t where t.user_id = me),
    'activity', (select coalesce(jsonb_agg(to_jsonb(a) order by a.id), '[]') from public.audit_log a where a.actor_id = me),
    'captures', 'Captured traffic is exported per workspace as HAR.')
  into answer;
  perform private.record_audit(null, 'account.export', array[me::text]);
  return answer;
end
$$;
comment on function private.export_account() is 'What is kept about the caller, without captures.';
grant execute on function private.export_account() to authenticated;

create function public.export_account() returns jsonb
language sql volatile set search_path = '' as $$
  select private.export_account()
$$;
comment on function public.export_account() is 'Everything kept about the calling person as one JSON document; captures are exported as HAR.';

create function private.delete_account(confirm text) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  me public.profiles;
  shared text;
begin
  select * into me from public.profiles p where p.id = private.writer_id();
  if me.id is null then
    return false;
  end if;
  -- A connected app acts for a person; ending the person is not among what it was allowed.
  if not exists (
    select from public.api_tokens t
    where t.jti = (private.claims() ->> 'jti')::uuid and t.label = 'dashboard')
  then
    raise exception 'an account is deleted from Busymate''s own pages, not by a connected app' using errcode = 'PT403';
  end if;
  if confirm is distinct from me.email then
    raise exception 'confirm: repeat your e-mail address to delete the account' using errcode = 'PT400';
  end if;
  select string_agg(w.name, ', ') into shared
  from public.workspaces w
  where w.owner_user_id = me.id and exists (
    select from public.workspace_members m where m.workspace_id = w.id and m.user_id <> me.id);
  if shared is not null then
    raise exception 'others belong to your workspaces (%): hand them over or remove the members first', shared using errcode = 'PT409';
  end if;
  perform private.record_audit(null, 'account.delete', array[me.id::text]);
  delete from auth.users u where u.id = me.id;
  return true;
end
$$;
comment on function private.delete_account(text) is 'Deletes the caller''s account with its workspaces, devices, tokens and captures. The last admin cannot go (409), nor an owner whose workspaces others use (409).';
grant execute on function private.delete_account(text) to authenticated;

create function public.delete_account(confirm text) returns boolean
language sql volatile set search_path = '' as $$
  select private.delete_account($1)
$$;
comment on function public.delete_account(text) is 'Deletes the calling person''s account for good. confirm: their e-mail address.';
grant execute on function public.export_account(), public.delete_account(text) to authenticated;
