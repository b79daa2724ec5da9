-- Purpose: which tables and RPCs there are, for clients that find their way at run time.
-- Affected: private.table_catalogue, public.list_tables.

create function private.table_catalogue(name text) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'tables', coalesce((
      select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
          'name', c.relname,
          'about', pg_catalog.obj_description(c.oid, 'pg_class'),
          'verbs', array(
            select lower(verb) from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) as verb
            where pg_catalog.has_table_privilege('authenticated', c.oid, verb)
              or verb <> 'DELETE' and pg_catalog.has_any_column_privilege('authenticated', c.oid, verb)),
          'columns', case when $1 is not null then (
            select jsonb_object_agg(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)
              || coalesce(': ' || pg_catalog.col_description(c.oid, a.attnum), '') order by a.attnum)
            from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) end))
        order by c.relname)
      from pg_catalog.pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
        and ($1 is null or c.relname = $1)), '[]'),
    'rpcs', coalesce((
      select jsonb_agg(jsonb_build_object(
          'name', p.proname,
          'arguments', pg_catalog.pg_get_function_arguments(p.oid),
          'about', pg_catalog.obj_description(p.oid, 'pg_proc'))
        order by p.proname)
      from pg_catalog.pg_proc p
      where p.pronamespace = 'public'::regnamespace and p.prokind = 'f'
        and pg_catalog.has_function_privilege('authenticated', p.oid, 'EXECUTE')
        and ($1 is null or p.proname = $1)), '[]'))
$$;
comment on function private.table_catalogue(text) is 'Tables and RPCs of the API with their comments; columns only of the one named.';

create function public.list_tables(name text default null) returns jsonb
language sql stable set search_path = '' as $$
  select private.table_catalogue(name)
$$;
comment on function public.list_tables(text) is 'Every table with what people may do to it, and every RPC with its arguments; with a name that one, columns included.';
revoke execute on function private.table_catalogue(text), public.list_tables(text) from public;
grant execute on function private.table_catalogue(text), public.list_tables(text) to authenticated;
