// The exchange of an Auth session for the one token, and where that token works and stops working.

import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { newAddress } from "../support/neighbour.ts";
import { stack } from "../support/stack.ts";
import { call, database, exchange, newPerson, signIn } from "../support/world.ts";
import type { Person } from "../support/world.ts";

const info = stack();
let person: Person;

beforeAll(async () => {
  person = await newPerson();
});

function exchangeWith(token: string | null, method = "POST"): Promise<Response> {
  return call("/functions/v1/mcp/first-party-token", token, { method, address: newAddress() });
}

/** The status that each surface answers a token with. */
async function surfaces(token: string) {
  const [rest, functions] = await Promise.all([
    call("/rest/v1/workspaces?select=id", token),
    call("/functions/v1/device-pair/codes", token, { method: "POST" }),
  ]);
  return { rest: rest.status, functions: functions.status };
}

const WORKS = { rest: 200, functions: 201 };
const REFUSED = { rest: 401, functions: 401 };

describe("the exchange", () => {
  it("answers a bearer token of full scope with the documented claims", async () => {
    const answer = await exchangeWith(person.sessionToken);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const body = await answer.json();
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: "Bearer",
      expires_in: 3600,
      scope: "mcp:read mcp:write admin secrets",
    });
    const jwks = await (await fetch(`${info.url}/auth/v1/.well-known/jwks.json`)).json();
    const { alg, kid, typ } = decodeProtectedHeader(body.access_token);
    expect({ alg, typ }).toEqual({ alg: "ES256", typ: "JWT" });
    expect(jwks.keys.map((key: { kid: string }) => key.kid)).toContain(kid);
    const claims = decodeJwt(body.access_token);
    const session = decodeJwt(person.sessionToken);
    expect(claims).toEqual({
      iss: info.issuer,
      sub: person.id,
      aud: [info.issuer, "authenticated"],
      role: "authenticated",
      user_role: "member",
      client_id: "dashboard",
      scope: body.scope,
      jti: expect.any(String),
      session_id: expect.any(String),
      iat: expect.any(Number),
      exp: claims.iat! + 3600,
    });
    expect(claims["session_id"]).not.toBe(session["session_id"]);
    expect(await surfaces(body.access_token)).toEqual(WORKS);
  });

  it("makes a new token each time, under one grant a session", async () => {
    const [first, second] = (await Promise.all([1, 2].map(() => exchange(person.sessionToken))))
      .map((token) => decodeJwt(token));
    expect(first!.jti).not.toBe(second!.jti);
    expect(first!["session_id"]).toBe(second!["session_id"]);
  });

  it.each<[string, () => string | null]>([
    ["no token", () => null],
    ["an access token", () => person.token],
    ["a publishable key", () => info.publishable_key],
    ["nonsense", () => "a.b.c"],
  ])("refuses %s in the form of RFC 6749", async (_, token) => {
    const answer = await exchangeWith(token());
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer/);
    expect(await answer.json()).toEqual({
      error: "invalid_token",
      error_description: expect.any(String),
    });
  });

  it("refuses a session whose user is gone or signed out", async () => {
    const leaver = await newPerson();
    await call("/auth/v1/logout", leaver.sessionToken, { method: "POST" });
    expect((await exchangeWith(leaver.sessionToken)).status).toBe(401);
  });

  it("is a POST", async () => {
    const answer = await exchangeWith(person.sessionToken, "GET");
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("POST");
  });

  it("serves an address 60 times a minute and then says when to come back", async () => {
    const address = newAddress();
    const answers = await Promise.all(
      Array.from(
        { length: 70 },
        () => call("/functions/v1/mcp/first-party-token", null, { method: "POST", address }),
      ),
    );
    const limited = answers.filter(({ status }) => status === 429);
    // The bucket refills by one a second while the requests run.
    expect(limited.length).toBeGreaterThanOrEqual(1);
    expect(limited.length).toBeLessThanOrEqual(10);
    expect(Number(limited[0]!.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(limited[0]!.headers.get("ratelimit-limit")).toBe("60");
    expect((await exchangeWith(person.sessionToken)).status).toBe(200);
  });

  it("counts the address that the gateway saw, not one that a client claims", async () => {
    const address = newAddress();
    const answers = await Promise.all(
      Array.from({ length: 70 }, (_, n) =>
        call("/functions/v1/mcp/first-party-token", null, {
          method: "POST",
          address,
          headers: { "X-Forwarded-For": `10.0.0.${n}` },
        })),
    );
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(1);
  });
});

describe("an access token", () => {
  it("is what data wants, and a session is not", async () => {
    expect(await surfaces(person.token)).toEqual(WORKS);
    expect(await surfaces(person.sessionToken)).toEqual(REFUSED);
  });

  it("is no session of Auth", async () => {
    const user = await call("/auth/v1/user", person.token);
    expect(user.status).toBeGreaterThanOrEqual(400);
    const password = await call("/auth/v1/user", person.token, {
      method: "PUT",
      body: JSON.stringify({ password: "taken over completely" }),
    });
    expect(password.status).toBeGreaterThanOrEqual(400);
    await signIn(person.email);
  });

  it("ends at once when the person signs out", async () => {
    const leaver = await newPerson();
    expect(await surfaces(leaver.token)).toEqual(WORKS);
    const out = await call("/auth/v1/logout", leaver.sessionToken, { method: "POST" });
    expect(out.status).toBe(204);
    expect(await surfaces(leaver.token)).toEqual(REFUSED);
  });

  it("ends at once when its row is revoked, and its sisters live on", async () => {
    const token = await exchange(person.sessionToken);
    const { jti } = decodeJwt(token);
    await database()`update public.api_tokens set revoked_at = now() where jti = ${jti!}`;
    expect(await surfaces(token)).toEqual(REFUSED);
    expect(await surfaces(person.token)).toEqual(WORKS);
  });

  it("is refused when it is forged, though kid and claims are right", async () => {
    const { privateKey } = await generateKeyPair("ES256");
    const forged = await new SignJWT(decodeJwt(person.token))
      .setProtectedHeader({ ...decodeProtectedHeader(person.token), alg: "ES256" })
      .sign(privateKey);
    expect(await surfaces(forged)).toEqual(REFUSED);
  });

  it("is refused when it brings its own key, or none", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const jwk = await exportJWK(publicKey);
    const own = await new SignJWT(decodeJwt(person.token))
      .setProtectedHeader({ alg: "ES256", typ: "JWT", kid: "own", jwk })
      .sign(privateKey);
    const [, claims] = person.token.split(".");
    const header = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
    for (const token of [own, `${header}.${claims}.`, `${header}.${claims}.c2ln`]) {
      expect(await surfaces(token)).toEqual(REFUSED);
    }
  });

  it("is not mended by a good key beside it", async () => {
    const answer = await call("/functions/v1/device-pair/codes", "a.b.c", {
      method: "POST",
      headers: { "X-Forwarded-For": "10.0.0.1" },
    });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toContain('error="invalid_token"');
  });
});
