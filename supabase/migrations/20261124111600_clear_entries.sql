-- Purpose: the owner of a workspace clears its feed.
-- Affected: clear_entries; event cleared on ws:.
-- Special: bounded, so that a call ends before its statement_timeout however much there is: call again until complete.

create function private.clear_entries(workspace_id uuid, before timestamptz) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  batch constant integer := 20000;
  upto constant timestamptz := coalesce($2, now());
  deleted integer;
begin
  if $1 is null then
    raise exception 'workspace_id: say which workspace is to be cleared' using errcode = 'PT400';
  end if;
  if $1 <> all (private.owned_workspaces()) or not private.has_capability('entries', 'edit') then
    return null;
  end if;
  deleted := private.delete_entries(format('e.workspace_id = %L and e.ts < %L', $1, upto), batch);
  if deleted > 0 then
    perform private.record_audit($1, 'entries.clear', array[$1::text], null, jsonb_build_object('before', upto, 'deleted', deleted));
    perform realtime.send(
      jsonb_build_object('before', upto, 'deleted', deleted, 'complete', deleted < batch), 'cleared', 'ws:' || $1, true);
  end if;
  return jsonb_build_object('deleted', deleted, 'complete', deleted < batch);
end
$$;
comment on function private.clear_entries(uuid, timestamptz) is 'Deletes entries of a workspace that its caller owns, at most 20,000. Null for others.';
grant execute on function private.clear_entries(uuid, timestamptz) to authenticated;

create function public.clear_entries(workspace_id uuid, before timestamptz default null) returns jsonb
language sql volatile set search_path = '' as $$
  select private.clear_entries($1, $2)
$$;
comment on function public.clear_entries(uuid, timestamptz) is 'Deletes the entries of a workspace with ts before a moment, by default now: {deleted, complete}, at most 20,000 a call; call again until complete. For its owner with entries:edit, and admins; null for others. Watchers hear cleared on ws:.';
grant execute on function public.clear_entries(uuid, timestamptz) to authenticated;
