import { decodeJwt, decodeProtectedHeader } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import {
  basic,
  connect,
  errorOf,
  issuer,
  newClient,
  newCode,
  newVerifier,
  postForm,
  redeem,
  REDIRECT_URI,
  refresh,
} from "../support/oauth.ts";
import type { Client, Tokens } from "../support/oauth.ts";
import { newAddress } from "../support/neighbour.ts";
import { answer, call, database, newPerson } from "../support/world.ts";
import type { Person } from "../support/world.ts";

let person: Person;
let client: Client, withBasic: Client, withPost: Client;

beforeAll(async () => {
  [person, client, withBasic, withPost] = await Promise.all([
    newPerson(),
    newClient(),
    newClient({ token_endpoint_auth_method: "client_secret_basic" }),
    newClient({ token_endpoint_auth_method: "client_secret_post" }),
  ]);
});

const tokensOf = (response: Response) => answer<Required<Tokens>>(response);
const isLive = async (token: string) =>
  (await call("/rest/v1/workspaces?select=id", token)).status === 200;

/** Ages the replacement of a refresh token beyond the window in which it is forgiven. */
async function passGrace(refreshToken: string): Promise<void> {
  await database()`
    update private.refresh_tokens set rotated_at = rotated_at - interval '31 seconds'
    where token_hash = encode(sha256(convert_to(${refreshToken}, 'UTF8')), 'hex')`;
}

describe("the code grant", () => {
  it("R30 R32 R42 T02 T22 answers a bearer token for an hour, its scope, and a refresh token", async () => {
    const response = await redeem(client, await newCode(person, client));
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    const tokens = await response.json();
    expect(tokens).toEqual({
      access_token: expect.any(String),
      token_type: "Bearer",
      expires_in: 3_600,
      scope: "mcp:read mcp:write",
      refresh_token: expect.stringMatching(/^bmt_[\w-]{43}$/),
    });
    const { alg, typ, kid } = decodeProtectedHeader(tokens.access_token);
    expect({ alg, typ, kid }).toEqual({ alg: "ES256", typ: "JWT", kid: expect.any(String) });
    const claims = decodeJwt(tokens.access_token);
    expect(claims).toEqual({
      iss: issuer(),
      sub: person.id,
      aud: [issuer(), "authenticated"],
      role: "authenticated",
      user_role: "member",
      client_id: client.client_id,
      scope: tokens.scope,
      jti: expect.any(String),
      session_id: expect.any(String),
      iat: expect.any(Number),
      exp: claims.iat! + 3_600,
    });
    expect(await isLive(tokens.access_token)).toBe(true);
  });

  it("gives no refresh token to a client that registered without", async () => {
    const once = await newClient({ grant_types: ["authorization_code"] });
    const tokens = await tokensOf(await redeem(once, await newCode(person, once)));
    expect(tokens).not.toHaveProperty("refresh_token");
    expect(await errorOf(await refresh(once, "bmt_x"))).toBe("400 unauthorized_client");
  });

  it.each([
    ["T07 another verifier", () => ({ code_verifier: newVerifier() }), "400 invalid_grant"],
    ["no verifier", () => ({ code_verifier: undefined }), "400 invalid_request"],
    [
      "a verifier that is too short",
      () => ({ code_verifier: "x".repeat(42) }),
      "400 invalid_grant",
    ],
    [
      "a verifier that is too long",
      () => ({ code_verifier: "x".repeat(129) }),
      "400 invalid_grant",
    ],
    [
      "T10 another redirect URI",
      () => ({ redirect_uri: "http://127.0.0.1/x" }),
      "400 invalid_grant",
    ],
    [
      "the redirect URI on another port",
      () => ({ redirect_uri: "http://127.0.0.1:1/callback" }),
      "400 invalid_grant",
    ],
    ["T33 another resource", () => ({ resource: "https://evil.example" }), "400 invalid_target"],
    [
      "T33 one more resource",
      () => ({ resource: [issuer(), "https://evil.example"] }),
      "400 invalid_target",
    ],
    ["a resource with a fragment", () => ({ resource: `${issuer()}#x` }), "400 invalid_target"],
    ["no code", () => ({ code: undefined }), "400 invalid_request"],
    ["an unknown client", () => ({ client_id: crypto.randomUUID() }), "401 invalid_client"],
    ["no client", () => ({ client_id: undefined }), "400 invalid_request"],
    ["another grant type", () => ({ grant_type: "password" }), "400 unsupported_grant_type"],
    ["no grant type", () => ({ grant_type: undefined }), "400 invalid_request"],
    [
      "a parameter twice",
      () => ({ grant_type: ["authorization_code", "authorization_code"] }),
      "400 invalid_request",
    ],
  ])("R31 with %s is refused, and the code is not used up", async (_, changes, wanted) => {
    const code = await newCode(person, client);
    expect(await errorOf(await redeem(client, code, changes()))).toBe(wanted);
    expect((await redeem(client, code)).status).toBe(200);
  });

  it("R31 T14 T18 takes the redirect URI and the resource repeated, or left out", async () => {
    for (
      const changes of [
        { redirect_uri: undefined },
        { resource: issuer() },
        { resource: `${issuer()}/` },
        { resource: undefined, redirect_uri: REDIRECT_URI },
      ]
    ) {
      expect((await redeem(client, await newCode(person, client), changes)).status).toBe(200);
    }
  });

  it("R24 T42 of a code used before is refused, and ends what the first use gave", async () => {
    const code = await newCode(person, client);
    const tokens = await tokensOf(await redeem(client, code));
    expect(await isLive(tokens.access_token)).toBe(true);
    expect(await errorOf(await redeem(client, code))).toBe("400 invalid_grant");
    expect(await isLive(tokens.access_token)).toBe(false);
    expect(await errorOf(await refresh(client, tokens.refresh_token))).toBe("400 invalid_grant");
  });

  it("R24 of one code by many at once succeeds at most once", async () => {
    const code = await newCode(person, client);
    const answers = await Promise.all(Array.from({ length: 8 }, () => redeem(client, code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });
});

describe("a client", () => {
  it("R16 T23 with a secret authenticates by Basic, form-encoded", async () => {
    const { client_id, client_secret } = withBasic;
    const code = await newCode(person, withBasic);
    const response = await redeem(
      withBasic,
      code,
      { client_id: undefined, client_secret: undefined },
      basic(client_id, client_secret!),
    );
    expect((await tokensOf(response)).token_type).toBe("Bearer");
  });

  it("R16 T12 with a secret authenticates in the body if that is what it registered", async () => {
    expect((await redeem(withPost, await newCode(person, withPost))).status).toBe(200);
  });

  type Attempt = [fields: Record<string, string | undefined>, headers?: Record<string, string>];
  it.each<[string, () => Client, (secret: string, id: string) => Attempt]>([
    ["T13 registered basic, in the body", () => withBasic, (client_secret) => [{ client_secret }]],
    ["T13 registered post, by Basic", () => withPost, (s, id) => [
      { client_id: undefined, client_secret: undefined },
      basic(id, s),
    ]],
    [
      "T13 registered none, by Basic",
      () => client,
      (_, id) => [{ client_id: undefined }, basic(id, "x")],
    ],
    ["T13 registered none, in the body", () => client, () => [{ client_secret: "x" }]],
    ["T11 registered basic, wrong secret", () => withBasic, (_, id) => [
      { client_id: undefined, client_secret: undefined },
      basic(id, "bms_wrong"),
    ]],
    ["T11 registered post, wrong secret", () => withPost, () => [{ client_secret: "bms_wrong" }]],
    ["registered basic, no secret", () => withBasic, () => [{ client_secret: undefined }]],
    ["registered post, no secret", () => withPost, () => [{ client_secret: undefined }]],
    ["unreadable Basic", () => withBasic, () => [
      { client_id: undefined, client_secret: undefined },
      { Authorization: "Basic !!!" },
    ]],
  ])("R16 %s: invalid_client, and the code is kept", async (_, who, attempt) => {
    const { client_id, client_secret = "" } = who();
    const code = await newCode(person, who());
    const [fields, headers = {}] = attempt(client_secret, client_id);
    const response = await redeem(who(), code, fields, headers);
    const usedBasic = "Authorization" in headers;
    expect(response.headers.get("www-authenticate"))
      .toBe(usedBasic ? 'Basic realm="Busymate"' : null);
    expect(await errorOf(response)).toBe("401 invalid_client");
    const right = who() === withBasic
      ? await redeem(who(), code, { client_secret: undefined }, basic(client_id, client_secret))
      : await redeem(who(), code);
    expect(right.status).toBe(200);
  });

  it("authenticates in one way at a time", async () => {
    const { client_id, client_secret } = withBasic;
    const headers = basic(client_id, client_secret!);
    const code = await newCode(person, withBasic);
    expect(await errorOf(await redeem(withBasic, code, {}, headers))).toBe("400 invalid_request");
    expect(
      await errorOf(
        await redeem(
          withBasic,
          code,
          { client_secret: undefined, client_id: client.client_id },
          headers,
        ),
      ),
    ).toBe("400 invalid_request");
  });
});

describe("R30 the endpoint", () => {
  it("takes a form and nothing else", async () => {
    for (const type of ["application/json", "text/plain", "multipart/form-data; boundary=x"]) {
      const response = await postForm("/token", { grant_type: "refresh_token" }, {
        headers: { "Content-Type": type },
      });
      expect(await errorOf(response)).toBe("400 invalid_request");
      expect(response.headers.get("cache-control")).toBe("no-store");
    }
    const charset = { "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8" };
    const code = await newCode(person, client);
    expect((await redeem(client, code, {}, charset)).status).toBe(200);
  });

  it("takes 64 kB and no more", async () => {
    const response = await postForm("/token", { grant_type: "x".repeat(65_536) });
    expect(await errorOf(response)).toBe("413 invalid_request");
  });

  it("reads nothing from the query", async () => {
    const { code, verifier } = await newCode(person, client);
    const query = new URLSearchParams({
      grant_type: "authorization_code",
      client_id: client.client_id,
      code,
      code_verifier: verifier,
    });
    expect(await errorOf(await postForm(`/token?${query}`, {}))).toBe("400 invalid_request");
  });

  it("R41 serves an address 60 times a minute, and then says when to come back", async () => {
    const address = newAddress();
    const answers = await Promise.all(
      Array.from({ length: 72 }, () => postForm("/token", {}, { address })),
    );
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThanOrEqual(1);
    expect(limited.length).toBeLessThanOrEqual(12);
    expect(Number(limited[0]!.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await errorOf(limited[0]!)).toBe("429 temporarily_unavailable");
  });
});

describe("a refresh", () => {
  it("R33 T36 replaces the refresh token, and the old access token lives on", async () => {
    const first = await connect(person, client);
    const second = await tokensOf(await refresh(client, first.refresh_token));
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(second.scope).toBe(first.scope);
    expect(decodeJwt(second.access_token)["session_id"])
      .toBe(decodeJwt(first.access_token)["session_id"]);
    expect(await isLive(first.access_token)).toBe(true);
    expect(await isLive(second.access_token)).toBe(true);
  });

  it("R33 T36 of one replaced seconds ago gives an access token and no refresh token", async () => {
    const first = await connect(person, client);
    const second = await tokensOf(await refresh(client, first.refresh_token));
    const again = await tokensOf(await refresh(client, first.refresh_token));
    expect(again).not.toHaveProperty("refresh_token");
    expect(await isLive(again.access_token)).toBe(true);
    expect((await refresh(client, second.refresh_token)).status).toBe(200);
  });

  it("R33 of one replaced longer ago ends the grant and all its tokens", async () => {
    const first = await connect(person, client);
    const second = await tokensOf(await refresh(client, first.refresh_token));
    await passGrace(first.refresh_token);
    expect(await errorOf(await refresh(client, first.refresh_token))).toBe("400 invalid_grant");
    expect(await errorOf(await refresh(client, second.refresh_token))).toBe("400 invalid_grant");
    for (const { access_token } of [first, second]) expect(await isLive(access_token)).toBe(false);
  });

  it("R33 by many at once rotates once, and fails nobody", async () => {
    const { refresh_token } = await connect(person, client);
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => await tokensOf(await refresh(client, refresh_token))),
    );
    expect(answers.filter((tokens) => tokens.refresh_token !== undefined)).toHaveLength(1);
    expect(new Set(answers.map(({ access_token }) => access_token)).size).toBe(8);
  });

  it("R34 T37 may narrow the scope of a token, and not of what comes after", async () => {
    const first = await connect(person, client);
    const narrow = await tokensOf(
      await refresh(client, first.refresh_token, { scope: "mcp:read" }),
    );
    expect(narrow.scope).toBe("mcp:read");
    const whole = await tokensOf(await refresh(client, narrow.refresh_token));
    expect(whole.scope).toBe("mcp:read mcp:write");
  });

  it.each(["admin", "mcp:read secrets", "nonsense"])(
    "R34 T37 never widens it to %s, and keeps the token",
    async (scope) => {
      const { refresh_token } = await connect(person, client, "mcp:read");
      expect(await errorOf(await refresh(client, refresh_token, { scope }))).toBe(
        "400 invalid_scope",
      );
      expect(await errorOf(await refresh(client, refresh_token, { scope: "mcp" })))
        .toBe("400 invalid_scope");
      expect((await refresh(client, refresh_token)).status).toBe(200);
    },
  );

  it("is for the one resource and the one client", async () => {
    const { refresh_token } = await connect(person, client);
    expect(await errorOf(await refresh(client, refresh_token, { resource: "https://x.example" })))
      .toBe("400 invalid_target");
    const other = await newClient();
    expect(await errorOf(await refresh(other, refresh_token))).toBe("400 invalid_grant");
    expect(await errorOf(await refresh(client, "bmt_unknown"))).toBe("400 invalid_grant");
    expect((await refresh(client, refresh_token, { resource: issuer() })).status).toBe(200);
  });

  it("R35 is kept as a hash", async () => {
    const { refresh_token, access_token } = await connect(person, client);
    const stored = JSON.stringify(
      await database()`
      select to_jsonb(r) as kept from private.refresh_tokens r
      union all select to_jsonb(t) from public.api_tokens t`,
    );
    for (const secret of [refresh_token.slice(4), access_token.split(".")[2]!]) {
      expect(stored).not.toContain(secret);
    }
  });

  it("R36 ends after 30 idle days, and a year after consent at the latest", async () => {
    const tokens = await connect(person, client);
    const sql = database();
    const grant = decodeJwt(tokens.access_token)["session_id"] as string;
    const [ages] = await sql`
      select extract(day from r.expires_at - r.created_at)::int as idle,
        g.expires_at = g.created_at + interval '1 year' as year
      from private.refresh_tokens r join private.grants g on g.id = r.grant_id
      where g.id = ${grant}`;
    expect(ages).toEqual({ idle: 30, year: true });

    await sql`update private.grants set expires_at = now() + interval '5 minutes' where id = ${grant}`;
    const last = await tokensOf(await refresh(client, tokens.refresh_token));
    expect(last.expires_in).toBeLessThanOrEqual(300);
    await sql`update private.refresh_tokens set expires_at = now() where grant_id = ${grant}`;
    expect(await errorOf(await refresh(client, last.refresh_token))).toBe("400 invalid_grant");
    await sql`update private.grants set expires_at = now() where id = ${grant}`;
    expect(await isLive(last.access_token)).toBe(false);

    // What is left of it a month later nobody can use, and housekeeping takes it away.
    await sql`
      update public.api_tokens set expires_at = now() - interval '31 days' where grant_id = ${grant}`;
    await sql`delete from private.authorization_codes where grant_id = ${grant}`;
    await sql`select private.housekeeping()`;
    expect(await sql`select from private.grants where id = ${grant}`).toHaveLength(0);
  });
});

describe("client_credentials", () => {
  it("is not for clients of people", async () => {
    for (const who of [client, withPost]) {
      const response = await postForm("/token", {
        grant_type: "client_credentials",
        client_id: who.client_id,
        client_secret: who.client_secret,
      });
      expect(await errorOf(response)).toBe("400 unauthorized_client");
    }
  });
});
