// What the database provides to people and devices through PostgREST, read from its catalogue.

import type postgres from "postgres";
import { emptySurface, type Surface } from "./surface.ts";

/** The database roles of callers. What service_role may is nobody's contract but our own. */
const CALLERS = ["authenticated", "device"];

/** Every column a caller may read or write, what may stand in it, and what an insert cannot do without. */
export async function tablesSurface(sql: postgres.Sql): Promise<Surface> {
  const rows = await sql<
    { role: string; verb: string; table: string; column: string; type: string; needed: boolean }[]
  >`
    select role, verb, c.relname as table, format('%s.%s', c.relname, a.attname) as column,
      format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then '' else ' or null' end as type,
      a.attnotnull and not a.atthasdef and a.attidentity = '' and verb = 'insert' as needed
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    cross join unnest(${CALLERS}::text[]) as role
    cross join unnest(array['select', 'insert', 'update']) as verb
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
      and has_column_privilege(role, c.oid, a.attnum, verb)`;
  const surface = emptySurface();
  for (const { role, verb, table, column, type, needed } of rows) {
    const right = `${role} may ${verb} ${table}`;
    surface.provides[right] = "table";
    surface.provides[`${role} may ${verb} ${column}`] = type;
    if (needed) surface.demands[`${role} must insert ${column}`] = right;
  }
  for (const { column, value } of await listedValues(sql)) {
    surface.provides[`${value} may stand in ${column}`] = "value";
  }
  return surface;
}

/** The values of columns whose check lists them, each by itself: one more is an addition. */
async function listedValues(sql: postgres.Sql): Promise<{ column: string; value: string }[]> {
  const checks = await sql<{ column: string; definition: string }[]>`
    select format('%s.%s', c.relname, a.attname) as column, pg_get_constraintdef(k.oid) as definition
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
    where k.contype = 'c' and cardinality(k.conkey) = 1 and c.relnamespace = 'public'::regnamespace
      and not c.relispartition`;
  return checks.flatMap(({ column, definition }) => {
    const [, list = ""] = /^CHECK \(\(+\w+ = ANY \(ARRAY\[(.*)\]\)\)+$/.exec(definition) ?? [];
    return [...list.matchAll(/'((?:[^']|'')*)'/g)].map(([value]) => ({ column, value }));
  });
}

/** Every RPC a caller may call, with its arguments by name and what it answers. */
export async function rpcsSurface(sql: postgres.Sql): Promise<Surface> {
  const rows = await sql<
    {
      role: string;
      name: string;
      result: string;
      names: string[] | null;
      types: string[];
      modes: string[];
      optional: number;
      defaults: (string | null)[];
    }[]
  >`
    select role, p.proname as name, pg_get_function_result(p.oid) as result, p.proargnames as names,
      array(select format_type(t, null)
        from unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) with ordinality as x (t, i) order by i) as types,
      coalesce(p.proargmodes::text[], array_fill('i'::text, array[p.pronargs::int])) as modes,
      p.pronargdefaults::int as optional,
      array(select pg_get_function_arg_default(p.oid, i) from generate_series(1, p.pronargs) i) as defaults
    from pg_proc p cross join unnest(${CALLERS}::text[]) as role
    where p.pronamespace = 'public'::regnamespace and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype
      and has_function_privilege(role, p.oid, 'execute')
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')`;
  const surface = emptySurface();
  for (const { role, name, result, names, types, modes, optional, defaults } of rows) {
    const rpc = `${role} may call ${name}`;
    // Columns of a table are facts of their own, so that one more is an addition.
    surface.provides[rpc] = result.startsWith("TABLE(") ? "rows" : result;
    const parameters = types.map((type, index) => ({
      name: names?.[index] ?? `$${index + 1}`,
      type,
      mode: modes[index]!,
    }));
    for (const column of parameters.filter(({ mode }) => mode === "t" || mode === "o")) {
      surface.provides[`${rpc} → ${column.name}`] = column.type;
    }
    const inputs = parameters.filter(({ mode }) => mode === "i" || mode === "v");
    for (const [index, input] of inputs.entries()) {
      surface.provides[`${rpc}(${input.name})`] = input.type;
      if (index < inputs.length - optional) surface.demands[`${rpc}(${input.name})`] = rpc;
      else surface.provides[`${rpc}(${input.name}) left out`] = defaults[index]!;
    }
  }
  return surface;
}
