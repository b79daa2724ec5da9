-- Purpose: reading entries: pages, counts, one entry with its payload.
-- Affected: public.entries_filtered_list, entries_filtered_count, get_entry, get_entries; private.list_entries, read_entries,
--           redaction.

-- Reads past row security, whose condition it replaces: with the policy's own array beside "workspace_id = …" the planner
-- takes a hundredth of the workspace's rows to match and sorts all of it instead of walking the index; and a pattern
-- (ilike, ~) may use no index below a policy. What the caller gave reaches the SQL through filter_sql and %L alone.
create function private.list_entries(
  workspace_id uuid, filter jsonb, before_ts timestamptz, before_id uuid, page_size integer)
returns setof public.entries
language plpgsql stable security definer set search_path = '' rows 50 as $$
#variable_conflict use_variable
declare
  visible constant uuid[] := private.workspaces_with('entries', 'view');
  condition constant text := private.filter_sql(filter);
  -- The first comparison prunes partitions, the second is the exact place. Ids are in order of ts.
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
  if workspace_id is not null then
    if workspace_id = any (visible) then
      return query execute format(
        'select e.* from public.entries e where e.workspace_id = %L and %s and %s order by e.ts desc, e.id desc limit %s',
        workspace_id, place, condition, page_size);
    end if;
  elsif private.has_capability('global', 'view') then
    -- The newest of everything is a walk down the index of ids. What a deleted workspace left is nobody's.
    return query execute format(
      'select e.* from public.entries e where e.workspace_id = any ((select $1)::uuid[]) and %s and %s order by e.id desc limit %s',
      place_by_id, condition, page_size)
    using visible;
  else
    return query execute format(
      'select p.* from unnest($1) as w (id)
       cross join lateral (
         select e.* from public.entries e where e.workspace_id = w.id and %s and %s order by e.ts desc, e.id desc limit %s
       ) as p order by p.ts desc, p.id desc limit %3$s',
      place, condition, page_size)
    using visible;
  end if;
end
$$;
comment on function private.list_entries(uuid, jsonb, timestamptz, uuid, integer) is 'A page of the caller''s entries, newest first; see entries_filtered_list. Fenced in itself: reads nothing outside workspaces_with(entries, view).';
grant execute on function private.list_entries(uuid, jsonb, timestamptz, uuid, integer) to authenticated;

create function public.entries_filtered_list(
  workspace_id uuid default null, filter jsonb default '{}', before_ts timestamptz default null, before_id uuid default null,
  page_size integer default 50)
returns setof public.entries
language sql stable set search_path = '' rows 50 as $$
  select * from private.list_entries(workspace_id, filter, before_ts, before_id, page_size)
$$;
comment on function public.entries_filtered_list(uuid, jsonb, timestamptz, uuid, integer) is 'Entries newest first. All arguments optional: without workspace_id all that the caller may see; the last row''s (ts, id) is the next page''s (before_ts, before_id); page_size 1 to 500.';
grant execute on function public.entries_filtered_list(uuid, jsonb, timestamptz, uuid, integer) to authenticated;

-- Volatile, because Postgres allows explain in no other function.
create function public.entries_filtered_count(workspace_id uuid default null, filter jsonb default '{}') returns jsonb
language plpgsql volatile set search_path = '' as $$
#variable_conflict use_variable
declare
  condition constant text := format(
    'select 1 from public.entries e where %s and %s',
    case when workspace_id is null then 'true' else format('e.workspace_id = %L', workspace_id) end,
    private.filter_sql(filter));
  counted bigint;
  plan jsonb;
begin
  execute format('select count(*) from (%s limit 1001) as c', condition) into counted;
  if counted <= 1000 then
    return jsonb_build_object('count', counted, 'kind', 'exact');
  end if;
  if filter is null or filter = '{}' then
    -- The planner knows how large a whole workspace is; with conditions it only guesses, so that is not offered.
    execute 'explain (format json) ' || condition into plan;
    return jsonb_build_object('count', greatest((plan #>> '{0,Plan,Plan Rows}')::numeric::bigint, 1001), 'kind', 'estimated');
  end if;
  return jsonb_build_object('count', 1000, 'kind', 'capped');
end
$$;
comment on function public.entries_filtered_count(uuid, jsonb) is 'How many entries match: {count, kind}. exact up to 1,000; beyond, estimated without a filter (the planner''s statistics) and capped (at least 1,000) with one.';
grant execute on function public.entries_filtered_count(uuid, jsonb) to authenticated;

create function private.is_secret_name(name text) returns boolean
language sql immutable parallel safe set search_path = '' as $$
  select $1 ~* '(^|[-_. ])(authorization|cookie|set-cookie2?|token|secret|password|passwd|pwd|api[-_]?key|apikey|access[-_]?key|private[-_]?key|session|sessionid|sid|csrf|xsrf|signature|credential|jwt|otp|pin)s?($|[-_. ])'
    or $1 ~* '(token|secret|password|apikey|sessionid)$'
$$;
comment on function private.is_secret_name(text) is 'Whether a header, cookie, query or JSON name usually carries a secret.';

create function private.redact_headers(headers jsonb) returns jsonb
language sql immutable parallel safe set search_path = '' as $$
  select case jsonb_typeof($1)
    when 'object' then coalesce((
      select jsonb_object_agg(h.key, case when private.is_secret_name(h.key) then '"[redacted]"'::jsonb else h.value end)
      from jsonb_each($1) h), '{}')
    when 'array' then coalesce((
      select jsonb_agg(case when private.is_secret_name(coalesce(h.value ->> 0, '')) then jsonb_build_array(h.value -> 0, '[redacted]') else h.value end order by h.ordinality)
      from jsonb_array_elements($1) with ordinality h), '[]')
  end
$$;
comment on function private.redact_headers(jsonb) is 'Headers in the form given, values of secret names replaced.';

create function private.redact_text(body text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    $1,
    '("[^"\\]*(?:token|secret|password|passwd|pwd|api_?key|session|authorization|credential|signature|otp)[^"\\]*"\s*:\s*)("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*)', '\1"[redacted]"', 'gi'),
    '((?:^|[?&;\s])[^=&?;\s]*(?:token|secret|password|passwd|pwd|api_?key|session|signature|code|otp)[^=&?;\s]*=)[^&;\s"'']+', '\1[redacted]', 'gi'),
    '(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}', '\1 [redacted]', 'gi'),
    'eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*', '[redacted]', 'g')
$$;
comment on function private.redact_text(text) is 'A text body or URL with JSON values, form and query parameters of secret names, bearer credentials and JWTs replaced.';

create function private.plain_fields(extra jsonb) returns jsonb
language sql immutable parallel safe set search_path = '' as $$
  select jsonb_object_agg(f.key, f.value)
  from jsonb_each($1) f
  where f.key in ('timestamp', 'requestSize', 'responseSize', 'host', 'os', 'deviceCountry', 'source', 'error')
$$;
comment on function private.plain_fields(jsonb) is 'The documented payload fields among the extra ones; what a client added of its own may hold anything and is left out.';

-- Audited and fenced in itself: it looks at the caller's workspaces, not at what it is asked for.
create function private.read_entries(ids uuid[], parts text[]) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  visible constant uuid[] := private.workspaces_with('entries', 'view');
  reveal constant boolean := private.has_capability('secrets', 'view');
  known constant text[] := array['request_headers', 'response_headers', 'request_body', 'response_body', 'extra'];
  answer jsonb;
begin
  if ids is null or cardinality(ids) not between 1 and 500 then
    raise exception 'ids: give 1 to 500 ids' using errcode = 'PT400';
  end if;
  if not coalesce(parts, known) <@ known then
    raise exception 'parts: use %', array_to_string(known, ', ') using errcode = 'PT400';
  end if;
  with asked as (
    select distinct on (a.id) a.id, a.ordinality from unnest(ids) with ordinality a (id, ordinality) order by a.id, a.ordinality
  ), found as materialized (
    select a.ordinality, e.*
    from asked a
    cross join lateral (
      select e.* from public.entries e
      where e.id = a.id and e.ts = private.entry_ts(a.id) and e.workspace_id = any (visible)
    ) as e
  ), logged as (
    select private.record_audit(f.workspace_id, 'entry.read', array_agg(f.id::text), null,
      jsonb_build_object('parts', coalesce(parts, known), 'revealed', reveal))
    from found f group by f.workspace_id
  )
  select jsonb_agg(
    to_jsonb(f) - 'payload' - 'ordinality'
      || case when reveal then '{}'::jsonb else jsonb_build_object('url', private.redact_text(f.url)) end
      || jsonb_build_object(
        'redacted', not reveal,
        'payload', jsonb_strip_nulls(jsonb_build_object(
            'timestamp', f.ts, 'method', f.method, 'statusCode', f.status, 'duration', f.duration_ms,
            'isSecure', f.is_secure,
            'url', case when reveal then f.url else private.redact_text(f.url) end))
          || case when 'extra' = any (coalesce(parts, known)) then coalesce(case when reveal then p.extra else private.plain_fields(p.extra) end, '{}') else '{}' end
          || case when 'request_headers' = any (coalesce(parts, known)) and p.request_headers is not null
            then jsonb_build_object('requestHeaders', case when reveal then p.request_headers else private.redact_headers(p.request_headers) end) else '{}' end
          || case when 'response_headers' = any (coalesce(parts, known)) and p.response_headers is not null
            then jsonb_build_object('responseHeaders', case when reveal then p.response_headers else private.redact_headers(p.response_headers) end) else '{}' end
          || case when 'request_body' = any (coalesce(parts, known)) and p.request_body is not null
            then jsonb_build_object('requestBody', private.body_json(p.request_body, p.request_body_mark, reveal)) else '{}' end
          || case when 'response_body' = any (coalesce(parts, known)) and p.response_body is not null
            then jsonb_build_object('responseBody', private.body_json(p.response_body, p.response_body_mark, reveal)) else '{}' end)
    order by f.ordinality)
  into answer
  from found f
  left join private.entry_payloads p on p.id = f.id and p.ts = f.ts
  where (select count(*) from logged) >= 0;
  return coalesce(answer, '[]');
end
$$;
comment on function private.read_entries(uuid[], text[]) is 'Entries of the caller''s workspaces with their payloads, in the order asked; audited; redacted unless secrets:view and scope secrets.';

create function private.body_json(body text, mark jsonb, reveal boolean) returns jsonb
language sql immutable parallel safe set search_path = '' as $$
  select case
    when not $3 and $2 ->> 'encoding' = 'base64' then $2 || jsonb_build_object('text', '', 'omitted', true)
    when $2 is null then to_jsonb(case when $3 then $1 else private.redact_text($1) end)
    else $2 || jsonb_build_object('text', case when $3 then $1 else private.redact_text($1) end)
  end
$$;
comment on function private.body_json(text, jsonb, boolean) is 'A stored body as payloads carry it. Encoded bodies cannot be searched for secrets here, so without the right to see them they are left out.';
grant execute on function private.read_entries(uuid[], text[]) to authenticated;

create function public.get_entries(ids uuid[], parts text[] default null) returns jsonb
language sql volatile set search_path = '' as $$
  select private.read_entries(ids, parts)
$$;
comment on function public.get_entries(uuid[], text[]) is 'Up to 500 entries with their payloads, in the order asked; ids unknown or not visible are left out. parts: request_headers, response_headers, request_body, response_body, extra; null for all.';

create function public.get_entry(id uuid, parts text[] default null) returns jsonb
language sql volatile set search_path = '' as $$
  select private.read_entries(array[id], parts) -> 0
$$;
comment on function public.get_entry(uuid, text[]) is 'One entry with its payload, null when it does not exist or may not be seen. Every call is audited; secrets are redacted unless the caller has secrets:view and the scope secrets.';
grant execute on function public.get_entries(uuid[], text[]), public.get_entry(uuid, text[]) to authenticated;
