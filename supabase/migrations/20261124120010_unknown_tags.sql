-- Purpose: tagging with ids of other people's tags answers as with ids that nobody has.
-- Affected: private.keep_tag_within_workspace.
-- Special: before, two ids of one foreign workspace passed the trigger and met the policy (42501), while unknown ids met
--          the trigger (23503): the difference told that they exist.

create or replace function private.keep_tag_within_workspace() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  tagged uuid;
  tag_workspace uuid;
begin
  if tg_table_name = 'device_tags' then
    select d.workspace_id into tagged from public.devices d where d.uuid = new.device_uuid;
  else
    select e.workspace_id into tagged from public.entries e
    where e.id = new.entry_id and e.ts = private.entry_ts(new.entry_id);
    new.workspace_id := tagged;
  end if;
  select t.workspace_id into tag_workspace from public.tags t where t.id = new.tag_id;
  if tagged = tag_workspace then
    return new;
  end if;
  if tag_workspace = any (private.workspaces_with('tags', 'view')) then
    -- The answer for a device or entry that does not exist.
    raise exception 'insert or update on table "%" violates a foreign key constraint', tg_table_name using errcode = '23503';
  end if;
  -- The answer of the policy, which a known pair of another workspace gets.
  raise exception 'new row violates row-level security policy for table "%"', tg_table_name using errcode = '42501';
end
$$;
comment on function private.keep_tag_within_workspace() is 'Row trigger: a tag goes on what is of its own workspace. A tag that the caller may not see answers as an unknown one.';
