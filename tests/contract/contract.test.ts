// Programs written against the last release must go on running.

import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  brokenPromises,
  currentContract,
  releasedContract,
} from "../../scripts/contract/contract.ts";
import { rpcsSurface, tablesSurface } from "../../scripts/contract/database.ts";
import { mayBreak, readReleases, refuseChangedHistory } from "../../scripts/contract/releases.ts";
import { breaks } from "../../scripts/contract/surface.ts";
import { type EmptyProject, startEmptyProject } from "../../scripts/empty-project.ts";
import { root } from "../../scripts/tools.ts";
import { migrate } from "../../local/migrate.ts";
import version from "../../version.json" with { type: "json" };
import { stack } from "../support/stack.ts";

describe("what was released", () => {
  it("keeps its migrations as databases have run them", () => {
    const releases = readReleases(root);
    expect(releases.length).toBeGreaterThan(0);
    expect(() => refuseChangedHistory(root, releases)).not.toThrow();
  });

  it("is kept by name, argument, type and field, unless the version may break it", async () => {
    const released = releasedContract(root);
    const current = await currentContract(stack().db_url);
    // What no surface promises nothing could break.
    for (const [name, { provides }] of current) {
      expect(Object.keys(provides).length, name).toBeGreaterThan(8);
    }
    const broken = brokenPromises(released, current);
    const last = readReleases(root).at(-1)!;
    if (!mayBreak(last.version, version.components.supabase.version)) expect(broken).toEqual([]);
  });
});

describe("a change of meaning is noticed", () => {
  it("on every surface, whichever fact of it changes", async () => {
    const current = await currentContract(stack().db_url);
    for (const [name, surface] of current) {
      const facts = Object.entries(surface.provides);
      const mutated = (mutate: (fact: string, is: string) => [string, string]) => {
        const provides = Object.fromEntries(facts.map(([fact, is]) => mutate(fact, is)));
        return new Map([[name, { ...surface, provides }]]);
      };
      const released = new Map([[name, surface]]);
      expect(brokenPromises(released, mutated((fact, is) => [`${fact} renamed`, is])))
        .toEqual(facts.map(([fact, was]) => `${name}: ${fact} is gone (it was ${was})`));
      expect(brokenPromises(released, mutated((fact, is) => [fact, `not ${is}`])))
        .toEqual(facts.map(([fact, was]) => `${name}: ${fact} is not ${was} (it was ${was})`));
    }
  });

  it("when an argument must be given that could be left out, or was unknown", async () => {
    const current = await currentContract(stack().db_url);
    const rpcs = current.get("rpcs")!;
    expect(rpcs.demands).toHaveProperty(["authenticated may call get_entry(id)"]);
    const stricter = {
      ...rpcs,
      demands: {
        ...rpcs.demands,
        "authenticated may call get_stats(workspace_id)": "authenticated may call get_stats",
      },
    };
    expect(brokenPromises(current, new Map([...current, ["rpcs", stricter]]))).toEqual([
      "rpcs: authenticated may call get_stats(workspace_id) is demanded now",
    ]);
  });
});

describe("a migration breaks a promise when it", () => {
  let project: EmptyProject;
  let sql: postgres.Sql;

  beforeAll(async () => {
    project = await startEmptyProject();
    await migrate(project.url);
    sql = postgres(project.url, { max: 1, onnotice: () => {} });
  }, 120_000);
  afterAll(async () => {
    await sql?.end();
    await project?.stop();
  });

  const surfaceOf = async (db: postgres.Sql) => {
    const [tables, rpcs] = [await tablesSurface(db), await rpcsSurface(db)];
    return {
      provides: { ...tables.provides, ...rpcs.provides },
      demands: { ...tables.demands, ...rpcs.demands },
    };
  };

  /** What a migration would break; the database is as before afterwards. */
  async function brokenBy(migration: string): Promise<string[]> {
    const released = await surfaceOf(sql);
    let found: string[] = [];
    const undone = sql.begin(async (transaction) => {
      await transaction.unsafe(migration);
      found = breaks(released, await surfaceOf(transaction as unknown as postgres.Sql));
      throw new Error("undone");
    });
    await expect(undone).rejects.toThrow("undone");
    return found;
  }

  it.each([
    [
      "renames a column",
      "alter table public.tags rename column color to colour",
      "authenticated may select tags.color is gone (it was text or null)",
    ],
    [
      "gives a column another type",
      "alter table public.tags alter column color type varchar(7)",
      "authenticated may select tags.color is character varying(7) or null (it was text or null)",
    ],
    [
      "takes a right to a column",
      "revoke update on public.tags from authenticated",
      "authenticated may update tags.color is gone (it was text or null)",
    ],
    [
      "needs a column that could be left out",
      "alter table public.tags alter column color drop default, alter column color set not null",
      "authenticated must insert tags.color is demanded now",
    ],
    [
      "drops a table",
      "drop table public.tags cascade",
      "authenticated may select tags is gone (it was table)",
    ],
    [
      "refuses a value",
      `alter table public.devices drop constraint devices_connection_type_check,
        add check (connection_type in ('vpn', 'pack'))`,
      "'pac' may stand in devices.connection_type is gone (it was value)",
    ],
    [
      "drops an RPC",
      "drop function public.get_stats(uuid)",
      "authenticated may call get_stats is gone (it was jsonb)",
    ],
    [
      "takes an RPC from its callers",
      "revoke execute on function public.get_stats(uuid) from authenticated",
      "authenticated may call get_stats is gone (it was jsonb)",
    ],
    [
      "renames an argument",
      `drop function public.get_stats(uuid);
      create function public.get_stats(workspace uuid default null) returns jsonb language sql return null::jsonb;
      grant execute on function public.get_stats(uuid) to authenticated`,
      "authenticated may call get_stats(workspace_id) is gone (it was uuid)",
    ],
    [
      "has another answer to an argument left out",
      `create or replace function public.get_stats(workspace_id uuid default gen_random_uuid()) returns jsonb
        language sql return null::jsonb`,
      "authenticated may call get_stats(workspace_id) left out is gen_random_uuid() (it was NULL::uuid)",
    ],
  ])("%s", async (_name, migration, expected) => {
    expect(await brokenBy(migration)).toContain(expected);
  });

  it("and does not by adding a table, a column, a value or an RPC, whatever they need", async () => {
    expect(
      await brokenBy(`
        create table public.things (id uuid not null, name text not null check (name in ('a', 'b')));
        grant select, insert on public.things to authenticated;
        alter table public.tags add column note text;
        grant select (note) on public.tags to authenticated;
        alter table public.devices drop constraint devices_connection_type_check,
          add check (connection_type in ('vpn', 'pac', 'proxy'));
        create function public.find_thing(id uuid) returns text language sql return 'thing';
        grant execute on function public.find_thing(uuid) to authenticated`),
    ).toEqual([]);
  });
});
