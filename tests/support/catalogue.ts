import type postgres from "postgres";

/**
 * Everything migrations can make of a database, a line each, in order. Partitions of a day are left
 * out: which ones there are goes by the clock.
 */
export async function describeSchema(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ line: string }[]>`
    with ours as (
      select n.oid from pg_namespace n where n.nspname in ('public', 'private', 'internal')
    ), relations as (
      select c.* from pg_class c
      where c.relnamespace in (select oid from ours)
        and not (c.relispartition and c.relname ~ '_\\d{4}_\\d\\d_\\d\\d')
    ), rights (kind, objid, line) as (
      select 'relation', c.oid, a.line from relations c, lateral (
        select string_agg(format('%s=%s', case x.grantee when 0 then 'public' else x.grantee::regrole::text end,
          x.privilege_type), ' ' order by x.grantee::regrole::text, x.privilege_type) as line
        from aclexplode(c.relacl) x) a
    )
    select format('schema %s owner %s %s', n.nspname, n.nspowner::regrole, n.nspacl::text) as line
    from pg_namespace n where n.oid in (select oid from ours)
    union all
    select format('relation %s kind %s owner %s rls %s/%s persistence %s key %s comment %s rights %s',
      c.oid::regclass, c.relkind, c.relowner::regrole, c.relrowsecurity, c.relforcerowsecurity, c.relpersistence,
      case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end, obj_description(c.oid, 'pg_class'), r.line)
    from relations c left join rights r on r.objid = c.oid
    union all
    select format('options %s %s', c.oid::regclass, c.reloptions::text) from relations c where c.reloptions is not null
    union all
    select format('column %s.%s %s null %s default %s generated %s identity %s storage %s comment %s rights %s', c.oid::regclass,
      a.attname, format_type(a.atttypid, a.atttypmod), not a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attgenerated,
      a.attidentity, a.attstorage, col_description(c.oid, a.attnum), a.attacl::text)
    from relations c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relkind in ('r', 'p', 'v', 'm', 'c')
    union all
    select format('constraint %s on %s: %s', k.conname, c.oid::regclass, pg_get_constraintdef(k.oid))
    from pg_constraint k join relations c on c.oid = k.conrelid
    union all
    select format('index %s', pg_get_indexdef(c.oid)) from relations c where c.relkind in ('i', 'I')
    union all
    select format('view %s', pg_get_viewdef(c.oid)) from relations c where c.relkind in ('v', 'm')
    union all
    select format('function %s owner %s comment %s rights %s: %s', p.oid::regprocedure, p.proowner::regrole,
      obj_description(p.oid, 'pg_proc'), p.proacl::text, pg_get_functiondef(p.oid))
    from pg_proc p where p.pronamespace in (select oid from ours) and p.prokind in ('f', 'p')
    union all
    select format('policy %s on %s.%s', to_jsonb(p), p.schemaname, p.tablename)
    from pg_policies p where p.schemaname in ('public', 'private', 'internal', 'realtime')
    union all
    select format('trigger %s', pg_get_triggerdef(t.oid)) from pg_trigger t
    where not t.tgisinternal and (t.tgrelid in (select oid from relations) or t.tgrelid::regclass::text like 'auth.%')
    union all
    select format('type %s kind %s base %s check %s comment %s', t.oid::regtype, t.typtype, t.typbasetype::regtype,
      (select string_agg(pg_get_constraintdef(k.oid), ' and ' order by k.conname) from pg_constraint k where k.contypid = t.oid),
      obj_description(t.oid, 'pg_type'))
    from pg_type t where t.typnamespace in (select oid from ours) and t.typtype in ('d', 'e')
    union all
    select format('label %s of %s', e.enumlabel, e.enumtypid::regtype) from pg_enum e
    join pg_type t on t.oid = e.enumtypid where t.typnamespace in (select oid from ours)
    union all
    select format('statistics %s', pg_get_statisticsobjdef(s.oid)) from pg_statistic_ext s
    where s.stxnamespace in (select oid from ours)
    union all
    select format('publication %s of %s.%s', p.pubname, p.schemaname, p.tablename) from pg_publication_tables p
    where p.schemaname in ('public', 'private', 'internal')
    union all
    select format('cron %s %s %s', j.jobname, j.schedule, j.command) from cron.job j
    union all
    select format('setting of %s: %s', s.setrole::regrole, s.setconfig::text) from pg_db_role_setting s
    union all
    select format('default rights of %s in %s: %s %s', d.defaclrole::regrole, d.defaclnamespace::regnamespace, d.defaclobjtype,
      d.defaclacl::text)
    from pg_default_acl d
    union all
    select format('member %s of %s admin %s', m.member::regrole, m.roleid::regrole, m.admin_option) from pg_auth_members m
    union all
    select format('extension %s in %s', e.extname, e.extnamespace::regnamespace) from pg_extension e
    union all
    select format('migration %s %s', m.version, m.name) from supabase_migrations.schema_migrations m
    order by line`;
  return rows.map(({ line }) => line);
}
