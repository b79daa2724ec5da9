// What the REST surface is, as the migrated database itself says: the reference is made from this.

import postgres from "postgres";

export interface Column {
  name: string;
  type: string;
  nullable: boolean;
  default: boolean;
  about: string;
  insert: boolean;
  update: boolean;
}
export interface Table {
  name: string;
  about: string;
  key: string[];
  verbs: string[];
  columns: Column[];
  policies: { verb: string; who: string[]; rule: string }[];
}
export interface Rpc {
  name: string;
  about: string;
  arguments: { name: string; type: string; optional: boolean }[];
  returns: string;
  roles: string[];
}
export interface Capability {
  role: string;
  section: string;
  action: string;
}
export interface Catalogue {
  tables: Table[];
  rpcs: Rpc[];
  roles: { name: string; description: string }[];
  capabilities: Capability[];
}

/** Reads tables, RPCs and built-in roles. */
export async function readCatalogue(databaseUrl: string): Promise<Catalogue> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    const tables = await sql<Table[]>`
      select c.relname as name, obj_description(c.oid, 'pg_class') as about,
        array(select a.attname::text from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
          where i.indrelid = c.oid and i.indisprimary order by array_position(i.indkey::int2[], a.attnum)) as key,
        array(select v from unnest(array['select', 'insert', 'update', 'delete']) with ordinality u (v, n)
          where has_table_privilege('authenticated', c.oid, v)
            or v <> 'delete' and has_any_column_privilege('authenticated', c.oid, v) order by n) as verbs,
        (select jsonb_agg(jsonb_build_object(
            'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'nullable', not a.attnotnull,
            'default', a.atthasdef or a.attidentity <> '', 'about', coalesce(col_description(c.oid, a.attnum), ''),
            'insert', has_column_privilege('authenticated', c.oid, a.attnum, 'insert'),
            'update', has_column_privilege('authenticated', c.oid, a.attnum, 'update')) order by a.attnum)
          from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
        coalesce((select jsonb_agg(jsonb_build_object(
            'verb', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
            'who', array(select r.rolname from pg_roles r where r.oid = any (p.polroles)), 'rule', p.polname) order by p.polname)
          from pg_policy p where p.polrelid = c.oid), '[]') as policies
      from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
      order by c.relname`;
    const rpcs = await sql<Rpc[]>`
      select p.proname as name, obj_description(p.oid, 'pg_proc') as about,
        coalesce((select jsonb_agg(jsonb_build_object(
            'name', a.name, 'type', format_type(a.type, null), 'optional', a.n > p.pronargs - p.pronargdefaults) order by a.n)
          from unnest(p.proargnames[1:p.pronargs], p.proargtypes::oid[]) with ordinality a (name, type, n)), '[]') as arguments,
        pg_get_function_result(p.oid) as returns,
        array(select r from unnest(array['authenticated', 'device']) r where has_function_privilege(r, p.oid, 'execute')) as roles
      from pg_proc p
      where p.pronamespace = 'public'::regnamespace and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype
        and exists (select from unnest(array['authenticated', 'device']) r where has_function_privilege(r, p.oid, 'execute'))
      order by p.proname`;
    const roles = await sql<Catalogue["roles"]>`
      select name, description from public.roles order by array_position(array['admin', 'member', 'viewer'], name), name`;
    const capabilities = await sql<Capability[]>`
      select role, section, action from public.role_capabilities order by role, section`;
    return {
      tables: [...tables],
      rpcs: [...rpcs],
      roles: [...roles],
      capabilities: [...capabilities],
    };
  } finally {
    await sql.end();
  }
}
