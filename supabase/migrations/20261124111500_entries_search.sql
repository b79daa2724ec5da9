-- Purpose: searching headers and bodies, in bounded steps; entries by their tags.
-- Affected: private.filter_field, filter_leaf, filter_sql; private.header_pairs, filter_match, filter_bound, search_entries;
--           public.entries_search.

-- A scope says what a condition may read: list (columns alone), search, or search_redacted for callers from whom secrets are
-- hidden. What they are not shown they cannot search for either: otherwise a search would spell a secret out letter by letter.
drop function private.filter_sql(jsonb, text, integer);
drop function private.filter_leaf(jsonb, text);

create or replace function private.filter_field(name text) returns private.filter_field
language sql immutable set search_path = '' as $$
  select row(f.name, f.expression, f.kind)::private.filter_field
  from (values
    ('host', 'e.host', 'text'), ('method', 'e.method', 'text'), ('path', 'e.path', 'text'), ('url', 'e.url', 'text'),
    ('status', 'e.status', 'number'), ('duration', 'e.duration_ms', 'number'),
    ('request_size', 'e.request_size', 'number'), ('response_size', 'e.response_size', 'number'),
    ('source', 'e.source', 'text'), ('os', 'e.os', 'text'), ('country', 'e.device_country', 'text'),
    ('device', 'e.device_uuid', 'device'), ('tag', 'lower(t.name::text)', 'tag'),
    ('content_type', 'e.content_type', 'text'), ('error', 'e.error', 'text'),
    ('secure', 'e.is_secure', 'boolean'), ('ts', 'e.ts', 'time'), ('header', 'h.value', 'header'), ('body', 'b.text', 'body')
  ) as f (name, expression, kind)
  where f.name = $1
$$;
comment on function private.filter_field(text) is 'Expression and kind of a filter field; null for an unknown one. Kinds: text, number, boolean, time, device, tag, header, body.';

create function private.header_pairs(headers jsonb) returns table (name text, value text)
language sql immutable parallel safe set search_path = '' as $$
  select lower(o.key), v.value
  from jsonb_each(case when jsonb_typeof($1) = 'object' then $1 else '{}' end) o
  cross join lateral (
    select o.value #>> '{}' as value where jsonb_typeof(o.value) = 'string'
    union all
    select a.value from jsonb_array_elements_text(case when jsonb_typeof(o.value) = 'array' then o.value else '[]' end) a (value)
  ) v
  union all
  select lower(a.value ->> 0), a.value ->> 1
  from jsonb_array_elements(case when jsonb_typeof($1) = 'array' then $1 else '[]' end) a
$$;
comment on function private.header_pairs(jsonb) is 'Captured headers in either form they are kept in, as (name in lower case, value).';

create function private.filter_match(expression text, op text, value jsonb, position_ text) returns text
language plpgsql stable set search_path = '' as $$
declare
  literals text;
begin
  if op <> 'in' then
    return private.filter_text(expression, op, value, position_);
  end if;
  select string_agg(private.filter_literal(v, 'text', position_), ', ') into literals from jsonb_array_elements(value) v;
  return format('%s in (%s)', expression, literals);
end
$$;
comment on function private.filter_match(text, text, jsonb, text) is 'Every operator on texts but exists, as SQL.';

create function private.filter_leaf(node jsonb, position_ text, scope text) returns text
language plpgsql stable set search_path = '' as $$
declare
  field private.filter_field := private.filter_field(node ->> 'field');
  op constant text := node ->> 'op';
  value constant jsonb := node -> 'value';
  allowed text[];
  wanted boolean;
  narrowing boolean;
  literals text;
  source text;
begin
  if field.name is null then
    return private.filter_error(position_, format(
      'unknown field %L; use host method path url status duration request_size response_size source os country device tag content_type error secure ts header body',
      coalesce(node ->> 'field', '')));
  end if;
  if field.kind in ('header', 'body') and scope = 'list' then
    return private.filter_error(position_, format('field %L is searched by entries_search', field.name));
  end if;
  if field.kind = 'header' then
    if jsonb_typeof(node -> 'name') is distinct from 'string' or (node ->> 'name') !~ '^[!#$%&''*+.^_`|~0-9A-Za-z-]{1,200}$' then
      return private.filter_error(position_, 'name must be the name of a header');
    end if;
  elsif node ? 'name' then
    return private.filter_error(position_, 'only a header has a name');
  end if;
  if exists (select from jsonb_object_keys(node) k where k not in ('field', 'name', 'op', 'value')) then
    return private.filter_error(position_, 'a condition has field, op and value, nothing else');
  end if;
  allowed := array['eq', 'neq', 'in', 'exists'] || case
    when field.kind in ('text', 'tag', 'header', 'body') then array['contains', 'prefix', 'suffix', 'glob', 'regex']
    when field.kind in ('number', 'time') then array['gt', 'gte', 'lt', 'lte']
    else '{}'::text[] end;
  if op is null or op <> all (allowed) then
    return private.filter_error(position_, format('op of %s must be one of %s', field.name, array_to_string(allowed, ' ')));
  end if;

  if op = 'exists' then
    if value is not null and jsonb_typeof(value) <> 'boolean' then
      return private.filter_error(position_, 'value of exists must be true or false');
    end if;
    wanted := coalesce(value::boolean, true);
  elsif op = 'in' then
    if jsonb_typeof(value) is distinct from 'array' or jsonb_array_length(value) not between 1 and 100 then
      return private.filter_error(position_, 'value of in must be a list of 1 to 100 values');
    end if;
  elsif value is null then
    return private.filter_error(position_, 'value is missing');
  end if;

  case field.kind
    when 'device' then
      if op = 'exists' then
        return format('%s is %s null', field.expression, case when wanted then 'not' else '' end);
      end if;
      -- A name is one of the caller's devices, also where the condition runs past row security.
      select string_agg(case
        when jsonb_typeof(v) <> 'string' or char_length(v #>> '{}') > 1000
          then private.filter_error(position_, 'device must be a uuid or a name')
        when pg_input_is_valid(v #>> '{}', 'uuid') then format('select %L::uuid', v #>> '{}')
        else format(
          'select d.uuid from public.devices d
           where d.name operator(extensions.=) %L and d.workspace_id = any ((select private.workspaces_with(''devices'', ''view''))::uuid[])',
          v #>> '{}') end, ' union all ')
      into literals
      from jsonb_array_elements(case when op = 'in' then value else jsonb_build_array(value) end) v;
      return format('%s %s (%s)', field.expression, case when op = 'neq' then 'not in' else 'in' end, literals);
    when 'tag' then
      -- Names ignore case, as their uniqueness does. Evaluated once, not for each entry.
      return format(
        'e.id %s (select et.entry_id from public.entry_tags et join public.tags t on t.id = et.tag_id
         where et.workspace_id = any ((select private.workspaces_with(''tags'', ''view''))::uuid[]) and %s)',
        case when op = 'exists' and not wanted then 'not in' else 'in' end,
        case when op = 'exists' then 'true' else private.filter_match(
          -- A regular expression heeds case, as everywhere: a capital in it would find nothing in lower case.
          case op when 'regex' then 't.name::text' else field.expression end, op,
          case when op in ('eq', 'neq', 'in') then lower(value::text)::jsonb else value end, position_) end);
    when 'header' then
      if scope = 'search_redacted' and op <> 'exists' and private.is_secret_name(node ->> 'name') then
        return 'false';
      end if;
      return format(
        '%s exists (select from private.header_pairs(p.request_headers) h where h.name = %L and %s
          union all select from private.header_pairs(p.response_headers) h where h.name = %2$L and %3$s)',
        case when op = 'exists' and not wanted then 'not' else '' end, lower(node ->> 'name'),
        case when op = 'exists' then 'true' else private.filter_match(field.expression, op, value, position_) end);
    when 'body' then
      source := case when scope = 'search_redacted' then 'private.redact_text(%s)' else '%s' end;
      -- Redacting is a hundred times a comparison. What is found in the redacted text and reaches into no placeholder is in
      -- the text as well: so that is looked at first, and most candidates end there.
      narrowing := scope = 'search_redacted' and op in ('eq', 'contains', 'prefix', 'suffix')
        and jsonb_typeof(value) = 'string' and value #>> '{}' !~ '[][]' and strpos('redacted', lower(value #>> '{}')) = 0;
      -- Base64 is bytes, or text that Postgres cannot hold: neither can be searched as text.
      return format(
        '%s exists (
           select from (values
             (case when p.request_body_mark ->> ''encoding'' is null then p.request_body end),
             (case when p.response_body_mark ->> ''encoding'' is null then p.response_body end)) as raw (text)
           cross join lateral (select %s as text) as b
           where %s and %s)',
        case when op = 'exists' and not wanted then 'not' else '' end,
        format(source, 'raw.text'),
        case when narrowing then private.filter_match('raw.text', op, value, position_) else 'true' end,
        case when op = 'exists' then 'b.text is not null' else private.filter_match(field.expression, op, value, position_) end);
    else
      if op = 'exists' then
        return format('%s is %s null', field.expression, case when wanted then 'not' else '' end);
      end if;
      if field.kind = 'text' then
        return private.filter_match(field.expression, op, value, position_);
      end if;
      if op = 'in' then
        select string_agg(private.filter_literal(v, field.kind, position_), ', ') into literals
        from jsonb_array_elements(value) v;
        return format('%s in (%s)', field.expression, literals);
      end if;
      return format('%s %s %s', field.expression,
        case op when 'eq' then '=' when 'neq' then '<>' when 'gt' then '>' when 'gte' then '>=' when 'lt' then '<' when 'lte' then '<=' end,
        private.filter_literal(value, field.kind, position_));
  end case;
end
$$;
comment on function private.filter_leaf(jsonb, text, text) is 'One condition {field, name?, op, value} as SQL over the row e of entries and, in a search, the row p of entry_payloads.';

create function private.filter_sql(node jsonb, position_ text default '', depth integer default 0, scope text default 'list') returns text
language plpgsql stable set search_path = '' as $$
declare
  key text;
  parts text[];
begin
  if node is null or node = '{}' then
    return 'true';
  end if;
  if jsonb_typeof(node) <> 'object' then
    return private.filter_error(position_, 'give an object: {} or {and: […]}, {or: […]}, {not: {…}}, {field, op, value}');
  end if;
  if depth > 20 then
    return private.filter_error(position_, 'nested deeper than 20 levels');
  end if;
  if depth = 0 and octet_length(node::text) > 16384 then
    return private.filter_error(position_, 'larger than 16 kB');
  end if;
  if node ? 'field' then
    return '(' || private.filter_leaf(node, position_, scope) || ')';
  end if;
  if (select count(*) from jsonb_object_keys(node)) <> 1 then
    return private.filter_error(position_, 'a node has exactly one of and, or, not');
  end if;
  select k into key from jsonb_object_keys(node) k;
  if key = 'not' then
    -- A missing value never matches, and its negation does: hence "is not true" and not "not".
    return '(' || private.filter_sql(node -> 'not', position_ || '.not', depth + 1, scope) || ' is not true)';
  end if;
  if key not in ('and', 'or') then
    return private.filter_error(position_, format('unknown node %L; use and, or, not or a condition', key));
  end if;
  if jsonb_typeof(node -> key) <> 'array' then
    return private.filter_error(position_ || '.' || key, 'must be a list');
  end if;
  select array_agg(private.filter_sql(c.value, format('%s.%s[%s]', position_, key, c.ordinality - 1), depth + 1, scope) order by c.ordinality)
  into parts
  from jsonb_array_elements(node -> key) with ordinality c;
  return case
    when parts is null then case key when 'and' then 'true' else 'false' end
    else '(' || array_to_string(parts, ' ' || key || ' ') || ')'
  end;
end
$$;
comment on function private.filter_sql(jsonb, text, integer, text) is 'Compiles a filter ({} | {and} | {or} | {not} | {field, op, value}) to a condition over the row e of entries, in a search also over p of entry_payloads. Anything unknown is refused with its position.';

grant execute on function private.filter_sql(jsonb, text, integer, text), private.filter_leaf(jsonb, text, text),
  private.filter_match(text, text, jsonb, text)
to authenticated;

create function private.filter_bound(node jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
  bounds jsonb;
begin
  if node ? 'field' then
    return case when node ->> 'field' in ('header', 'body') then '{}' else node end;
  end if;
  if node ? 'and' then
    select jsonb_agg(private.filter_bound(c)) into bounds from jsonb_array_elements(node -> 'and') c;
    return jsonb_build_object('and', coalesce(bounds, '[]'));
  end if;
  if node ? 'or' then
    select jsonb_agg(private.filter_bound(c)) into bounds from jsonb_array_elements(node -> 'or') c;
    return case when bounds @> '[{}]' and exists (select from jsonb_array_elements(bounds) b where b = '{}')
      then '{}' else jsonb_build_object('or', coalesce(bounds, '[]')) end;
  end if;
  -- What is negated narrows only when all of it can be told from the columns.
  return case when node @? '$.**.field ? (@ == "header" || @ == "body")' then '{}' else node end;
end
$$;
comment on function private.filter_bound(jsonb) is 'The weakest filter on columns that a checked filter implies: every match is among what it lets through.';

create function private.search_entries(
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
comment on function private.search_entries(uuid, jsonb, timestamptz, uuid, integer) is 'Candidates by list_entries, which keeps to the caller''s workspaces, then their payloads; see entries_search.';
grant execute on function private.search_entries(uuid, jsonb, timestamptz, uuid, integer) to authenticated;

create function public.entries_search(
  workspace_id uuid default null, filter jsonb default '{}', before_ts timestamptz default null, before_id uuid default null,
  page_size integer default 50)
returns jsonb
language sql stable set search_path = '' as $$
  select private.search_entries(workspace_id, filter, before_ts, before_id, page_size)
$$;
comment on function public.entries_search(uuid, jsonb, timestamptz, uuid, integer) is 'Entries newest first by a filter that may name headers and bodies: {rows, scanned_to: {ts, id}, complete}. Examines at most 20,000 candidates a call, those that the filter''s other conditions let through; until complete go on with scanned_to as (before_ts, before_id). Who is not shown secrets does not find by them.';
revoke execute on function public.entries_search(uuid, jsonb, timestamptz, uuid, integer) from public;
grant execute on function public.entries_search(uuid, jsonb, timestamptz, uuid, integer) to authenticated;
