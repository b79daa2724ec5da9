-- Purpose: the live feed and the arrival order behind its catch-up.
-- Affected: private.feed_log, trigger on public.entries, private.feed_page, public.entries_changes.
-- Special: Realtime delivers at most once, so a reader has to be able to ask what it missed. The log holds one row per
--          statement and workspace. A cursor is a snapshot: "everything visible then was delivered". What is visible
--          now and was not then is new, however late it committed and whatever its ts; a transaction that stays open
--          delays nobody.

create table private.feed_log (
  workspace_id uuid not null,
  xid xid8 not null default pg_current_xact_id(),
  seq bigint generated always as identity,
  arrived_at timestamptz not null default now(),
  ids uuid[] not null,
  primary key (workspace_id, xid, seq)
);
comment on table private.feed_log is 'Entries in order of arrival: one row per insert statement and workspace, kept as long as the longest retention.';
comment on column private.feed_log.workspace_id is 'Workspace of the entries.';
comment on column private.feed_log.xid is 'Transaction that inserted them, compared with the snapshot of a cursor.';
comment on column private.feed_log.seq is 'Order of statements.';
comment on column private.feed_log.arrived_at is 'Start of that transaction, for expiry.';
comment on column private.feed_log.ids is 'The entries, in the order of the statement.';
create index feed_log_arrival on private.feed_log using brin (arrived_at);
alter table private.feed_log enable row level security;

-- Measured: one thin message a statement costs an insert 1.3 times its time, a row trigger with whole rows 1.9 times.
create function private.announce_entries() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into private.feed_log (workspace_id, ids)
  select n.workspace_id, array_agg(n.id) from new_entries n group by n.workspace_id;

  perform realtime.send(
    jsonb_build_object('entries', jsonb_agg(jsonb_build_object(
      'id', m.id, 'request_id', m.request_id, 'device_uuid', m.device_uuid, 'ts', m.ts, 'source', m.source,
      'method', m.method, 'host', m.host, 'path', left(m.path, 256), 'status', m.status,
      'duration_ms', m.duration_ms, 'request_size', m.request_size, 'response_size', m.response_size))),
    'entries', 'ws:' || m.workspace_id, true)
  from (
    select n.*, (row_number() over (partition by n.workspace_id) - 1) / 100 as part from new_entries n
  ) as m
  group by m.workspace_id, m.part
  order by m.workspace_id, m.part;
  return null;
end
$$;
comment on function private.announce_entries() is 'Statement trigger: records arrival and sends the event entries on ws:<workspace_id>, at most 100 rows a message.';

create trigger announce_entries after insert on public.entries
referencing new table as new_entries
for each statement execute function private.announce_entries();

create function private.feed_page(
  workspace_id uuid, seen pg_snapshot, upto pg_snapshot, after_xid xid8, after_seq bigint, after_position integer, page_size integer)
returns table (xid xid8, seq bigint, "position" integer, id uuid)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  visible constant uuid[] := private.workspaces_with('entries', 'view');
  wanted constant uuid[] := case
    when feed_page.workspace_id is null then visible
    when feed_page.workspace_id = any (visible) then array[feed_page.workspace_id]
    else '{}'
  end;
begin
  return query
  select l.xid, l.seq, u.ordinality::integer, u.id
  from (
    select l.* from private.feed_log l
    where l.workspace_id = any (wanted)
      and l.xid >= greatest(pg_snapshot_xmin(feed_page.seen), feed_page.after_xid)
      and not pg_visible_in_snapshot(l.xid, feed_page.seen)
      and pg_visible_in_snapshot(l.xid, feed_page.upto)
      and (l.xid, l.seq) >= (feed_page.after_xid, feed_page.after_seq)
    order by l.xid, l.seq
    limit feed_page.page_size + 1
  ) as l
  cross join lateral unnest(l.ids) with ordinality as u (id, ordinality)
  where (l.xid, l.seq, u.ordinality) > (feed_page.after_xid, feed_page.after_seq, feed_page.after_position::bigint)
  order by l.xid, l.seq, u.ordinality
  limit feed_page.page_size;
end
$$;
comment on function private.feed_page(uuid, pg_snapshot, pg_snapshot, xid8, bigint, integer, integer) is 'Ids that arrived between two snapshots, after a position, in order of arrival, within the caller''s workspaces.';
grant execute on function private.feed_page(uuid, pg_snapshot, pg_snapshot, xid8, bigint, integer, integer) to authenticated;

create function public.entries_changes(workspace_id uuid default null, after text default null, page_size integer default 200)
returns jsonb
language plpgsql stable set search_path = '' as $$
#variable_conflict use_variable
declare
  -- "1 <seen>", or while a sweep to a newer snapshot is unfinished "1 <seen> <upto> <xid> <seq> <position>".
  part constant text[] := string_to_array(after, ' ');
  now_snapshot constant pg_snapshot := pg_current_snapshot();
  seen pg_snapshot := '1:1:';
  upto pg_snapshot := now_snapshot;
  last record;
  rows jsonb;
begin
  if page_size is null or page_size not between 1 and 500 then
    raise exception 'page_size: give a number from 1 to 500' using errcode = 'PT400';
  end if;
  if after = 'now' then
    return jsonb_build_object('rows', '[]'::jsonb, 'cursor', '1 ' || now_snapshot);
  end if;
  if after is not null then
    if part[1] <> '1' or cardinality(part) not in (2, 6)
      or not pg_input_is_valid(part[2], 'pg_snapshot')
      or cardinality(part) = 6 and not (
        pg_input_is_valid(part[3], 'pg_snapshot') and pg_input_is_valid(part[4], 'xid8')
        and pg_input_is_valid(part[5], 'bigint') and pg_input_is_valid(part[6], 'integer'))
    then
      raise exception 'after: not a cursor of entries_changes; pass null, "now", or the cursor of the last answer'
        using errcode = 'PT400';
    end if;
    seen := part[2]::pg_snapshot;
    upto := coalesce(part[3]::pg_snapshot, now_snapshot);
    -- A database restored from a dump counts transactions anew: cursors of before mean nothing there.
    if pg_snapshot_xmax(upto) > pg_snapshot_xmax(now_snapshot) or pg_snapshot_xmax(seen) > pg_snapshot_xmax(now_snapshot) then
      raise exception 'after: this cursor is from another database; start again from null' using errcode = 'PT410';
    end if;
  end if;

  -- ts lies inside the id, so each read goes to one partition. Row security of entries applies to the join.
  return (
    with page as materialized (
      select f.xid, f.seq, f.position, f.id
      from private.feed_page(
        workspace_id, seen, upto, coalesce(part[4]::xid8, '0'::xid8), coalesce(part[5]::bigint, 0),
        coalesce(part[6]::integer, 0), page_size) as f
    ), last as (
      select p.xid, p.seq, p.position from page p order by p.xid desc, p.seq desc, p.position desc limit 1
    ), size as (
      select count(*) = page_size as full_page from page
    )
    select jsonb_build_object(
      'rows', coalesce((
        select jsonb_agg(to_jsonb(e) - 'payload' order by p.xid, p.seq, p.position)
        from page p
        cross join lateral (
          select e.* from public.entries e where e.id = p.id and e.ts = private.entry_ts(p.id)
        ) as e), '[]'),
      'cursor', case when s.full_page
        then format('1 %s %s %s %s %s', seen, upto, l.xid, l.seq, l.position)
        else '1 ' || upto end,
      -- A sweep of several calls ends where it began: what arrived since is the next one's.
      'more', s.full_page or coalesce(cardinality(part) = 6, false))
    from size s left join last l on true);
end
$$;
comment on function public.entries_changes(uuid, text, integer) is 'Entries in order of arrival, each exactly once whatever its ts. after: null from the oldest kept, "now" for a cursor of this moment, else the last answer''s cursor. page_size 1 to 500. Answers {rows, cursor, more}; more says to ask again at once.';
grant execute on function public.entries_changes(uuid, text, integer) to authenticated;
grant execute on function private.entry_ts(uuid) to authenticated;
