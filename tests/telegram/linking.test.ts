import { describe, expect, it } from "vitest";
import { auditOf } from "../support/audit.ts";
import { newAddress } from "../support/neighbour.ts";
import { connect, newClient } from "../support/oauth.ts";
import { rest, rowsOf, rpc } from "../support/rest.ts";
import { resigned } from "../support/signing.ts";
import { call, database, newPerson } from "../support/world.ts";
import { newAccount, newCode, nextText, textsIn, write } from "./support/chat.ts";
import { consume, newLinked, peek } from "./support/link.ts";

const WRONG = "bml_AAAAAAAAAAAAAAAAAAAAAA";

/** Lets a code's ten minutes pass. */
const expire = (accountId: number) =>
  database()`
    update private.telegram_link_codes set expires_at = now() where telegram_user_id = ${accountId}`;

describe("a link code", () => {
  it("is 128 random bits, of which the database keeps a hash alone", async () => {
    const account = newAccount();
    const code = await newCode(account);
    expect(code).toMatch(/^bml_[\w-]{22}$/);
    const [row] = await database()`
      select to_jsonb(c) as row, extract(epoch from expires_at - created_at)::int as seconds
      from private.telegram_link_codes c where telegram_user_id = ${account.id}`;
    expect(row!["seconds"]).toBe(600);
    expect(JSON.stringify(row!["row"])).not.toContain(code.slice(4));
  });

  it("says whose Telegram account it would link, and links nothing by that", async () => {
    const [person, account] = [await newPerson(), newAccount()];
    const code = await newCode(account);
    for (let looks = 0; looks < 2; looks++) {
      expect((await peek(person.token, code)).body).toMatchObject({
        telegram_user_id: account.id,
        username: account.username,
        first_name: account.first_name,
      });
    }
    expect((await rpc(person.token, "get_telegram_link")).body).toBeNull();
  });

  it("links once; both sides are told, and the audit names the person", async () => {
    const [person, account] = [await newPerson(), newAccount()];
    const code = await newCode(account);
    const said = (await textsIn(account.id)).length;
    const linked = await consume(person.token, code);
    expect(linked).toMatchObject({
      status: 200,
      body: { linked: true, telegram_user_id: account.id, username: account.username },
    });
    expect(await nextText(account.id, said)).toContain(person.email);
    expect((await rpc(person.token, "get_telegram_link")).body).toMatchObject({
      telegram_user_id: account.id,
      first_name: account.first_name,
    });
    expect(await auditOf(person.id, "telegram_links.insert")).toEqual([
      expect.objectContaining({ actor_type: "user", actor_id: person.id }),
    ]);
    expect(await consume(person.token, code)).toMatchObject({
      status: 400,
      body: { code: "invalid_code" },
    });
  });

  it("belongs to one of two people who use it at once", async () => {
    const [people, account] = [
      await Promise.all([newPerson(), newPerson(), newPerson()]),
      newAccount(),
    ];
    const code = await newCode(account);
    const answers = await Promise.all(people.map(({ token }) => consume(token, code)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
    const links = await database()`
      select user_id from public.telegram_links where telegram_user_id = ${account.id}`;
    expect(links).toHaveLength(1);
  });

  it("is no good after ten minutes", async () => {
    const [person, account] = [await newPerson(), newAccount()];
    const code = await newCode(account);
    await expire(account.id);
    expect((await peek(person.token, code)).body.code).toBe("invalid_code");
    expect((await consume(person.token, code)).body.code).toBe("invalid_code");
  });

  it("stops working when the bot gives out another", async () => {
    const [person, account] = [await newPerson(), newAccount()];
    const [first, second] = [await newCode(account), await newCode(account)];
    expect((await consume(person.token, first)).status).toBe(400);
    expect((await consume(person.token, second)).status).toBe(200);
  });

  it("is not to be guessed: five wrong tries an hour, sent at once or not, then not even the right one", async () => {
    const [person, account] = [await newPerson(), newAccount()];
    const code = await newCode(account);
    const tries = await Promise.all(
      Array.from(
        { length: 20 },
        (_, at) =>
          at % 2 === 0
            ? consume(person.token, `${WRONG}${at}`)
            : peek(person.token, `${WRONG}${at}`),
      ),
    );
    expect(tries.filter(({ status }) => status === 400)).toHaveLength(5);
    expect(tries.filter(({ status }) => status === 429)).toHaveLength(15);
    expect((await consume(person.token, code)).status).toBe(429);
    expect((await consume((await newPerson()).token, code)).status).toBe(200);
  });

  it("is not to be guessed by many people from one address", async () => {
    const address = newAddress();
    const people = await Promise.all(Array.from({ length: 4 }, () => newPerson()));
    const answers = [];
    for (const { token } of people) {
      for (let at = 0; at < 3; at++) answers.push(await consume(token, WRONG, {}, address));
    }
    expect(answers.slice(0, 10).map(({ status }) => status)).toEqual(Array(10).fill(400));
    expect(answers.at(-1)!.status).toBe(429);
  });
});

describe("who may link", () => {
  it("a connected app, when the person has confirmed it; never the assistant or the bot", async () => {
    const [person, account, client] = [await newPerson(), newAccount(), await newClient()];
    const code = await newCode(account);
    const { access_token } = await connect(person, client);
    const delegated = await resigned(person.token, { act: "busybro" });
    expect(await consume(access_token, code)).toMatchObject({
      status: 403,
      body: { code: "confirmation_needed" },
    });
    expect((await consume(delegated, code, { confirm: true })).status).toBe(403);
    expect((await peek(delegated, code)).status).toBe(403);
    expect((await consume(access_token, code, { confirm: true })).status).toBe(200);
    expect(await auditOf(person.id, "telegram_links.insert")).toEqual([
      expect.objectContaining({ actor_type: "client", client_id: client.client_id }),
    ]);
  });

  it("nobody with a token that may only read, nobody without one", async () => {
    const [person, account, client] = [await newPerson(), newAccount(), await newClient()];
    const code = await newCode(account);
    const reader = await connect(person, client, "mcp:read mcp:write", ["mcp:read"]);
    expect((await consume(reader.access_token, code, { confirm: true })).status).toBe(403);
    const anonymous = await call("/rest/v1/rpc/consume_telegram_link_code", null, {
      method: "POST",
      body: JSON.stringify({ code }),
    });
    expect(anonymous.status).toBe(401);
  });

  it("one person a Telegram account and one Telegram account a person; the code stays good meanwhile", async () => {
    const { person, account } = await newLinked();
    expect(await write(account, "/login")).toContain("linked already");
    const other = newAccount();
    const code = await newCode(other);
    expect(await consume(person.token, code)).toMatchObject({
      status: 409,
      body: { code: "already_linked" },
    });
    expect((await rpc(person.token, "unlink_telegram")).body).toBe(true);
    expect((await consume(person.token, code)).status).toBe(200);
  });
});

describe("a link", () => {
  const grantOf = async (userId: string) => {
    const [link] = await database()`
      select grant_id from public.telegram_links where user_id = ${userId}`;
    return link!["grant_id"] as string;
  };
  const tokensOf = (grant: string) =>
    database()`
      select extract(epoch from expires_at - created_at) as seconds, scope, label
      from public.api_tokens where grant_id = ${grant}`;

  it("lets the bot act on tokens of five minutes, without secrets and admin", async () => {
    const { person, account } = await newLinked("admin");
    expect(await write(account, "/me")).toContain(person.email);
    const [token] = await tokensOf(await grantOf(person.id));
    expect(token).toMatchObject({ scope: "mcp:read mcp:write", label: "telegram" });
    expect(Number(token!["seconds"])).toBeGreaterThan(290);
    expect(Number(token!["seconds"])).toBeLessThanOrEqual(300);
  });

  it("ends with /logout: its grant is revoked and the audit says that Telegram did it", async () => {
    const { person, account } = await newLinked();
    const grant = await grantOf(person.id);
    expect(await write(account, "/logout")).toContain("Unlinked");
    const [row] = await database()`select revoked_at from private.grants where id = ${grant}`;
    expect(row!["revoked_at"]).not.toBeNull();
    expect(await auditOf(person.id, "telegram_links.delete")).toEqual([
      expect.objectContaining({ actor_type: "telegram", actor_id: person.id }),
    ]);
    expect(await write(account, "/me")).toContain("not linked");
    expect(await write(account, "/logout")).toContain("not linked");
    expect((await rpc(person.token, "get_telegram_link")).body).toBeNull();
  });

  it("ends when its grant is revoked among the connected apps; the chat is told", async () => {
    const { person, account } = await newLinked();
    const listed = rowsOf<{ grant_id: string; client_name: string }>(
      await rpc(person.token, "list_connections"),
    );
    const { grant_id } = listed.find(({ client_name }) => client_name === "Telegram bot")!;
    expect((await rpc(person.token, "revoke_connection", { grant_id })).body).toBe(true);
    expect((await rpc(person.token, "get_telegram_link")).body).toBeNull();
    await expect.poll(() => textsIn(account.id)).toContainEqual(
      expect.stringContaining("no longer linked"),
    );
    expect(await write(account, "/me")).toContain("not linked");
  });

  it("is seen by its person, and by others only with users:view", async () => {
    const { person } = await newLinked();
    const [stranger, admin] = [await newPerson(), await newPerson("admin")];
    const path = `telegram_links?user_id=eq.${person.id}&select=user_id`;
    const seen = async (token: string) => rowsOf(await rest(token, "GET", path)).length;
    expect(await Promise.all([person, stranger, admin].map(({ token }) => seen(token))))
      .toEqual([1, 0, 1]);
    expect((await rpc(stranger.token, "unlink_telegram")).body).toBe(false);
    expect((await rpc(person.token, "get_telegram_link")).body).not.toBeNull();
  });
});
