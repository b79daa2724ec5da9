-- Purpose: the filter language, compiled to SQL in one place.
-- Affected: private.filter_sql and its parts.
-- Special: the only way from a caller's filter to SQL text. Values go through quote_literal, fields and operators
--          through the tables below; nothing of the caller's is ever spliced in as it came.

create type private.filter_field as (name text, expression text, kind text);

create function private.filter_field(name text) returns private.filter_field
language sql immutable set search_path = '' as $$
  select row(f.name, f.expression, f.kind)::private.filter_field
  from (values
    ('host', 'e.host', 'text'), ('method', 'e.method', 'text'), ('path', 'e.path', 'text'), ('url', 'e.url', 'text'),
    ('source', 'e.source', 'text'), ('os', 'e.os', 'text'), ('country', 'e.device_country', 'text'),
    ('content_type', 'e.content_type', 'text'), ('error', 'e.error', 'text'),
    ('status', 'e.status', 'number'), ('duration', 'e.duration_ms', 'number'),
    ('request_size', 'e.request_size', 'number'), ('response_size', 'e.response_size', 'number'),
    ('secure', 'e.is_secure', 'boolean'), ('ts', 'e.ts', 'time'), ('device', 'e.device_uuid', 'device')
  ) as f (name, expression, kind)
  where f.name = $1
$$;
comment on function private.filter_field(text) is 'Column and kind of a filter field; null for an unknown one. Kinds: text, number, boolean, time, device.';

-- Volatile, or the planner would call it ahead of time wherever its arguments are known and so refuse every filter.
create function private.filter_error(position_ text, message text) returns text
language plpgsql volatile set search_path = '' as $$
begin
  -- PostgREST repeats the message in the status line, where what is not printable ASCII has no place.
  raise exception 'filter%', regexp_replace(format('%s: %s', position_, message), '[^ -~]', '?', 'g') using errcode = 'PT400', hint = 'invalid_filter';
end
$$;
comment on function private.filter_error(text, text) is 'Refuses a filter: 400 with the position of the node and what to do.';

create function private.filter_literal(value jsonb, kind text, position_ text) returns text
language plpgsql stable set search_path = '' as $$
begin
  case kind
    when 'text' then
      if jsonb_typeof(value) <> 'string' then
        return private.filter_error(position_, 'value must be a text');
      end if;
      if char_length(value #>> '{}') > 1000 then
        return private.filter_error(position_, 'value must have at most 1,000 characters');
      end if;
      return quote_literal(value #>> '{}');
    when 'number' then
      if jsonb_typeof(value) <> 'number' then
        return private.filter_error(position_, 'value must be a number');
      end if;
      -- What neither bigint nor double precision holds would fail where it is compared.
      if abs(value::numeric) >= 1e300 then
        return private.filter_error(position_, 'value must be a number below 1e300');
      end if;
      return quote_literal(round(value::numeric, 20)) || '::numeric';
    when 'boolean' then
      if jsonb_typeof(value) <> 'boolean' then
        return private.filter_error(position_, 'value must be true or false');
      end if;
      return value #>> '{}';
    when 'time' then
      if jsonb_typeof(value) <> 'string'
        or (value #>> '{}') !~ '^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?)?$'
        or not pg_input_is_valid(value #>> '{}', 'timestamptz') then
        return private.filter_error(position_, 'value must be an ISO 8601 time');
      end if;
      return quote_literal((value #>> '{}')::timestamptz) || '::timestamptz';
  end case;
end
$$;
comment on function private.filter_literal(jsonb, text, text) is 'A filter value as an SQL literal of its kind.';

create function private.filter_text(expression text, op text, value jsonb, position_ text) returns text
language plpgsql stable set search_path = '' as $$
declare
  given constant text := value #>> '{}';
  escaped constant text := replace(replace(replace(given, '\', '\\'), '%', '\%'), '_', '\_');
begin
  if jsonb_typeof(value) <> 'string' then
    return private.filter_error(position_, 'value must be a text');
  end if;
  if char_length(given) > 1000 then
    return private.filter_error(position_, 'value must have at most 1,000 characters');
  end if;
  case op
    when 'eq' then return format('%s = %L', expression, given);
    when 'neq' then return format('%s <> %L', expression, given);
    when 'contains' then return format('%s ilike %L', expression, '%' || escaped || '%');
    when 'prefix' then return format('%s ilike %L', expression, escaped || '%');
    when 'suffix' then return format('%s ilike %L', expression, '%' || escaped);
    when 'glob' then return format('%s ilike %L', expression, replace(replace(escaped, '*', '%'), '?', '_'));
    when 'regex' then
      begin
        perform '' ~ given;
      exception when invalid_regular_expression then
        return private.filter_error(position_, 'value is not a regular expression: ' || sqlerrm);
      end;
      return format('%s ~ %L', expression, given);
  end case;
end
$$;
comment on function private.filter_text(text, text, jsonb, text) is 'Text operators. eq, neq and regex heed case; contains, prefix, suffix and glob (* and ?) ignore it.';

create function private.filter_leaf(node jsonb, position_ text) returns text
language plpgsql stable set search_path = '' as $$
declare
  field private.filter_field := private.filter_field(node ->> 'field');
  op constant text := node ->> 'op';
  value constant jsonb := node -> 'value';
  allowed text[];
  literals text;
begin
  if field.name is null then
    if node ->> 'field' in ('header', 'body') then
      return private.filter_error(position_, format('field %L is searched by entries_search', node ->> 'field'));
    end if;
    return private.filter_error(position_, format(
      'unknown field %L; use host method path url status duration request_size response_size source os country device content_type error secure ts',
      coalesce(node ->> 'field', '')));
  end if;
  if exists (select from jsonb_object_keys(node) k where k not in ('field', 'op', 'value')) then
    return private.filter_error(position_, 'a condition has field, op and value, nothing else');
  end if;
  allowed := array['eq', 'neq', 'in', 'exists'] || case field.kind
    when 'text' then array['contains', 'prefix', 'suffix', 'glob', 'regex']
    when 'number' then array['gt', 'gte', 'lt', 'lte']
    when 'time' then array['gt', 'gte', 'lt', 'lte']
    else '{}'::text[] end;
  if op is null or op <> all (allowed) then
    return private.filter_error(position_, format('op of %s must be one of %s', field.name, array_to_string(allowed, ' ')));
  end if;

  if op = 'exists' then
    if value is not null and jsonb_typeof(value) <> 'boolean' then
      return private.filter_error(position_, 'value of exists must be true or false');
    end if;
    return format('%s is %s null', field.expression, case when coalesce(value::boolean, true) then 'not' else '' end);
  end if;
  if op = 'in' then
    if jsonb_typeof(value) is distinct from 'array' or jsonb_array_length(value) not between 1 and 100 then
      return private.filter_error(position_, 'value of in must be a list of 1 to 100 values');
    end if;
  elsif value is null then
    return private.filter_error(position_, 'value is missing');
  end if;

  if field.kind = 'device' then
    -- A name is one of the caller's devices, also where the condition runs past row security.
    select string_agg(case
      when jsonb_typeof(v) <> 'string' then private.filter_error(position_, 'device must be a uuid or a name')
      when pg_input_is_valid(v #>> '{}', 'uuid') then format('select %L::uuid', v #>> '{}')
      else format(
        'select d.uuid from public.devices d
         where d.name operator(extensions.=) %L and d.workspace_id = any ((select private.workspaces_with(''devices'', ''view''))::uuid[])',
        v #>> '{}') end, ' union all ')
    into literals
    from jsonb_array_elements(case when op = 'in' then value else jsonb_build_array(value) end) v;
    return format('%s %s (%s)', field.expression, case when op = 'neq' then 'not in' else 'in' end, literals);
  end if;
  if op = 'in' then
    select string_agg(private.filter_literal(v, field.kind, position_), ', ') into literals
    from jsonb_array_elements(value) v;
    return format('%s in (%s)', field.expression, literals);
  end if;
  if field.kind = 'text' then
    return private.filter_text(field.expression, op, value, position_);
  end if;
  return format('%s %s %s', field.expression,
    case op when 'eq' then '=' when 'neq' then '<>' when 'gt' then '>' when 'gte' then '>=' when 'lt' then '<' when 'lte' then '<=' end,
    private.filter_literal(value, field.kind, position_));
end
$$;
comment on function private.filter_leaf(jsonb, text) is 'One condition {field, op, value} as SQL over the row e of entries.';

create function private.filter_sql(node jsonb, position_ text default '', depth integer default 0) returns text
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
    return '(' || private.filter_leaf(node, position_) || ')';
  end if;
  if (select count(*) from jsonb_object_keys(node)) <> 1 then
    return private.filter_error(position_, 'a node has exactly one of and, or, not');
  end if;
  select k into key from jsonb_object_keys(node) k;
  if key = 'not' then
    -- A missing value never matches, and its negation does: hence "is not true" and not "not".
    return '(' || private.filter_sql(node -> 'not', position_ || '.not', depth + 1) || ' is not true)';
  end if;
  if key not in ('and', 'or') then
    return private.filter_error(position_, format('unknown node %L; use and, or, not or a condition', key));
  end if;
  if jsonb_typeof(node -> key) <> 'array' then
    return private.filter_error(position_ || '.' || key, 'must be a list');
  end if;
  select array_agg(private.filter_sql(c.value, format('%s.%s[%s]', position_, key, c.ordinality - 1), depth + 1) order by c.ordinality)
  into parts
  from jsonb_array_elements(node -> key) with ordinality c;
  return case
    when parts is null then case key when 'and' then 'true' else 'false' end
    else '(' || array_to_string(parts, ' ' || key || ' ') || ')'
  end;
end
$$;
comment on function private.filter_sql(jsonb, text, integer) is 'Compiles a filter ({} | {and} | {or} | {not} | {field, op, value}) to a condition over the row e of entries. Anything unknown is refused with its position.';

grant execute on function private.filter_sql(jsonb, text, integer), private.filter_leaf(jsonb, text),
  private.filter_text(text, text, jsonb, text), private.filter_literal(jsonb, text, text), private.filter_error(text, text),
  private.filter_field(text)
to authenticated;
