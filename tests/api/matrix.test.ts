// Every table × verb × caller, by REST. What is expected is declared in ../support/matrix.ts.

import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { MATRIX } from "../support/matrix.ts";
import {
  type Caller,
  CALLERS,
  type Key,
  type Scene,
  type Verb,
} from "../support/matrix/declaration.ts";
import { type Answer, rest, rpc } from "../support/rest.ts";
import { database, enrol, newDevice, newPerson, type Person } from "../support/world.ts";

const PEOPLE = ["viewer", "member", "stranger", "keeper", "admin"] as const;
const METHODS = { select: "GET", insert: "POST", update: "PATCH", delete: "DELETE" } as const;

let scene: Scene;
const tokens = {} as Record<Caller, string | null>;
const ids = {} as Record<Caller, string>;

beforeAll(async () => {
  const sql = database();
  const single = `r${randomUUID()}`;
  await sql`insert into public.roles (name) values (${single})`;
  await sql`insert into public.role_capabilities values (${single}, 'devices', 'edit')`;
  const [owner, viewer, member, stranger, keeper, admin, revoked] = await Promise.all([
    newPerson(),
    newPerson("viewer"),
    newPerson(),
    newPerson(),
    newPerson(single),
    newPerson("admin"),
    newPerson(),
  ]) as [Person, Person, Person, Person, Person, Person, Person];
  const people = { viewer, member, stranger, keeper, admin, revoked };
  for (const [caller, person] of Object.entries(people) as [Caller, Person][]) {
    tokens[caller] = person.token;
    ids[caller] = person.id;
  }
  const insiders = [viewer, member, keeper, revoked];
  for (const person of insiders) await enrol(owner.workspaceId, person);
  const device = await newDevice(owner);
  tokens.device = device.token;
  tokens.anonymous = null;
  ids.device = ids.anonymous = owner.id;
  const [{ jti }] = await sql<[{ jti: string }]>`
    select jti from public.api_tokens where user_id = ${revoked.id}`;
  expect((await rpc(revoked.token, "revoke_token", { jti })).body).toBe(true);
  scene = {
    ownerId: owner.id,
    workspaceId: owner.workspaceId,
    memberIds: insiders.map(({ id }) => id),
    device,
  };
});

describe("the matrix of rights", () => {
  it("has an answer for every table there is", async () => {
    const tables = await database()<{ name: string }[]>`
      select relname as name from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
        and not relispartition`;
    const names = tables.map(({ name }) => name);
    expect(names.filter((name) => !(name in MATRIX)), "tables without an answer").toEqual([]);
    expect(Object.keys(MATRIX).filter((name) => !names.includes(name)), "no table").toEqual([]);
  });
});

describe.concurrent.each(Object.entries(MATRIX))(
  "%s",
  (table, { row, insert, sent, update, may }) => {
    const allowed = (verb: Verb): string[] => may[verb]?.split(" ").filter(Boolean) ?? [];

    /** What a caller without the right is told. Devices and people are granted verbs separately. */
    function refusal(verb: Verb, caller: Caller): number[] {
      if (caller === "anonymous" || caller === "revoked") return [401];
      const granted = caller !== "device" && may[verb] !== undefined &&
        (may[verb] === "" || PEOPLE.some((person) => allowed(verb).includes(person)));
      if (!granted || verb === "insert") return [403];
      return [200, 204];
    }

    const find = async (columns: Record<string, unknown>): Promise<unknown[]> => [
      ...await database()`
        select to_jsonb(t) as row from ${database()(`public.${table}`)} as t
        where to_jsonb(t) @> ${database().json(columns as Key)}`,
    ];

    const request = (caller: Caller, verb: Verb, key: Key, change: unknown): Promise<Answer> => {
      const filter = Object.entries(key).map(([column, value]) => `${column}=eq.${value}`).join(
        "&",
      );
      return verb === "select"
        ? rest(tokens[caller], "GET", `${table}?${filter}&select=${Object.keys(key)}`)
        : rest(
          tokens[caller],
          METHODS[verb],
          `${table}?${filter}`,
          verb === "update" ? change : undefined,
          { Prefer: "return=minimal" },
        );
    };

    describe.each(["select", "update", "delete"] as const)("%s", (verb) => {
      it.each(CALLERS)("%s", async (caller) => {
        const key = await row(scene);
        const before = await find(key);
        expect(before).toHaveLength(1);
        const change = typeof update === "function" ? update() : update;
        const { status, body } = await request(caller, verb, key, change);
        const after = await find(key);
        if (!allowed(verb).includes(caller)) {
          expect(refusal(verb, caller), JSON.stringify(body)).toContain(status);
          if (verb === "select" && status === 200) expect(body).toEqual([]);
          // A row that all share is changed by others meanwhile, but not to this cell's value.
          if (typeof update === "function") expect(after).not.toMatchObject([{ row: change }]);
          else expect(after).toEqual(before);
          return;
        }
        expect([200, 204], JSON.stringify(body)).toContain(status);
        if (verb === "select") expect(body).toEqual([key]);
        if (verb === "update") expect(after).toMatchObject([{ row: change }]);
        if (verb === "delete") expect(after).toEqual([]);
      });
    });

    describe("insert", () => {
      it.each(CALLERS)("%s", async (caller) => {
        const added = await insert(scene, ids[caller]);
        const columns = sent ?? Object.keys(await row(scene));
        const { status, body } = await rest(tokens[caller], "POST", table, added, {
          Prefer: "return=minimal",
        });
        const key = Object.fromEntries(columns.map((column) => [column, added[column]]));
        expect(Object.values(key)).not.toContain(undefined);
        const made = await find(key);
        if (allowed("insert").includes(caller)) {
          expect(status, JSON.stringify(body)).toBe(201);
          expect(made).toHaveLength(1);
        } else {
          expect(refusal("insert", caller), JSON.stringify(body)).toContain(status);
          expect(made).toEqual([]);
        }
      });
    });
  },
);
