-- Purpose: a page without a filter is planned once a session, not once a call.
-- Affected: private.list_entries.
-- Special: planning a query over thirty days takes as long as running it. A filter is a query of its own, planned with its
--          values; without one there are three queries, and PL/pgSQL keeps their plans. A kept plan is not told how many rows
--          are asked for and might sort what it could walk: the constant 500 says that they are few, the page ends it earlier.

create or replace function private.list_entries(
  workspace_id uuid, filter jsonb, before_ts timestamptz, before_id uuid, page_size integer)
returns setof public.entries
language plpgsql stable security definer rows 50
set search_path = ''
set enable_seqscan = off
-- A walk down an index is the best plan for whatever is asked: nothing is gained by planning for the values.
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_variable
declare
  c record;
  everything boolean;
  workspaces uuid[];
  purged uuid[];
  condition constant text := private.filter_sql(filter);
  filtered constant boolean := condition <> 'true';
  -- The first page begins after the last entry that there can be. Ids are in order of ts.
  to_ts constant timestamptz := coalesce(before_ts, 'infinity');
  to_id constant uuid := coalesce(before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  -- The first comparison prunes partitions, the second is the exact place.
  place constant text := case when before_ts is null then 'true'
    else format('e.ts <= %L and (e.ts, e.id) < (%1$L::timestamptz, %L::uuid)', before_ts, before_id) end;
  place_by_id constant text := case when before_ts is null then 'true'
    else format('e.ts <= %L and e.id < %L::uuid', before_ts, before_id) end;
begin
  if page_size is null or page_size not between 1 and 500 then
    raise exception 'page_size: give a number from 1 to 500' using errcode = 'PT400';
  end if;
  if (before_ts is null) <> (before_id is null) then
    raise exception 'before_ts and before_id: give both, from the last row of the page before, or neither'
      using errcode = 'PT400';
  end if;
  select * into c from private.caller();
  if not private.allows(c.role, c.scopes, 'entries', 'view') then
    return;
  end if;
  everything := private.allows(c.role, c.scopes, 'global', 'view');
  if workspace_id is null and everything then
    -- Who sees all is not given a list of workspaces: a thousand ids cost more than the page. What a deleted one left is
    -- nobody's, and those are few. The newest of everything is a walk down the index of ids.
    purged := coalesce((select array_agg(p.workspace_id) from private.workspace_purges p), '{}');
    if filtered then
      return query execute format(
        'select e.* from public.entries e where e.workspace_id <> all (%L::uuid[]) and %s and %s order by e.id desc limit %s',
        purged, place_by_id, condition, page_size);
    else
      return query
      select p.* from (
        select e.* from public.entries e
        where e.workspace_id <> all (purged) and e.ts <= to_ts and e.id < to_id
        order by e.id desc limit 500
      ) p order by p.id desc limit page_size;
    end if;
    return;
  end if;
  workspaces := case
    when workspace_id is null then array(
      select m.workspace_id from public.workspace_members m where m.user_id = c.user_id)
    when everything then array(select w.id from public.workspaces w where w.id = workspace_id)
    else array(
      select m.workspace_id from public.workspace_members m
      where m.workspace_id = list_entries.workspace_id and m.user_id = c.user_id)
  end;
  if cardinality(workspaces) = 1 then
    if filtered then
      return query execute format(
        'select e.* from public.entries e where e.workspace_id = %L and %s and %s order by e.ts desc, e.id desc limit %s',
        workspaces[1], place, condition, page_size);
    else
      return query
      select p.* from (
        select e.* from public.entries e
        where e.workspace_id = workspaces[1] and e.ts <= to_ts and (e.ts, e.id) < (to_ts, to_id)
        order by e.ts desc, e.id desc limit 500
      ) p order by p.ts desc, p.id desc limit page_size;
    end if;
  elsif filtered then
    return query execute format(
      'select p.* from unnest($1) as w (id)
       cross join lateral (
         select e.* from public.entries e where e.workspace_id = w.id and %s and %s order by e.ts desc, e.id desc limit %s
       ) as p order by p.ts desc, p.id desc limit %3$s',
      place, condition, page_size)
    using workspaces;
  else
    return query
    select p.* from unnest(workspaces) as w (id)
    cross join lateral (
      select n.* from (
        select e.* from public.entries e
        where e.workspace_id = w.id and e.ts <= to_ts and (e.ts, e.id) < (to_ts, to_id)
        order by e.ts desc, e.id desc limit 500
      ) n order by n.ts desc, n.id desc limit page_size
    ) as p order by p.ts desc, p.id desc limit page_size;
  end if;
end
$$;
