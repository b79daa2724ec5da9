// Two admins who demote each other at the same moment. On a stack of its own: there must be no third.

import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OwnStack, startOwnStack } from "../support/own-stack.ts";

let own: OwnStack;
let owner: postgres.Sql;

beforeAll(async () => {
  own = await startOwnStack();
  owner = postgres(own.info.db_url, { max: 4, onnotice: () => {} });
});
afterAll(async () => {
  await owner.end();
  await own.stop();
});

async function newAdmin(): Promise<{ id: string; claims: string }> {
  const id = randomUUID();
  const scope = "mcp admin secrets";
  await owner`insert into auth.users (id, email) values (${id}, ${`${id}@example.com`})`;
  await owner`update public.profiles set role = 'admin' where id = ${id}`;
  const [token] = await owner`
    with g as (
      insert into private.grants (user_id, client_id, scope) values (${id}, 'test', ${scope}) returning id)
    insert into public.api_tokens (user_id, grant_id, client_id, label, scope, expires_at)
    select ${id}, g.id, 'test', 'oauth', ${scope}, now() + interval '1 hour' from g returning jti`;
  const claims = JSON.stringify({
    iss: "test",
    aud: ["test", "authenticated"],
    role: "authenticated",
    sub: id,
    jti: token!["jti"],
    client_id: "test",
    exp: Math.floor(Date.now() / 1000) + 3600,
  });
  return { id, claims };
}

/** One admin demotes another, as a request of PostgREST does; answers how many rows it touched. */
const demote = (by: { claims: string }, whom: { id: string }) =>
  owner.begin(async (sql) => {
    await sql`select set_config('request.jwt.claims', ${by.claims}, true)`;
    await sql`set local role authenticated`;
    return (await sql`update public.profiles set role = 'member' where id = ${whom.id}`).count;
  });

const admins = () => owner<{ id: string }[]>`select id from public.profiles where role = 'admin'`;

describe("the last two admins", () => {
  it("never demote each other at the same moment", async () => {
    for (let round = 0; round < 10; round++) {
      const [one, other] = [await newAdmin(), await newAdmin()];
      await owner`
        update public.profiles set role = 'member'
        where role = 'admin' and id not in (${one.id}, ${other.id})`;
      const outcomes = await Promise.allSettled([demote(one, other), demote(other, one)]);
      const demoted = outcomes.map((each) => each.status === "fulfilled" ? each.value : 0);
      expect(demoted.sort()).toEqual([0, 1]);
      expect(await admins()).toHaveLength(1);
    }
  });

  it("do not both go when the first is still undecided", async () => {
    const [one, other] = [await newAdmin(), await newAdmin()];
    await owner`
      update public.profiles set role = 'member'
      where role = 'admin' and id not in (${one.id}, ${other.id})`;
    let second: Promise<unknown> | undefined;
    await owner.begin(async (sql) => {
      await sql`update public.profiles set role = 'member' where id = ${one.id}`;
      second = demote(one, other).then(() => "demoted", (error: { code: string }) => error.code);
      // Long enough for the second to get as far as it can.
      await sql`select pg_sleep(0.3)`;
    });
    expect(await second).toBe("PT409");
    expect((await admins()).map(({ id }) => id)).toEqual([other.id]);
  });
});
