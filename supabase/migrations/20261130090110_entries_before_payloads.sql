-- Purpose: whoever reads entries with their payloads locks the entries first.
-- Affected: private.read_entries, search_entries.
-- Special: a kept plan locks its tables in an order of its own, here the payloads first. What has to lock both exclusively
--          (lock_together) would then meet one reader or another at every attempt, and days would never expire.

create or replace function private.read_entries(ids uuid[], parts text[]) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  visible constant uuid[] := private.workspaces_with('entries', 'view');
  policy constant public.redaction_policies := (select p from public.redaction_policies p where p.destination = 'console');
  reveal constant boolean := private.has_capability('secrets', 'view') and not coalesce(policy.enabled, true);
  salt constant bytea := case when policy.mode = 'strip' then '' else extensions.gen_random_bytes(16) end;
  names constant text[] := coalesce(policy.extra_names, '{}');
  patterns constant text[] := coalesce(policy.extra_patterns, '{}');
  known constant text[] := array['request_headers', 'response_headers', 'request_body', 'response_body', 'extra'];
  wanted constant text[] := coalesce(parts, known);
  answer jsonb;
begin
  if ids is null or cardinality(ids) not between 1 and 500 then
    raise exception 'ids: give 1 to 500 ids' using errcode = 'PT400';
  end if;
  if not wanted <@ known then
    raise exception 'parts: use %', array_to_string(known, ', ') using errcode = 'PT400';
  end if;
  -- Locks the entries, in whatever order the plan below locks them and their payloads.
  perform from only public.entries limit 0;
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
      jsonb_build_object('parts', wanted, 'revealed', reveal))
    from found f group by f.workspace_id
  )
  select jsonb_agg(
    to_jsonb(f) - 'payload' - 'ordinality'
      || case when reveal then '{}'::jsonb else jsonb_build_object(
        'url', private.redact_text(f.url, salt, names, patterns), 'path', private.redact_text(f.path, salt, names, patterns),
        'error', private.redact_text(f.error, salt, names, patterns)) end
      || jsonb_build_object(
        'redacted', not reveal,
        'payload', jsonb_strip_nulls(jsonb_build_object(
            'timestamp', f.ts, 'method', f.method, 'statusCode', f.status, 'duration', f.duration_ms,
            'isSecure', f.is_secure,
            'url', case when reveal then f.url else private.redact_text(f.url, salt, names, patterns) end))
          || case when 'extra' = any (wanted) then coalesce(
            case when reveal then p.extra else (
              select jsonb_object_agg(x.key, private.redact_value('', x.value, salt, names, patterns)) from jsonb_each(private.plain_fields(p.extra)) x) end,
            '{}') else '{}' end
          || case when 'request_headers' = any (wanted) and p.request_headers is not null
            then jsonb_build_object('requestHeaders', case when reveal then p.request_headers else private.redact_headers(p.request_headers, salt, names, patterns) end) else '{}' end
          || case when 'response_headers' = any (wanted) and p.response_headers is not null
            then jsonb_build_object('responseHeaders', case when reveal then p.response_headers else private.redact_headers(p.response_headers, salt, names, patterns) end) else '{}' end
          || case when 'request_body' = any (wanted) and p.request_body is not null
            then jsonb_build_object('requestBody', private.body_json(p.request_body, p.request_body_mark, reveal, salt, names, patterns)) else '{}' end
          || case when 'response_body' = any (wanted) and p.response_body is not null
            then jsonb_build_object('responseBody', private.body_json(p.response_body, p.response_body_mark, reveal, salt, names, patterns)) else '{}' end)
    order by f.ordinality)
  into answer
  from found f
  left join private.entry_payloads p on p.id = f.id and p.ts = f.ts
  where (select count(*) from logged) >= 0;
  return coalesce(answer, '[]');
end
$$;

create or replace function private.search_entries(
  workspace_id uuid, filter jsonb, before_ts timestamptz, before_id uuid, page_size integer)
returns jsonb
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_variable
declare
  most_candidates constant integer := 20000;
  step constant integer := 500;
  reveal constant boolean := private.has_capability('secrets', 'view');
  condition constant text := private.filter_sql(filter, scope => case when reveal then 'search' else 'search_redacted' end);
  bound constant jsonb := private.filter_bound(coalesce(filter, '{}'));
  -- Bodies are up to 1 MiB each, and redacting one takes long: how much is read between two looks at the clock.
  most_octets constant integer := case when reveal then 16777216 else 2097152 end
    / greatest(1, jsonb_array_length(jsonb_path_query_array(coalesce(filter, '{}'), '$.**.field ? (@ == "body")')));
  -- What takes long ends here and goes on with the next call, well inside statement_timeout.
  until constant timestamptz := clock_timestamp() + interval '3 seconds';
  found jsonb := '[]';
  examined integer := 0;
  batch record;
begin
  if page_size is null or page_size not between 1 and 500 then
    raise exception 'page_size: give a number from 1 to 500' using errcode = 'PT400';
  end if;
  -- Locks the entries, in whatever order the plan below locks them and their payloads.
  perform from only public.entries limit 0;
  loop
    -- The length of a body is known without reading it. One candidate is taken whatever it weighs.
    execute format(
      'with listed as materialized (
         select * from private.list_entries($1, $2, $3, $4, $5)
       ), weighed as materialized (
         select l.*, p.request_headers, p.response_headers, p.request_body, p.request_body_mark, p.response_body, p.response_body_mark,
           coalesce(sum(coalesce(octet_length(p.request_body), 0) + coalesce(octet_length(p.response_body), 0))
             over (order by l.ts desc, l.id desc rows between unbounded preceding and 1 preceding), 0) as octets_before
         from listed l left join private.entry_payloads p on p.id = l.id and p.ts = l.ts
       ), matching as (
         select e.id from weighed e
         cross join lateral (
           select e.request_headers, e.response_headers, e.request_body, e.request_body_mark, e.response_body, e.response_body_mark) p
         where e.octets_before < $7 and %s order by e.ts desc, e.id desc limit $6
       ), candidate as (
         select count(*) as n, min(w.ts) as ts, (array_agg(w.id order by w.ts, w.id))[1] as id from weighed w where w.octets_before < $7
       )
       select (select count(*) from listed) as listed, c.n as candidates, c.ts, c.id,
         (select coalesce(jsonb_agg(to_jsonb(l) order by l.ts desc, l.id desc), ''[]'') from listed l join matching m on m.id = l.id) as rows
       from candidate c', condition)
    into batch
    using workspace_id, bound, before_ts, before_id, step, page_size - jsonb_array_length(found), most_octets;
    found := found || batch.rows;
    examined := examined + batch.candidates;
    if jsonb_array_length(found) >= page_size then
      return jsonb_build_object(
        'rows', found, 'scanned_to', jsonb_build_object('ts', found -> -1 -> 'ts', 'id', found -> -1 -> 'id'), 'complete', false);
    end if;
    before_ts := coalesce(batch.ts, before_ts);
    before_id := coalesce(batch.id, before_id);
    if batch.candidates < step and batch.candidates = batch.listed then
      return jsonb_build_object(
        'rows', found,
        'scanned_to', case when before_ts is not null then jsonb_build_object('ts', before_ts, 'id', before_id) end,
        'complete', true);
    end if;
    if examined >= most_candidates or clock_timestamp() > until then
      return jsonb_build_object(
        'rows', found, 'scanned_to', jsonb_build_object('ts', before_ts, 'id', before_id), 'complete', false);
    end if;
  end loop;
end
$$;
