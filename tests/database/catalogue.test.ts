import { describe, expect, it } from "vitest";
import { database } from "../support/world.ts";

const OURS = ["public", "private", "internal"];

describe("roles of the database", () => {
  it("are what hosted has: the owner of the schema is no superuser, devices are not people", async () => {
    const rows = await database()<
      { name: string; super: boolean; bypass: boolean; login: boolean }[]
    >`
      select rolname as name, rolsuper as super, rolbypassrls as bypass, rolcanlogin as login
      from pg_roles where rolname in ('postgres', 'anon', 'authenticated', 'device', 'service_role')
      order by 1`;
    expect(rows.map((row) => ({ ...row }))).toEqual([
      { name: "anon", super: false, bypass: false, login: false },
      { name: "authenticated", super: false, bypass: false, login: false },
      { name: "device", super: false, bypass: false, login: false },
      { name: "postgres", super: false, bypass: true, login: true },
      { name: "service_role", super: false, bypass: true, login: false },
    ]);
    const members = await database()`
      select g.rolname as role, m.rolname as member from pg_auth_members a
      join pg_roles g on g.oid = a.roleid join pg_roles m on m.oid = a.member
      where m.rolname = 'device' or g.rolname in ('authenticated', 'service_role') and m.rolname = 'anon'`;
    expect(members.map((row) => row["role"])).toEqual(["anon"]);
  });

  it("give anonymous callers nothing of ours but the check of a request", async () => {
    const tables = await database()`
      select c.oid::regclass::text as name from pg_class c
      where c.relnamespace = any (${OURS}::regnamespace[]) and c.relkind in ('r', 'p', 'v', 'm', 'S')
        and (has_table_privilege('anon', c.oid, 'select, insert, update, delete, truncate, references, trigger')
          or c.relkind <> 'S' and has_any_column_privilege('anon', c.oid, 'select, insert, update, references'))`;
    expect(tables).toHaveLength(0);
    const functions = await database()`
      select p.oid::regprocedure::text as name from pg_proc p
      where p.pronamespace = any (${OURS}::regnamespace[]) and has_function_privilege('anon', p.oid, 'execute')`;
    expect(functions.map((row) => row["name"])).toEqual(["private.check_request()"]);
  });
});

describe("every function of ours", () => {
  it("has an empty search_path", async () => {
    const rows = await database()`
      select p.oid::regprocedure::text as name from pg_proc p
      where p.pronamespace = any (${OURS}::regnamespace[])
        and 'search_path=""' <> all (coalesce(p.proconfig, '{}'))
        and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')`;
    expect(rows.map((row) => row["name"])).toEqual([]);
  });

  it("is written in printable characters: a lost backslash leaves an invisible one", async () => {
    const rows = await database()`
      select p.oid::regprocedure::text as name from pg_proc p
      where p.pronamespace = any (${OURS}::regnamespace[]) and p.prosrc ~ '[\\x01-\\x08\\x0b-\\x1f]'`;
    expect(rows.map((row) => row["name"])).toEqual([]);
  });

  it("that runs as its owner is out of callers' reach in exposed schemas", async () => {
    const rows = await database()`
      select p.oid::regprocedure::text as name from pg_proc p
      cross join unnest(array['anon', 'authenticated', 'device']) as role
      where p.pronamespace = any (array['public', 'internal']::regnamespace[]) and p.prosecdef
        and has_function_privilege(role, p.oid, 'execute')
        and has_schema_privilege(role, p.pronamespace, 'usage')`;
    expect(rows.map((row) => row["name"])).toEqual([]);
  });

  it("is executable by nobody by default", async () => {
    const rows = await database()`
      select p.oid::regprocedure::text as name from pg_proc p
      where p.pronamespace = any (${OURS}::regnamespace[])
        and (p.proacl is null or exists (select from aclexplode(p.proacl) a where a.grantee = 0))`;
    expect(rows.map((row) => row["name"])).toEqual([]);
  });

  it("that callers reach, and every table of public with its columns, says what it is for", async () => {
    const rows = await database()`
      select p.oid::regprocedure::text as name from pg_proc p
      where p.pronamespace = any (array['public', 'internal']::regnamespace[])
        and obj_description(p.oid, 'pg_proc') is null
      union all
      select c.oid::regclass::text from pg_class c
      where c.relnamespace = any (${OURS}::regnamespace[]) and c.relkind in ('r', 'p', 'v', 'm')
        and (c.relnamespace = 'public'::regnamespace or not c.relispartition)
        and obj_description(c.oid, 'pg_class') is null
      union all
      select c.oid::regclass || '.' || a.attname from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace = any (${OURS}::regnamespace[]) and c.relkind in ('r', 'p', 'v', 'm')
        and not c.relispartition and col_description(c.oid, a.attnum) is null`;
    expect(rows.map((row) => row["name"])).toEqual([]);
  });
});

describe("row security", () => {
  it("is on for every table, partitions and private ones included", async () => {
    const rows = await database()`
      select c.oid::regclass::text as name from pg_class c
      where c.relnamespace = any (${OURS}::regnamespace[]) and c.relkind in ('r', 'p') and not c.relrowsecurity`;
    expect(rows.map((row) => row["name"])).toEqual([]);
  });

  it("gives partitions neither policy nor grant: they are reached through their parents", async () => {
    const rows = await database()`
      select c.oid::regclass::text as name from pg_class c
      where c.relispartition and c.relnamespace = any (${OURS}::regnamespace[]) and c.relkind = 'r'
        and (exists (select from pg_policy p where p.polrelid = c.oid)
          or exists (
            select from unnest(array['anon', 'authenticated', 'device', 'service_role']) as role
            where has_table_privilege(role, c.oid, 'select, insert, update, delete, truncate')))`;
    expect(rows.map((row) => row["name"])).toEqual([]);
  });

  it("has one permissive policy a verb and role, each named with a sentence", async () => {
    const rows = await database()<{ table: string; verb: string; role: string; names: string[] }[]>`
      select format('%I.%I', schemaname, tablename) as table, cmd as verb, role, array_agg(policyname::text) as names
      from pg_policies, unnest(roles) as role
      where schemaname = any (${OURS}) or (schemaname, tablename) = ('realtime', 'messages')
      group by 1, 2, 3`;
    expect(rows.length).toBeGreaterThan(20);
    for (const { table, verb, role, names } of rows) {
      expect([table, verb, role, names.length]).toEqual([table, verb, role, 1]);
      expect(names[0]).toMatch(/^[A-Z]\S*( \S+){2,}$/);
      expect(["public", "anon"]).not.toContain(role);
      expect(verb).not.toBe("ALL");
    }
  });

  // A function of the row is called once a row: 39 times the cost of the same in an initplan.
  it("calls functions only in subqueries that know no column", async () => {
    const rows = await database()<{ name: string; text: string }[]>`
      select format('%s: %s', tablename, policyname) as name, concat_ws(' ', qual, with_check) as text
      from pg_policies
      where schemaname = any (${OURS}) or (schemaname, tablename) = ('realtime', 'messages')`;
    const argument = String.raw`(?:'[^']*'::text|\( SELECT realtime\.topic\(\) AS topic\))`;
    const call = String.raw`private\.\w+\((?:${argument}(?:, ${argument})*)?\)`;
    const constant = new RegExp(
      String.raw`\( SELECT (?:${call}|\(${call} AND ${call}\))(?: AS (?:\w+|"[^"]+"))?\)`,
      "g",
    );
    for (const { name, text } of rows) {
      const rest = text.replaceAll(constant, "<once>");
      expect([name, rest.match(/\w+\.\w+\([^)]*\)/g)]).toEqual([name, null]);
      expect([name, /auth\.(uid|jwt|role)/.test(text)]).toEqual([name, false]);
    }
  });

  it("keeps what holds tokens and secrets out of everybody's reach", async () => {
    const rows = await database()`
      select c.oid::regclass::text as name, role from pg_class c
      cross join unnest(array['anon', 'authenticated', 'device', 'service_role']) as role
      where c.relnamespace = 'private'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
        and has_any_column_privilege(role, c.oid, 'select, insert, update, references')`;
    expect(rows.map((row) => row["name"])).toEqual([]);
  });
});

describe("foreign keys", () => {
  it("have an index to find their rows by", async () => {
    const rows = await database()`
      select k.conrelid::regclass || ': ' || k.conname as name from pg_constraint k
      where k.contype = 'f' and k.connamespace = any (${OURS}::regnamespace[]) and k.conparentid = 0
        and not exists (
          select from pg_index i where i.indrelid = k.conrelid
            and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)`;
    expect(rows.map((row) => row["name"])).toEqual([]);
  });

  it("do not point at entries, whose days are dropped", async () => {
    const rows = await database()`
      select conname from pg_constraint where contype = 'f' and confrelid = 'public.entries'::regclass`;
    expect(rows).toHaveLength(0);
  });
});
