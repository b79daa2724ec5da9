-- The postgres_changes half of a hosted project's schema realtime: who listens to which table, and
-- who of them may be told of a change. Same names and outcomes as hosted; the change itself comes
-- from pgoutput in the shape of wal2json's format 2, as this server has no wal2json.
-- Run once as supabase_admin, after schema.sql.

create type realtime.equality_op as enum (
  'eq', 'neq', 'lt', 'lte', 'gt', 'gte', 'in', 'like', 'ilike', 'is', 'match', 'imatch', 'isdistinct'
);

create type realtime.user_defined_filter as (
  column_name text,
  op realtime.equality_op,
  value text,
  negate boolean
);

create type realtime.wal_rls as (
  wal jsonb,
  is_rls_enabled boolean,
  subscription_ids uuid[],
  errors text[]
);

create function realtime.to_regrole(role_name text) returns regrole
language sql immutable
as $$ select role_name::regrole $$;

create table realtime.subscription (
  id bigint generated always as identity primary key,
  subscription_id uuid not null,
  entity regclass not null,
  filters realtime.user_defined_filter[] not null default '{}',
  claims jsonb not null,
  claims_role regrole not null
    generated always as (realtime.to_regrole(quote_ident(claims ->> 'role'))) stored,
  created_at timestamp not null default timezone('utc', now()),
  action_filter text not null default '*' check (action_filter in ('*', 'INSERT', 'UPDATE', 'DELETE')),
  selected_columns text[],
  unique (subscription_id, entity)
);

create index subscription_entity on realtime.subscription (entity);

comment on table realtime.subscription is
  'Who listens to the changes of which table, with what filter, and with whose claims they are '
  'asked for. Written by the service alone; one row for each subscription and table.';

grant select on table realtime.subscription to postgres, dashboard_user, anon, authenticated,
  service_role;

-- A value of a change as JSON, by way of its type: numbers as numbers, timestamps as ISO 8601. bytea
-- comes without \x and what JSON has no number for as null: that is what wal2json makes of them.
create function realtime."cast"(val text, type_ regtype) returns jsonb
language plpgsql immutable
as $$
declare
  result jsonb;
begin
  if val is null then
    return null;
  end if;
  if type_ = 'bytea'::regtype then
    return to_jsonb(substr(val, 3));
  end if;
  if type_ in ('numeric'::regtype, 'float4'::regtype, 'float8'::regtype)
    and val in ('NaN', 'Infinity', '-Infinity') then
    return null;
  end if;
  execute format('select to_jsonb(%L::%s)', val, type_::text) into result;
  return result;
end
$$;

create function realtime.check_equality_op(
  op realtime.equality_op, type_ regtype, val text, expected text
)
returns boolean
language plpgsql immutable
as $$
declare
  result boolean;
begin
  case op
    when 'is' then
      execute format('select %L::%s is %s', val, type_::text, case lower(expected)
        when 'null' then 'null' when 'true' then 'true' when 'false' then 'false'
        when 'unknown' then 'unknown' else 'invalid' end) into result;
    when 'isdistinct' then
      execute format('select %L::%s is distinct from %L::%2$s', val, type_::text, expected)
      into result;
    when 'in' then
      execute format('select %L::%s = any (%L::%2$s[])', val, type_::text, expected) into result;
    when 'like', 'ilike', 'match', 'imatch' then
      execute format('select %L::text %s %L', val, case op
        when 'like' then 'like' when 'ilike' then 'ilike' when 'match' then '~' else '~*' end,
        expected) into result;
    else
      execute format('select %L::%s %s %L::%2$s', val, type_::text, case op
        when 'eq' then '=' when 'neq' then '<>' when 'lt' then '<' when 'lte' then '<='
        when 'gt' then '>' else '>=' end, expected) into result;
  end case;
  return result;
end
$$;

-- Refuses a filter or selection that names no readable column, or whose value is not of its type.
create function realtime.subscription_check_filters() returns trigger
language plpgsql
as $$
declare
  readable constant text[] := array(
    select a.attname::text
    from pg_catalog.pg_attribute a
    where a.attrelid = new.entity and a.attnum > 0 and not a.attisdropped
      and pg_catalog.has_column_privilege(
        realtime.to_regrole(quote_ident(new.claims ->> 'role')), new.entity, a.attnum, 'SELECT'));
  filter realtime.user_defined_filter;
  selected text;
  type_ regtype;
begin
  foreach filter in array new.filters loop
    if filter.column_name <> all (readable) then
      raise exception 'invalid column for filter %', filter.column_name;
    end if;
    select a.atttypid::regtype into type_
    from pg_catalog.pg_attribute a
    where a.attrelid = new.entity and a.attname = filter.column_name;
    if filter.op = 'in'
      and jsonb_array_length(realtime."cast"(filter.value, (type_::text || '[]')::regtype)) > 100
    then
      raise exception 'too many values for `in` filter. Maximum 100';
    end if;
    perform realtime.check_equality_op(filter.op, type_, null, filter.value);
  end loop;
  foreach selected in array coalesce(new.selected_columns, '{}') loop
    if selected <> all (readable) then
      raise exception 'invalid column for select %', selected;
    end if;
  end loop;
  return new;
end
$$;

create trigger check_filters before insert or update on realtime.subscription
for each row execute function realtime.subscription_check_filters();

-- {name: {type, value, ...}} of one side of a change; type is the type's name, as in pg_type.
create function realtime.wal_columns(side jsonb) returns jsonb
language sql stable
as $$
  select coalesce(jsonb_object_agg(c ->> 'name', c), '{}')
  from jsonb_array_elements(coalesce(side, '[]')) as c
$$;

-- All filters at once; a column that the change does not carry (the rest of a deleted row) never fits.
create function realtime.is_visible_through_filters(
  columns jsonb, filters realtime.user_defined_filter[]
)
returns boolean
language sql stable
as $$
  select coalesce(bool_and(coalesce(
    columns ? f.column_name
    and realtime.check_equality_op(
      f.op, (columns -> f.column_name ->> 'typeoid')::oid::regtype,
      columns -> f.column_name ->> 'value', f.value) <> coalesce(f.negate, false), false)), true)
  from unnest(filters) as f
$$;

-- The part of one side of a change that may be told, as {name: value}.
create function realtime.wal_record(columns jsonb, names text[], max_bytes integer default null)
returns jsonb
language sql stable
as $$
  select coalesce(jsonb_object_agg(
    c.key, realtime."cast"(c.value ->> 'value', (c.value ->> 'typeoid')::oid::regtype)), '{}')
  from jsonb_each(columns) as c
  where c.key = any (names)
    and (max_bytes is null or coalesce(octet_length(c.value ->> 'value'), 0) <= max_bytes)
$$;

-- Whom a change may be told, and what of it. The row is looked up now, as each subscriber: what has
-- gone or changed hands since the change is told to nobody who cannot see it any more. Of a DELETE
-- there is no row to look up: every subscriber is told, where row security is on the key alone.
create function realtime.apply_rls(wal jsonb, max_record_bytes integer default 1024 * 1024)
returns setof realtime.wal_rls
language plpgsql volatile
as $$
declare
  changed constant regclass := format('%I.%I', wal ->> 'schema', wal ->> 'table')::regclass;
  is_rls_enabled constant boolean := (select relrowsecurity from pg_catalog.pg_class where oid = changed);
  action constant text := case wal ->> 'action'
    when 'I' then 'INSERT' when 'U' then 'UPDATE' when 'D' then 'DELETE' end;
  keys constant text[] := array(
    select a.attname::text
    from pg_catalog.pg_index i
    join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
    where i.indrelid = changed and i.indisprimary);
  before constant jsonb := realtime.wal_columns(wal -> 'identity');
  -- A long value that did not change is not logged again; the old row has it if it is logged whole.
  after constant jsonb := case when action <> 'DELETE'
    then before || realtime.wal_columns(wal -> 'columns') else '{}' end;
  told constant jsonb := case action when 'DELETE' then before else after end;
  too_large constant boolean := octet_length(wal::text) > max_record_bytes;
  names text[];
  visible uuid[];
  seen boolean;
  lookup text;
  audience record;
  listener record;
  output jsonb;
begin
  if action is null then
    return;
  end if;
  select format('select exists (select from %s where %s)', changed, string_agg(
    format('%I = %L::%s', k, after -> k ->> 'value', ((after -> k ->> 'typeoid')::oid::regtype)::text),
    ' and '))
  into lookup from unnest(keys) as k;

  for audience in
    select s.claims_role, r.rolname, s.selected_columns, array_agg(s.subscription_id) as ids
    from realtime.subscription s
    join pg_catalog.pg_roles r on r.oid = s.claims_role
    where s.entity = changed and s.action_filter in ('*', action)
      and realtime.is_visible_through_filters(told, s.filters)
    group by s.claims_role, r.rolname, s.selected_columns
  loop
    output := jsonb_build_object('schema', wal ->> 'schema', 'table', wal ->> 'table', 'type', action);
    names := array(
      select n from jsonb_object_keys(told) as n
      where pg_catalog.has_column_privilege(audience.claims_role, changed, n, 'SELECT'));
    if action <> 'DELETE' and cardinality(keys) = 0 then
      return next row(output, is_rls_enabled, audience.ids, '{"Error 400: Bad Request, no primary key"}'::text[]);
      continue;
    end if;
    if action <> 'DELETE' and not keys <@ names then
      return next row(output, is_rls_enabled, audience.ids, '{"Error 401: Unauthorized"}'::text[]);
      continue;
    end if;

    visible := audience.ids;
    if is_rls_enabled and action <> 'DELETE' then
      visible := '{}';
      for listener in
        select s.subscription_id, s.claims from realtime.subscription s
        where s.entity = changed and s.subscription_id = any (audience.ids)
      loop
        perform set_config('role', audience.rolname, true),
          set_config('request.jwt.claims', listener.claims::text, true);
        execute lookup into seen;
        perform set_config('role', 'none', true);
        if seen then
          visible := visible || listener.subscription_id;
        end if;
      end loop;
    end if;
    continue when cardinality(visible) = 0;

    if audience.selected_columns is not null then
      names := array(select unnest(names) intersect select unnest(audience.selected_columns || keys));
    end if;
    output := output || jsonb_build_object(
      'commit_timestamp', wal -> 'timestamp',
      'columns', (
        select coalesce(jsonb_agg(jsonb_build_object('name', a.attname, 'type', t.typname) order by a.attnum), '[]')
        from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
        where a.attrelid = changed and a.attname = any (names)));
    if action <> 'DELETE' then
      output := output || jsonb_build_object(
        'record', realtime.wal_record(after, names, case when too_large then 64 end));
    end if;
    if action <> 'INSERT' then
      output := output || jsonb_build_object('old_record', realtime.wal_record(
        before,
        case when action = 'DELETE' and is_rls_enabled
          then array(select unnest(names) intersect select unnest(keys)) else names end,
        case when too_large then 64 end));
    end if;
    return next row(output, is_rls_enabled, visible,
      case when too_large then '{"Error 413: Payload Too Large"}'::text[] else '{}' end);
  end loop;
end
$$;

comment on function realtime.apply_rls(jsonb, integer) is
  'Whom a change may be told (by subscription), what of it, and what is wrong with it.';

revoke execute on function realtime.apply_rls(jsonb, integer) from public;
