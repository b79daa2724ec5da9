// Numbers that live in the database: taken out of the definitions that run there, never typed twice.

import postgres from "postgres";
import { Complaint } from "../complaint.ts";

/**
 * Definitions by name: `schema.function` its source, `schema.table.column` its default, and
 * `publication` the tables whose changes Realtime tells.
 */
export type Sources = ReadonlyMap<string, string>;

/** Reads what the numbers of the reference are taken from. */
export async function readSources(databaseUrl: string): Promise<Sources> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    const rows = await sql<{ name: string; source: string }[]>`
      select n.nspname || '.' || p.proname as name, string_agg(p.prosrc, E'\n') as source
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname in ('public', 'private', 'internal')
      group by 1
      union all
      select n.nspname || '.' || c.relname || '.' || a.attname, pg_get_expr(d.adbin, d.adrelid)
      from pg_attrdef d
      join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
      join pg_class c on c.oid = d.adrelid
      join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('public', 'private') and not c.relispartition
      union all
      select 'publication', string_agg(t.tablename, ' ' order by t.tablename)
      from pg_publication_tables t where t.pubname = 'supabase_realtime'`;
    return new Map(rows.map(({ name, source }) => [name, source]));
  } finally {
    await sql.end();
  }
}

/** What a pattern's first group finds in a definition. */
export function found(sources: Sources, name: string, pattern: RegExp): string {
  const value = pattern.exec(sources.get(name) ?? "")?.[1];
  if (value === undefined) {
    throw new Complaint(`${name} holds nothing like ${pattern}; see scripts/reference/limits.ts`);
  }
  return value;
}
