import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { destructive } from "./destructive.ts";
import { statementsOf } from "./sql.ts";

const reasons = (script: string) => destructive(script).map(({ reason }) => reason);

describe("a migration destroys data when it", () => {
  it.each([
    ["drop table public.tags;", "drops a table"],
    ["DROP TABLE IF EXISTS public.tags", "drops a table"],
    ["drop schema old", "drops a schema"],
    ["alter table public.tags drop column colour;", "drops a column"],
    ["alter table public.tags drop colour;", "drops a column"],
    ['alter table only "public"."tags" drop if exists "colour";', "drops a column"],
    ["alter table t add a int, drop column b", "drops a column"],
    ["alter table t alter column a type bigint using a::bigint", "changes a column's type"],
    ["alter table t alter a set data type text", "changes a column's type"],
    ["truncate public.entries", "empties a table"],
    ["delete from public.tags;", "deletes every row"],
    ["with gone as (delete from public.tags returning id) select 1", "deletes every row"],
    ["drop function f() cascade", "drops with everything that depends on it"],
    ["do $$ begin drop table public.tags; end $$", "drops a table"],
    ["do $x$ begin execute format('drop table %I', 'tags'); end $x$", "drops a table"],
    ["/* a /* nested */ comment */ drop /* ; */ table t", "drops a table"],
  ])("%s", (script, reason) => {
    expect(reasons(script)).toEqual([reason]);
  });

  it("and in no other case", () => {
    expect(reasons(`
      -- drop table public.tags;
      /* truncate public.tags; */
      comment on table public.tags is 'We once had to drop table tags; no more.';
      select E'it\\'s; drop table tags';
      create function private.clear() returns void language sql as $f$ truncate public.tags $f$;
      create or replace function private.clear() returns void language sql begin atomic select 1; end;
      grant truncate on public.tags to service_role;
      create trigger emptied after truncate on public.tags execute function private.told();
      delete from public.tags where id = 1;
      drop policy "People drop table" on public.tags;
      drop function private.clear();
      drop index private.tags_name;
      alter table public.tags drop constraint tags_name_check, alter column name drop not null;
      alter table public.tags alter column name drop default;
      create table "drop" ("column" text);
    `)).toEqual([]);
  });

  it("is told with the line it stands on", () => {
    expect(destructive("select 1;\n\n-- now\ndrop table t;")).toEqual([
      { line: 4, reason: "drops a table" },
    ]);
  });
});

describe("statementsOf", () => {
  it("finds an end to every migration there is", () => {
    for (const name of readdirSync("supabase/migrations")) {
      const statements = statementsOf(readFileSync(`supabase/migrations/${name}`, "utf8"));
      for (const { text } of statements) {
        expect(text, name).toMatch(
          /^(alter|comment|create|delete|do|drop|grant|insert|notify|revoke|select|set|update|with)\b/,
        );
      }
    }
  });
});
