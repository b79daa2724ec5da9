import { beforeAll, describe, expect, it } from "vitest";
import { stack } from "../support/stack.ts";
import {
  approved,
  ask,
  authorize,
  challengeOf,
  decide,
  errorOf,
  issuer,
  locationOf,
  newClient,
  newCode,
  newVerifier,
  outcomeOf,
  pendingRequest,
  redeem,
  REDIRECT_URI,
} from "../support/oauth.ts";
import type { Client } from "../support/oauth.ts";
import { answer, database, newPerson } from "../support/world.ts";
import type { Person } from "../support/world.ts";

let person: Person;
let client: Client;

beforeAll(async () => {
  [person, client] = await Promise.all([
    newPerson(),
    newClient({ redirect_uris: [REDIRECT_URI, "https://app.example/cb?tenant=1"] }),
  ]);
});

describe("an authorization request", () => {
  it("R23 goes on at the consent page by 303, under an opaque id, uncached", async () => {
    const response = await authorize(client);
    expect(response.status).toBe(303);
    const location = locationOf(response);
    expect(`${location.origin}${location.pathname}`).toBe(`${stack().web_url}/consent`);
    expect([...location.searchParams.keys()]).toEqual(["rid"]);
    expect(location.searchParams.get("rid")).toMatch(/^bmr_[\w-]{43}$/);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    expect(await response.text()).toBe("");
  });

  it.each([
    ["a registered one", REDIRECT_URI, "consent"],
    ["the same on another port of loopback", "http://127.0.0.1:51999/callback", "consent"],
    ["another registered one", "https://app.example/cb?tenant=1", "consent"],
    ["that with another query", "https://app.example/cb?tenant=2", "400"],
    ["that with more of a query", "https://app.example/cb?tenant=1&x=1", "400"],
    ["that without", "https://app.example/cb", "400"],
    ["that on another port", "https://app.example:8443/cb?tenant=1", "400"],
    ["a parent of its host", "https://example/cb?tenant=1", "400"],
    ["a child of its host", "https://x.app.example/cb?tenant=1", "400"],
    ["another spelling of its host", "https://APP.example/cb?tenant=1", "400"],
    ["another scheme", "http://app.example/cb?tenant=1", "400"],
    ["a fragment", "https://app.example/cb?tenant=1#x", "400"],
    ["a path that leads there", "https://app.example/x/../cb?tenant=1", "400"],
    ["another name of loopback", "http://localhost/callback", "400"],
    ["another path on loopback", "http://127.0.0.1:51999/other", "400"],
    ["somebody else's host", "https://evil.example/cb", "400"],
    ["no URI", "callback", "400"],
  ])("R17 T08 with %s", async (_, redirect_uri, wanted) => {
    expect(await outcomeOf(client, { redirect_uri })).toBe(wanted);
  });

  it("R17 T09 of an unknown client redirects nowhere, and says why in JSON", async () => {
    for (const client_id of [crypto.randomUUID(), "nobody", "../x", "x".repeat(3_000), undefined]) {
      const response = await authorize(client, { client_id });
      expect(response.headers.get("location")).toBeNull();
      expect(await errorOf(response)).toBe("400 invalid_request");
      expect(response.headers.get("cache-control")).toBe("no-store");
    }
  });

  it("R17 may leave out the redirect URI when there is one, and not when there are two", async () => {
    const simple = await newClient();
    expect(await outcomeOf(simple, { redirect_uri: undefined })).toBe("consent");
    expect(await outcomeOf(client, { redirect_uri: undefined })).toBe("400");
    const code = await newCode(person, simple, { redirect_uri: undefined });
    expect((await redeem(simple, code, { redirect_uri: undefined })).status).toBe(200);
  });

  it.each([
    ["T03 without PKCE", { code_challenge: undefined, code_challenge_method: undefined }],
    ["T04 with plain", { code_challenge_method: "plain" }],
    ["T05 without a method", { code_challenge_method: undefined }],
    ["T06 with an unknown method", { code_challenge_method: "S512" }],
    ["T06 with a method in other letters", { code_challenge_method: "s256" }],
    ["without a challenge", { code_challenge: undefined }],
    ["with an empty one", { code_challenge: "" }],
    ["with one that is no SHA-256", { code_challenge: "short" }],
    ["with one that is padded", { code_challenge: `${challengeOf("x")}=` }],
  ])("R18 %s is refused", async (_, changes) => {
    expect(await outcomeOf(client, changes)).toBe("invalid_request");
  });

  it("R18 asks clients with a secret for PKCE as well", async () => {
    const confidential = await newClient({ token_endpoint_auth_method: "client_secret_basic" });
    expect(await outcomeOf(confidential, { code_challenge: undefined })).toBe("invalid_request");
  });

  it.each([
    ["token", "unsupported_response_type"],
    ["code token", "unsupported_response_type"],
    ["id_token", "unsupported_response_type"],
    [undefined, "invalid_request"],
  ])("R19 with response_type %s is %s", async (response_type, wanted) => {
    expect(await outcomeOf(client, { response_type })).toBe(wanted);
  });

  it("R19 with a parameter twice is refused, and nowhere redirected if it is the address", async () => {
    const twice = (value: string) => [value, value];
    expect(await outcomeOf(client, { scope: twice("mcp:read") })).toBe("invalid_request");
    expect(await outcomeOf(client, { state: ["a", "b"] })).toBe("invalid_request");
    expect(await outcomeOf(client, { response_type: twice("code") })).toBe("invalid_request");
    expect(await outcomeOf(client, { client_id: twice(client.client_id) })).toBe("400");
    expect(await outcomeOf(client, { redirect_uri: twice(REDIRECT_URI) })).toBe("400");
    expect(await outcomeOf(client, { redirect_uri: [REDIRECT_URI, "https://evil.example"] }))
      .toBe("400");
    expect(locationOf(await authorize(client, { state: ["a", "b"] })).searchParams.get("state"))
      .toBeNull();
  });

  it("R19 answers in the query alone", async () => {
    expect(await outcomeOf(client, { response_mode: "query" })).toBe("consent");
    for (const response_mode of ["fragment", "form_post"]) {
      expect(await outcomeOf(client, { response_mode })).toBe("invalid_request");
    }
  });

  it("R20 T14 T15 T18 is for the one resource there is, named or not", async () => {
    for (const resource of [undefined, issuer(), `${issuer()}/`, `${issuer()}?toolsets=all`]) {
      expect(await outcomeOf(client, { resource })).toBe("consent");
    }
    expect(await outcomeOf(client, { resource: [issuer(), `${issuer()}/`] })).toBe("consent");
  });

  it("R20 T16 T17 is for no other", async () => {
    for (
      const resource of [
        "https://evil.example",
        `${issuer()}#x`,
        new URL(issuer()).origin,
        `${issuer()}/x`,
        [issuer(), "https://evil.example"],
        "nonsense",
      ]
    ) expect(await outcomeOf(client, { resource })).toBe("invalid_target");
  });

  it("R21 R22 T20 T19 tells errors at the redirect URI, with one iss and the state as it was", async () => {
    const state = 'a b&c=d+é"%';
    for (
      const changes of [{ scope: "nonsense" }, { response_type: "token" }, { resource: "x:y" }]
    ) {
      const location = locationOf(await authorize(client, { ...changes, state }));
      expect(`${location.origin}${location.pathname}`).toBe(REDIRECT_URI);
      expect(location.searchParams.getAll("iss")).toEqual([issuer()]);
      expect(location.searchParams.getAll("state")).toEqual([state]);
      expect(location.searchParams.get("error_description")).toMatch(/^\w+: /);
    }
  });

  it("R21 R22 T19 answers approval with one iss and the state as it was", async () => {
    const state = 'a b&c=d+é"%';
    const answered = await approved(person, client, { state });
    expect(Object.fromEntries(answered)).toEqual({
      code: expect.any(String),
      state,
      iss: issuer(),
    });
    expect(answered.getAll("iss")).toHaveLength(1);
    expect((await approved(person, client, { state: undefined })).has("state")).toBe(false);
  });

  it("names scopes that there are", async () => {
    for (const scope of [undefined, "mcp", "mcp:read offline_access", "admin secrets mcp:read"]) {
      expect(await outcomeOf(client, { scope })).toBe("consent");
    }
    for (const scope of ["nonsense", "mcp:read nonsense", "openid email"]) {
      expect(await outcomeOf(client, { scope })).toBe("invalid_scope");
    }
  });

  it("R05 accepts prompt=consent, and whatever else it does not know", async () => {
    expect(await outcomeOf(client, { prompt: "consent", nonce: "n", ui_locales: "de" }))
      .toBe("consent");
  });
});

describe("R24 a code", () => {
  it("is of 256 random bits and lives for at most a minute", async () => {
    const code = await newCode(person, client);
    expect(code.code).toMatch(/^bmc_[\w-]{43}$/);
    const [row] = await database()`
      select extract(epoch from expires_at - created_at)::int as seconds
      from private.authorization_codes
      where code_hash = encode(sha256(convert_to(${code.code}, 'UTF8')), 'hex')`;
    expect(row!["seconds"]).toBe(60);
    await database()`
      update private.authorization_codes set expires_at = now()
      where code_hash = encode(sha256(convert_to(${code.code}, 'UTF8')), 'hex')`;
    expect(await errorOf(await redeem(client, code))).toBe("400 invalid_grant");
  });

  it("R35 is kept as a hash, as is the request before it", async () => {
    const rid = await pendingRequest(client);
    const { redirect } = await answer<{ redirect: string }>(await decide(person, rid));
    const code = new URL(redirect).searchParams.get("code")!;
    const stored = JSON.stringify(
      await database()`
      select to_jsonb(c) as c from private.authorization_codes c
      union all select to_jsonb(r) from private.authorization_requests r`,
    );
    for (const secret of [rid, code]) expect(stored).not.toContain(secret.slice(4));
  });

  it("is bound to the person: whoever approves is whose token it becomes", async () => {
    const other = await newPerson();
    const code = await newCode(other, client);
    const { access_token } = await answer<{ access_token: string }>(await redeem(client, code));
    const claims = JSON.parse(
      atob(access_token.split(".")[1]!.replace(/-/g, "+").replace(/_/g, "/")),
    );
    expect(claims.sub).toBe(other.id);
  });
});

describe("the endpoints of a browser", () => {
  it("take no other method", async () => {
    for (const [path, allowed] of [["/authorize", "GET"], ["/authorize/resume", "POST"]] as const) {
      const response = await ask(path, { method: "PUT" });
      expect(response.status).toBe(405);
      expect(response.headers.get("allow")).toContain(allowed);
    }
  });

  it("keep a request for ten minutes", async () => {
    const rid = await pendingRequest(client, { code_challenge: challengeOf(newVerifier()) });
    await database()`
      update private.authorization_requests set expires_at = now()
      where rid_hash = encode(sha256(convert_to(${rid}, 'UTF8')), 'hex')`;
    expect((await decide(person, rid)).status).toBe(404);
    expect((await ask(`/consent/${rid}`)).status).toBe(404);
  });
});
