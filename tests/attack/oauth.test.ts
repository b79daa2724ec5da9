// What somebody would try against the authorization server, and what comes of it.

import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newAddress } from "../support/neighbour.ts";
import {
  approved,
  ask,
  authorize,
  challengeOf,
  connect,
  decide,
  errorOf,
  issuer,
  locationOf,
  newClient,
  newCode,
  newVerifier,
  outcomeOf,
  pendingRequest,
  postForm,
  postJson,
  redeem,
  REDIRECT_URI,
  refresh,
  registration,
} from "../support/oauth.ts";
import type { Client, Tokens } from "../support/oauth.ts";
import { resigned, signedByAnother, signedWithPublicKey, unsigned } from "../support/signing.ts";
import { stack } from "../support/stack.ts";
import { answer, call, database, newDevice, newPerson } from "../support/world.ts";
import type { Person } from "../support/world.ts";

let victim: Person, attacker: Person;
let app: Client, evil: Client;

beforeAll(async () => {
  [victim, attacker, app, evil] = await Promise.all([
    newPerson(),
    newPerson(),
    newClient({ redirect_uris: [REDIRECT_URI, "https://app.example/cb"] }),
    newClient({ redirect_uris: ["https://evil.example/cb"] }),
  ]);
});

const isLive = async (token: string) =>
  (await call("/rest/v1/workspaces?select=id", token)).status === 200;
const tokensOf = (response: Response) => answer<Required<Tokens>>(response);

describe("a stolen code", () => {
  it("is of no use to another client, with or without the verifier", async () => {
    const code = await newCode(victim, app);
    expect(await errorOf(await redeem(evil, code))).toBe("400 invalid_grant");
    expect(await errorOf(await redeem(evil, { ...code, verifier: newVerifier() })))
      .toBe("400 invalid_grant");
    expect((await redeem(app, code)).status).toBe(200);
  });

  it("is of no use without the verifier, whatever is sent in its place", async () => {
    const code = await newCode(victim, app);
    for (
      const code_verifier of [newVerifier(), challengeOf(code.verifier), undefined, "", "plain"]
    ) {
      expect((await redeem(app, code, { code_verifier })).status).toBe(400);
    }
    expect((await redeem(app, code)).status).toBe(200);
  });

  it("used after its owner ends the owner's tokens too", async () => {
    const code = await newCode(victim, app);
    const { access_token } = await tokensOf(await redeem(app, code));
    await redeem(evil, code);
    expect(await isLive(access_token)).toBe(false);
  });

  it("used at the same moment as its owner leaves nobody with a token", async () => {
    const code = await newCode(victim, app);
    const answers = await Promise.all([1, 2, 3, 4].map(() => redeem(app, code)));
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expect(await isLive((await tokensOf(won[0]!)).access_token)).toBe(false);
  });

  it("put into a victim's client is not theirs: its verifier does not fit", async () => {
    const planted = await newCode(attacker, app);
    expect(await errorOf(await redeem(app, { ...planted, verifier: newVerifier() })))
      .toBe("400 invalid_grant");
  });
});

describe("PKCE", () => {
  it("is not to be talked out of", async () => {
    for (
      const changes of [
        { code_challenge: undefined, code_challenge_method: undefined },
        { code_challenge_method: "plain" },
        { code_challenge_method: undefined },
        { code_challenge_method: "none" },
        { code_challenge_method: ["S256", "plain"] },
        { code_challenge: [challengeOf("a"), challengeOf("b")] },
      ]
    ) expect(await outcomeOf(app, changes)).toBe("invalid_request");
  });
});

describe("an open redirect", () => {
  it.each([
    "https://evil.example/cb",
    "https://app.example.evil.example/cb",
    "https://app.example@evil.example/cb",
    "https://evil.example/cb?https://app.example/cb",
    "https://app.example:444/cb",
    "https://app.example/cb/../../evil",
    "https://app.example/cb/",
    "https://app.example/cb?x",
    "https://app.example/cb#",
    "https://app.example/c%62",
    "https://app.example//cb",
    "https:app.example/cb",
    "//app.example/cb",
    "http://127.0.0.1:80@evil.example/callback",
    "http://127.0.0.1:1\\@evil.example/callback",
    "http://127.0.0.1.evil.example/callback",
    "http://127.0.0.1:1/callback/../x",
    "http://[::1]/callback",
    "javascript:alert(1)//http://127.0.0.1/callback",
    `${REDIRECT_URI}\r\nSet-Cookie: a=b`,
    `${REDIRECT_URI} `,
  ])(
    "to %j is not made, whether the rest of the request is right or wrong",
    async (redirect_uri) => {
      for (const scope of ["mcp:read", "nonsense"]) {
        const response = await authorize(app, { redirect_uri, scope });
        expect(response.status).toBe(400);
        expect(response.headers.get("location")).toBeNull();
      }
    },
  );

  it("is not made of a state either: it stays a parameter", async () => {
    const state = "x&code=forged&iss=https://evil.example#\r\nLocation: https://evil.example";
    const location = locationOf(await authorize(app, { state, scope: "nonsense" }));
    expect(`${location.origin}${location.pathname}`).toBe(REDIRECT_URI);
    expect(location.searchParams.get("state")).toBe(state);
    expect(location.searchParams.has("code")).toBe(false);
    expect(location.searchParams.getAll("iss")).toEqual([issuer()]);
    expect(location.hash).toBe("");
  });
});

describe("cross-site request forgery", () => {
  it("finds nothing that a browser would send by itself", async () => {
    const rid = await pendingRequest(app);
    const Origin = "https://evil.example";
    const tries = await Promise.all([
      ask("/authorize/resume", {
        method: "POST",
        headers: { Origin, "Content-Type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ rid, approve: "true" }).toString(),
      }),
      ask("/authorize/resume", {
        method: "POST",
        headers: { Origin, "Content-Type": "text/plain" },
        body: JSON.stringify({ rid, approve: true }),
      }),
      ask(`/authorize/resume?rid=${rid}&approve=true`, { method: "POST", headers: { Origin } }),
      ask(`/authorize/resume?rid=${rid}&approve=true`, { headers: { Origin } }),
    ]);
    for (const { status } of tries) expect([400, 405, 415]).toContain(status);
    expect((await ask(`/consent/${rid}`)).status).toBe(200);
  });

  it("has no second person decide what the first has decided", async () => {
    const rid = await pendingRequest(app);
    await decide(victim, rid, { approve: false });
    expect((await decide(attacker, rid)).status).toBe(404);
  });

  it("gets no consent page into a frame", async () => {
    const page = await fetch(`${stack().web_url}/consent?rid=x`);
    expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(page.headers.get("referrer-policy")).toBe("no-referrer");
    expect(page.headers.get("cache-control")).toContain("no-store");
  });
});

describe("a mix-up of servers", () => {
  it("is noticed: every answer names who gives it, errors and denials included", async () => {
    const denied = await decide(victim, await pendingRequest(app), { approve: false });
    const { redirect } = await answer<{ redirect: string }>(denied);
    for (
      const query of [
        await approved(victim, app),
        new URL(redirect).searchParams,
        locationOf(await authorize(app, { resource: "https://evil.example" })).searchParams,
      ]
    ) expect(query.getAll("iss")).toEqual([issuer()]);
  });
});

describe("a stolen refresh token", () => {
  /** Ages the replacement of a token beyond the window of 30 s. */
  const passGrace = (token: string) =>
    database()`
      update private.refresh_tokens set rotated_at = rotated_at - interval '31 seconds'
      where token_hash = encode(sha256(convert_to(${token}, 'UTF8')), 'hex')`;

  it("used by the thief first ends with the owner's next use of it", async () => {
    const owner = await connect(victim, app);
    const thief = await tokensOf(await refresh(app, owner.refresh_token));
    await passGrace(owner.refresh_token);
    expect(await errorOf(await refresh(app, owner.refresh_token))).toBe("400 invalid_grant");
    expect(await isLive(thief.access_token)).toBe(false);
    expect(await errorOf(await refresh(app, thief.refresh_token))).toBe("400 invalid_grant");
  });

  it("used by the thief after the owner ends at once", async () => {
    const owner = await connect(victim, app);
    const next = await tokensOf(await refresh(app, owner.refresh_token));
    await passGrace(owner.refresh_token);
    expect(await errorOf(await refresh(app, owner.refresh_token))).toBe("400 invalid_grant");
    expect(await isLive(next.access_token)).toBe(false);
  });

  it("within the window gives the thief an hour at most, and never a successor", async () => {
    const owner = await connect(victim, app);
    const next = await tokensOf(await refresh(app, owner.refresh_token));
    const stolen = await tokensOf(await refresh(app, owner.refresh_token));
    expect(stolen.refresh_token).toBeUndefined();
    await postForm("/revoke", { token: next.refresh_token, client_id: app.client_id });
    expect(await isLive(stolen.access_token)).toBe(false);
  });

  it("is of no use to another client, nor does it end anything there", async () => {
    const owner = await connect(victim, app);
    expect(await errorOf(await refresh(evil, owner.refresh_token))).toBe("400 invalid_grant");
    await postForm("/revoke", { token: owner.refresh_token, client_id: evil.client_id });
    expect((await refresh(app, owner.refresh_token)).status).toBe(200);
  });

  it("is not mistaken for another kind of secret", async () => {
    const { refresh_token, access_token } = await connect(victim, app);
    const { code, verifier } = await newCode(victim, app);
    expect((await redeem(app, { code: refresh_token, verifier })).status).toBe(400);
    expect((await refresh(app, code)).status).toBe(400);
    expect((await refresh(app, access_token)).status).toBe(400);
    expect((await call("/functions/v1/mcp", refresh_token, { method: "POST" })).status).toBe(401);
  });
});

describe("scopes", () => {
  it("do not grow on the way: not at the decision, the redemption or the refresh", async () => {
    const rid = await pendingRequest(app, { scope: "mcp:read" });
    expect(await errorOf(await decide(victim, rid, { scopes: ["mcp:read", "mcp:write"] })))
      .toBe("400 invalid_scope");
    const code = await newCode(victim, app, { scope: "mcp:read" });
    const tokens = await tokensOf(await redeem(app, code, { scope: "mcp:read mcp:write admin" }));
    expect(tokens.scope).toBe("mcp:read");
    expect(decodeJwt(tokens.access_token)["scope"]).toBe("mcp:read");
    expect(await errorOf(await refresh(app, tokens.refresh_token, { scope: "admin" })))
      .toBe("400 invalid_scope");
  });

  it("do not grow by being an admin later: what was granted stays what was granted", async () => {
    const riser = await newPerson();
    const { access_token, scope } = await connect(riser, app, "mcp:read admin");
    expect(scope).toBe("mcp:read");
    await database()`update public.profiles set role = 'admin' where id = ${riser.id}`;
    const made = await call("/rest/v1/service_accounts", access_token, {
      method: "POST",
      body: JSON.stringify({ name: crypto.randomUUID(), role: "admin" }),
    });
    expect(made.status).toBe(403);
    await database()`update public.profiles set role = 'member' where id = ${riser.id}`;
  });
});

describe("a token", () => {
  const statuses = async (token: string) => {
    const [mcp, rest, functions] = await Promise.all([
      call("/functions/v1/mcp", token, { method: "POST" }),
      call("/rest/v1/workspaces?select=id", token),
      call("/functions/v1/device-pair/codes", token, { method: "POST" }),
    ]);
    return [mcp.status, rest.status, functions.status];
  };

  it.each<[string, (token: string) => string | Promise<string>]>([
    [
      "T32 of another resource",
      (token) => resigned(token, { aud: ["https://other.example/mcp", "authenticated"] }),
    ],
    [
      "of another issuer that claims to be for us",
      (token) =>
        resigned(token, { iss: "https://other.example", aud: [issuer(), "authenticated"] }),
    ],
    ["of another issuer, for itself", (token) =>
      resigned(token, {
        iss: "https://other.example",
        aud: ["https://other.example", "authenticated"],
        jti: crypto.randomUUID(),
      })],
    ["for the platform alone", (token) => resigned(token, { aud: "authenticated" })],
    ["of another person", (token) => resigned(token, { sub: attacker.id })],
    ["without a signature", unsigned],
    ["signed with the public key as a secret", signedWithPublicKey],
    ["signed by another key under the right name", signedByAnother],
  ])("%s is none", async (_, change) => {
    const { access_token } = await connect(victim, app);
    expect(await statuses(await change(access_token))).toEqual([401, 401, 401]);
    expect((await statuses(access_token))[1]).toBe(200);
  });

  it("of a device is no person's", async () => {
    const device = await newDevice(victim);
    expect((await call("/functions/v1/mcp", device.token, { method: "POST" })).status).toBe(403);
  });
});

describe("registration", () => {
  it("is not a flood: ten a minute of an address, and the same app is one row", async () => {
    const address = newAddress();
    const name = `Flood ${crypto.randomUUID()}`;
    const metadata = {
      client_name: name,
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: "none",
    };
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => postJson("/register", metadata, address)),
    );
    const made = answers.filter(({ status }) => status === 201).length;
    expect(made).toBeGreaterThanOrEqual(10);
    expect(made).toBeLessThanOrEqual(13);
    const limited = answers.find(({ status }) => status === 429)!;
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await database()`select from private.oauth_clients where name = ${name}`).toHaveLength(
      1,
    );
  });

  it("takes over no client there is", async () => {
    const copy = await registration({ ...app.metadata, client_id: app.client_id });
    const registered = await copy.json();
    // The same public app is the same client; with one more redirect URI it is another.
    expect(registered.client_id).toBe(app.client_id);
    const other = await (await registration({
      ...app.metadata,
      client_id: app.client_id,
      redirect_uris: [...app.metadata["redirect_uris"] as string[], "https://evil.example/cb"],
    })).json();
    expect(other.client_id).not.toBe(app.client_id);
    expect(await outcomeOf(app, { redirect_uri: "https://evil.example/cb" })).toBe("400");
  });
});

describe("server-side request forgery by client documents", () => {
  let trap: Server;
  let caught = 0;
  let port: number;
  beforeAll(async () => {
    trap = createServer((socket) => {
      caught += 1;
      socket.destroy();
    });
    await new Promise<void>((done) => trap.listen(0, done));
    port = (trap.address() as AddressInfo).port;
  });
  afterAll(() => void trap.close());

  // Without localhost, 127.0.0.1 and [::1]: the switch of development opens these to the stack of tests.
  const HOSTS = [
    "0.0.0.0",
    "0.0.0.1",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.2",
    "127.1.2.3",
    "127.255.255.254",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.1.254",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::a00:1]",
    "[100::1]",
    "[2001::1]",
    "[2001:db8::1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::]",
    "[3fff::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "localhost.",
    "localhost.localdomain",
    "ip6-localhost",
    "169.254.169.254.",
    "user@127.0.0.1",
    "app.example@127.0.0.1",
    "１２７.０.０.１",
    "127。0。0。1",
    "ⓛocalhost",
  ];

  it(`reaches none of ${HOSTS.length} places inside, and is told the same of each`, async () => {
    const described = new Set<string>();
    for (const host of HOSTS) {
      const client_id = `https://${host}:${port}/client.json`;
      const response = await authorize({ client_id, metadata: {}, address: newAddress() });
      expect([host, response.status, response.headers.get("location")]).toEqual([host, 400, null]);
      const { error, error_description } = await response.json();
      expect(error).toBe("invalid_client_metadata");
      described.add(error_description);
    }
    expect(caught).toBe(0);
    // One for what is no such URL, one for what could not be had: a closed port is not told from an open one.
    expect(described.size).toBe(2);
  }, 60_000);

  it("has no other scheme", async () => {
    for (
      const client_id of [
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "gopher://127.0.0.1/x",
        "data:,x",
      ]
    ) {
      expect((await authorize({ client_id, metadata: {}, address: newAddress() })).status).toBe(
        400,
      );
    }
  });
});

describe("enumeration", () => {
  it("does not tell an unknown client from a wrong secret or a wrong way to authenticate", async () => {
    const confidential = await newClient({ token_endpoint_auth_method: "client_secret_post" });
    const attempts = [
      { client_id: crypto.randomUUID(), client_secret: "bms_x" },
      { client_id: confidential.client_id, client_secret: "bms_x" },
      { client_id: confidential.client_id },
      { client_id: app.client_id, client_secret: "bms_x" },
    ];
    const answers = await Promise.all(
      attempts.map((fields) =>
        postForm("/token", { grant_type: "refresh_token", refresh_token: "bmt_x", ...fields })
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    expect(new Set(await Promise.all(answers.map((response) => response.text()))).size).toBe(1);
  });

  it("does not tell an unknown code from a foreign, an expired or a used one", async () => {
    const [foreign, expired, used] = [
      await newCode(victim, app),
      await newCode(victim, app),
      await newCode(victim, app),
    ];
    await redeem(app, used);
    await database()`
      update private.authorization_codes set expires_at = now()
      where code_hash = encode(sha256(convert_to(${expired.code}, 'UTF8')), 'hex')`;
    const answers = await Promise.all([
      redeem(app, { code: "bmc_unknown", verifier: newVerifier() }),
      redeem(evil, foreign),
      redeem(app, expired),
      redeem(app, used),
    ]);
    expect(new Set(await Promise.all(answers.map((response) => response.text()))).size).toBe(1);
  });

  it("does not tell who has an account, by message or by time", async () => {
    const attempt = async (email: string) => {
      const started = performance.now();
      const response = await call("/auth/v1/token?grant_type=password", null, {
        method: "POST",
        body: JSON.stringify({ email, password: "not the password" }),
        address: newAddress(),
      });
      return {
        answered: [response.status, await response.text()],
        took: performance.now() - started,
      };
    };
    const known: number[] = [], unknown: number[] = [];
    // In turns, so that a busy moment of the machine meets both.
    for (let round = 0; round < 15; round += 1) {
      const one = await attempt(victim.email);
      const other = await attempt(`nobody-${round}@example.com`);
      expect(other.answered).toEqual(one.answered);
      known.push(one.took);
      unknown.push(other.took);
    }
    const median = (values: number[]) => values.sort((a, b) => a - b)[7]!;
    const ratio = median(known) / median(unknown);
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
  }, 60_000);
});
