// How access ends, told by client, person, admin or theft, and how fast that counts.

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Clients, listen, until } from "../realtime/support/client.ts";
import {
  basic,
  connect,
  errorOf,
  newClient,
  newCode,
  postForm,
  redeem,
  refresh,
} from "../support/oauth.ts";
import type { Client, Tokens } from "../support/oauth.ts";
import { rpc } from "../support/rest.ts";
import { stack } from "../support/stack.ts";
import { answer, call, database, newPerson } from "../support/world.ts";
import type { Person } from "../support/world.ts";

let person: Person, admin: Person;
let client: Client, other: Client, confidential: Client;
let sockets: Clients;

beforeAll(async () => {
  [person, admin, client, other, confidential] = await Promise.all([
    newPerson(),
    newPerson("admin"),
    newClient(),
    newClient(),
    newClient({ token_endpoint_auth_method: "client_secret_basic" }),
  ]);
  const { url, publishable_key: publishableKey } = stack();
  sockets = new Clients(
    { url, publishableKey } as ConstructorParameters<typeof Clients>[0],
    "2.0.0",
  );
});
afterAll(() => {
  sockets.close();
  process.stdout.write(
    `milliseconds from revocation until REST, functions, MCP and a join refused: ${
      JSON.stringify(Object.fromEntries(took))
    }\n`,
  );
});

/** How long each way to end a token took to count. */
const took = new Map<string, number>();

const grantOf = (token: string) => decodeJwt(token)["session_id"] as string;
const isLive = async (token: string) =>
  (await call("/rest/v1/workspaces?select=id", token)).status === 200;

function revoke(who: Client, token: string | undefined, fields: Record<string, string> = {}) {
  return postForm("/revoke", { token, client_id: who.client_id, ...fields });
}

/** What each surface makes of a token, on connections of its own. */
async function surfaces(token: string) {
  const socket = await sockets.connect(() => Promise.resolve(token));
  const listener = listen(socket, `ws:${person.workspaceId}`, { private: true });
  const [rest, functions, mcp] = await Promise.all([
    call("/rest/v1/workspaces?select=id", token),
    call("/functions/v1/device-pair/codes", token, { method: "POST" }),
    call("/functions/v1/mcp", token, { method: "POST", body: "{}" }),
  ]);
  await until(() => listener.statuses.length > 0, 10_000);
  await socket.removeAllChannels();
  return {
    rest: rest.status,
    functions: functions.status,
    mcp: mcp.status === 401 ? 401 : "let in",
    realtime: listener.statuses[0],
  };
}
const WORKS = { rest: 200, functions: 201, mcp: "let in", realtime: "SUBSCRIBED" };
const REFUSED = { rest: 401, functions: 401, mcp: 401, realtime: "CHANNEL_ERROR" };

describe("R43 within a second everything refuses a token that was ended by", () => {
  it.each<[string, (tokens: Required<Tokens>) => Promise<unknown>]>([
    [
      "its person",
      ({ access_token }) =>
        rpc(person.token, "revoke_connection", { grant_id: grantOf(access_token) }),
    ],
    [
      "its person, this token alone",
      ({ access_token }) => rpc(person.token, "revoke_token", { jti: decodeJwt(access_token).jti }),
    ],
    [
      "an admin",
      ({ access_token }) =>
        rpc(admin.token, "revoke_connection", { grant_id: grantOf(access_token) }),
    ],
    ["its client, by RFC 7009", ({ access_token }) => revoke(client, access_token)],
    ["its client, by the refresh token", ({ refresh_token }) => revoke(client, refresh_token)],
    ["reuse of a refresh token", async ({ refresh_token }) => {
      await refresh(client, refresh_token);
      await database()`
        update private.refresh_tokens set rotated_at = rotated_at - interval '31 seconds'
        where token_hash = encode(sha256(convert_to(${refresh_token}, 'UTF8')), 'hex')`;
      await refresh(client, refresh_token);
    }],
  ])("%s", async (name, end) => {
    const tokens = await connect(person, client);
    expect(await surfaces(tokens.access_token)).toEqual(WORKS);
    await end(tokens);
    const ended = performance.now();
    const after = await surfaces(tokens.access_token);
    const elapsed = performance.now() - ended;
    expect(after).toEqual(REFUSED);
    expect(elapsed).toBeLessThan(1_000);
    took.set(name, Math.round(elapsed));
  });

  it("a replay of its code", async () => {
    const code = await newCode(person, client);
    const { access_token } = await answer<Tokens>(await redeem(client, code));
    await redeem(client, code);
    expect(await surfaces(access_token)).toEqual(REFUSED);
  });
});

describe("R43 revocation by the client", () => {
  it("T39 of an access token leaves the refresh token", async () => {
    const tokens = await connect(person, client);
    const response = await revoke(client, tokens.access_token);
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await isLive(tokens.access_token)).toBe(false);
    const next = await answer<Tokens>(await refresh(client, tokens.refresh_token));
    expect(await isLive(next.access_token)).toBe(true);
  });

  it("T40 of a refresh token ends the grant", async () => {
    const tokens = await connect(person, client);
    const next = await answer<Required<Tokens>>(await refresh(client, tokens.refresh_token));
    expect((await revoke(client, next.refresh_token)).status).toBe(200);
    for (const { access_token } of [tokens, next]) expect(await isLive(access_token)).toBe(false);
    expect(await errorOf(await refresh(client, next.refresh_token))).toBe("400 invalid_grant");
  });

  it("does not need a hint, nor believe a wrong one", async () => {
    const tokens = await connect(person, client);
    await revoke(client, tokens.refresh_token, { token_type_hint: "access_token" });
    expect(await isLive(tokens.access_token)).toBe(false);
    const more = await connect(person, client);
    await revoke(client, more.access_token, { token_type_hint: "nonsense" });
    expect(await isLive(more.access_token)).toBe(false);
  });

  it("T41 does nothing to another client's tokens, nor says so", async () => {
    const tokens = await connect(person, client);
    for (
      const token of [
        tokens.access_token,
        tokens.refresh_token,
        "bmt_unknown",
        "a.b.c",
        person.token,
      ]
    ) {
      const response = await revoke(other, token);
      expect([response.status, await response.text()]).toEqual([200, ""]);
    }
    expect(await isLive(tokens.access_token)).toBe(true);
    expect(await isLive(person.token)).toBe(true);
    expect((await refresh(client, tokens.refresh_token)).status).toBe(200);
  });

  it("T38 needs the authentication that was registered", async () => {
    const tokens = await connectBasic();
    const { client_id, client_secret } = confidential;
    expect(await errorOf(await revoke(confidential, tokens.access_token))).toBe(
      "401 invalid_client",
    );
    expect(
      await errorOf(
        await revoke(confidential, tokens.access_token, { client_secret: client_secret! }),
      ),
    ).toBe("401 invalid_client");
    expect(await isLive(tokens.access_token)).toBe(true);
    const headers = basic(client_id, client_secret!);
    expect((await postForm("/revoke", { token: tokens.access_token }, { headers })).status).toBe(
      200,
    );
    expect(await isLive(tokens.access_token)).toBe(false);
  });

  it("needs a token and a known client", async () => {
    expect(await errorOf(await revoke(client, undefined))).toBe("400 invalid_request");
    const stranger = { ...client, client_id: crypto.randomUUID() };
    expect(await errorOf(await revoke(stranger, "x"))).toBe("401 invalid_client");
  });
});

/** Tokens of the client with a secret. */
async function connectBasic(): Promise<Required<Tokens>> {
  const code = await newCode(person, confidential);
  const headers = basic(confidential.client_id, confidential.client_secret!);
  return await answer(await redeem(confidential, code, { client_secret: undefined }, headers));
}

describe("R44 introspection", () => {
  const introspect = (token: string, who = confidential) =>
    postForm("/introspect", { token }, { headers: basic(who.client_id, who.client_secret ?? "") });
  const active = async (token: string) => await answer(await introspect(token));

  it("tells a confidential client about its own tokens", async () => {
    const { access_token, refresh_token } = await connectBasic();
    const claims = decodeJwt(access_token);
    const response = await introspect(access_token);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual({
      active: true,
      scope: "mcp:read mcp:write",
      client_id: confidential.client_id,
      sub: person.id,
      jti: claims.jti,
      token_type: "Bearer",
      iat: expect.any(Number),
      exp: claims.exp,
      iss: stack().issuer,
      aud: claims.aud,
    });
    expect(await active(refresh_token)).toMatchObject({
      active: true,
      client_id: confidential.client_id,
    });
  });

  it("tells nothing of any other", async () => {
    const foreign = await connect(person, client);
    const { access_token, refresh_token } = await connectBasic();
    await postForm("/revoke", { token: refresh_token }, {
      headers: basic(confidential.client_id, confidential.client_secret!),
    });
    for (
      const token of [
        foreign.access_token,
        foreign.refresh_token,
        access_token,
        refresh_token,
        person.token,
        person.sessionToken,
        "a.b.c",
        "nonsense",
      ]
    ) expect(await active(token)).toEqual({ active: false });
  });

  it("is for confidential clients alone", async () => {
    const { access_token } = await connect(person, client);
    const asPublic = await postForm("/introspect", {
      token: access_token,
      client_id: client.client_id,
    });
    expect(await errorOf(asPublic)).toBe("401 invalid_client");
    expect(await errorOf(await postForm("/introspect", { token: access_token })))
      .toBe("400 invalid_request");
    const wrong = await introspect(access_token, { ...confidential, client_secret: "bms_wrong" });
    expect(await errorOf(wrong)).toBe("401 invalid_client");
  });
});

describe("R46 what happened", () => {
  it("is in the log by its ids, and no token is", async () => {
    const tokens = await connect(person, client);
    const grant_id = grantOf(tokens.access_token);
    await revoke(client, tokens.refresh_token);
    const [row] = await database()`select current_setting('data_directory') as directory`;
    const file = join(dirname(row!["directory"]), "logs/functions-mcp.log");
    const events = async () =>
      (await readFile(file, "utf8")).split("\n")
        .filter((line) => line.includes(grant_id));
    await expect.poll(events).toHaveLength(2);
    const [made, revoked] = (await events()).map((line) => JSON.parse(line));
    expect(made).toMatchObject({
      caller: `person:${person.id}`,
      event: { name: "grant_made", client_id: client.client_id, grant_id },
    });
    expect(revoked.event).toEqual({ name: "grant_revoked", client_id: client.client_id, grant_id });
    const log = await readFile(file, "utf8");
    for (const secret of [tokens.access_token, tokens.refresh_token, person.sessionToken]) {
      expect(log).not.toContain(secret);
    }
    expect(log).not.toMatch(/bm[crst]_[\w-]{20}|eyJ/);
  });

  it("is in the audit, for the person it concerns", async () => {
    const { access_token } = await connect(person, client);
    const grant = grantOf(access_token);
    const rows = await database()`
      select actor_type, actor_id, action from public.audit_log where target = ${grant}`;
    expect(rows).toEqual([{ actor_type: "user", actor_id: person.id, action: "grants.insert" }]);
  });
});
