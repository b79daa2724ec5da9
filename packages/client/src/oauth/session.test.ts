import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { OAuthError, SignedOutError } from "./errors.ts";
import { challengeOf } from "./pkce.ts";
import { type OAuthOptions, OAuthSession } from "./session.ts";
import { memoryStorage } from "./storage.ts";

const ISSUER = "https://a.example/functions/v1/mcp";
const REDIRECT_URI = "https://app.example/back";
const MINUTE = 60_000;

/** An authorization server whose answers a test may change; it counts refresh tokens. */
class FakeServer {
  readonly asked: { path: string; body: URLSearchParams | Record<string, unknown> }[] = [];
  metadata: Record<string, unknown> = {
    issuer: ISSUER,
    authorization_endpoint: `${ISSUER}/authorize`,
    token_endpoint: `${ISSUER}/token`,
    registration_endpoint: `${ISSUER}/register`,
    revocation_endpoint: `${ISSUER}/revoke`,
    code_challenge_methods_supported: ["S256"],
  };
  /** Given instead of tokens, once. */
  next: (() => Response | Promise<Response>)[] = [];
  #issued = 0;

  readonly fetch = (async (url: string, init: RequestInit = {}) => {
    const path = url.slice(ISSUER.length);
    const { body } = init;
    const read = typeof body === "string"
      ? JSON.parse(body) as Record<string, unknown>
      : body instanceof URLSearchParams
      ? body
      : {};
    this.asked.push({ path, body: read });
    // Later than at once, as everything that comes over a wire.
    await Promise.resolve();
    if (path === "/.well-known/openid-configuration") return Response.json(this.metadata);
    if (path === "/register") return Response.json({ client_id: "client-1" }, { status: 201 });
    if (path === "/revoke") return new Response(null);
    return await this.next.shift()?.() ?? this.tokens();
  }) as typeof fetch;

  tokens(changes: Record<string, unknown> = {}): Response {
    this.#issued += 1;
    return Response.json({
      access_token: `access-${this.#issued}`,
      refresh_token: `refresh-${this.#issued}`,
      token_type: "Bearer",
      expires_in: 3600,
      scope: "mcp:read",
      ...changes,
    });
  }

  /** The forms that went to an endpoint. */
  forms(path: string): Record<string, string>[] {
    return this.asked.filter((request) => request.path === path)
      .map(({ body }) => Object.fromEntries(body as URLSearchParams));
  }
}

let server: FakeServer;
beforeEach(() => {
  server = new FakeServer();
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => void vi.useRealTimers());

function newSession(options: Partial<OAuthOptions> = {}) {
  return new OAuthSession({
    issuer: ISSUER,
    client: { name: "App" },
    redirectUri: REDIRECT_URI,
    storage: memoryStorage(),
    fetch: server.fetch,
    ...options,
  });
}

/** Where the server sends the person back to. */
function answerTo(request: URL, changes: Record<string, string | null> = {}): URL {
  const answer = new URL(request.searchParams.get("redirect_uri")!);
  const query = { code: "code-1", state: request.searchParams.get("state")!, iss: ISSUER };
  for (const [name, value] of Object.entries({ ...query, ...changes })) {
    if (value !== null) answer.searchParams.set(name, value);
  }
  return answer;
}

async function signedIn(options: Partial<OAuthOptions> = {}) {
  const session = newSession(options);
  await session.complete(answerTo(await session.begin()));
  return session;
}

const codeOf = (error: unknown) => error instanceof OAuthError ? error.code : error;

describe("signing in", () => {
  it("asks with a challenge, and redeems with what the challenge was made of", async () => {
    const session = newSession({ scope: "mcp:read secrets" });
    const request = await session.begin();
    await session.complete(answerTo(request));
    const [form] = server.forms("/token");
    expect(form).toMatchObject({
      grant_type: "authorization_code",
      code: "code-1",
      client_id: "client-1",
      redirect_uri: REDIRECT_URI,
      resource: ISSUER,
    });
    expect(Object.fromEntries(request.searchParams)).toEqual({
      response_type: "code",
      client_id: "client-1",
      redirect_uri: REDIRECT_URI,
      state: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: await challengeOf(form!["code_verifier"]!),
      code_challenge_method: "S256",
      resource: ISSUER,
      scope: "mcp:read secrets",
    });
    expect(await session.accessToken()).toBe("access-1");
    expect(await session.scope()).toBe("mcp:read");
  });

  it("never repeats a state or a verifier", async () => {
    const session = newSession();
    const requests = await Promise.all([session.begin(), session.begin(), session.begin()]);
    for (const name of ["state", "code_challenge"]) {
      expect(new Set(requests.map(({ searchParams }) => searchParams.get(name))).size).toBe(3);
    }
  });

  it("registers once for a name and an address, and not at all with an id", async () => {
    const storage = memoryStorage();
    await newSession({ storage }).begin();
    await newSession({ storage }).begin();
    await newSession({ storage, redirectUri: "https://app.example/other" }).begin();
    const id = "https://app.example/client.json";
    const request = await newSession({ storage, client: { id } }).begin();
    expect(request.searchParams.get("client_id")).toBe(id);
    const registered = server.asked.filter(({ path }) => path === "/register");
    expect(registered.map(({ body }) => (body as Record<string, unknown>)["redirect_uris"]))
      .toEqual([[REDIRECT_URI], ["https://app.example/other"]]);
  });

  it.each<[string, Record<string, string | null>, string]>([
    ["another state", { state: "guessed" }, "invalid_state"],
    ["no state", { state: null }, "invalid_state"],
    ["another issuer", { iss: "https://evil.example" }, "invalid_issuer"],
    ["no issuer", { iss: null }, "invalid_issuer"],
    ["a refusal", { code: null, error: "access_denied" }, "access_denied"],
    ["no code", { code: null }, "invalid_answer"],
  ])("redeems nothing for an answer with %s", async (_, changes, code) => {
    const session = newSession();
    const request = await session.begin();
    expect(await session.complete(answerTo(request, changes)).catch(codeOf)).toBe(code);
    expect(server.forms("/token")).toEqual([]);
    expect(await session.isSignedIn()).toBe(false);
  });

  it("takes the true answer after a false one, and that once", async () => {
    const session = newSession();
    const request = await session.begin();
    await session.complete(answerTo(request, { state: "guessed" })).catch(() => {});
    await session.complete(answerTo(request));
    expect(await session.complete(answerTo(request)).catch(codeOf)).toBe("invalid_state");
    expect(server.forms("/token")).toHaveLength(1);
  });

  it.each<[string, Record<string, unknown>]>([
    ["speaks for another issuer", { issuer: "https://evil.example" }],
    ["does not know S256", { code_challenge_methods_supported: ["plain"] }],
  ])("does not trust metadata that %s", async (_, changes) => {
    Object.assign(server.metadata, changes);
    expect(await newSession().begin().catch(codeOf)).toBe("invalid_issuer");
  });

  it("talks in the clear with this machine alone", async () => {
    const issuer = "http://a.example/functions/v1/mcp";
    expect(await newSession({ issuer }).begin().catch(codeOf)).toBe("invalid_issuer");
    expect(server.asked).toEqual([]);
  });

  it("tells which member of an answer is not what it must be", async () => {
    server.next = [() => server.tokens({ expires_in: "soon" })];
    await expect(signedIn()).rejects.toThrow("expires_in must be a positive number");
  });
});

describe("a session's token", () => {
  it("is renewed once for all who ask at its end", async () => {
    const session = await signedIn();
    vi.advanceTimersByTime(58 * MINUTE);
    expect(await session.accessToken()).toBe("access-1");
    vi.advanceTimersByTime(MINUTE);
    const tokens = await Promise.all(Array.from({ length: 20 }, () => session.accessToken()));
    expect(new Set(tokens)).toEqual(new Set(["access-2"]));
    expect(server.forms("/token").slice(1)).toEqual([
      expect.objectContaining({ grant_type: "refresh_token", refresh_token: "refresh-1" }),
    ]);
    vi.advanceTimersByTime(59 * MINUTE);
    await session.accessToken();
    expect(server.forms("/token").at(-1)).toMatchObject({ refresh_token: "refresh-2" });
  });

  it("is renewed once among sessions that share a storage", async () => {
    const storage = memoryStorage();
    const first = await signedIn({ storage });
    const second = newSession({ storage });
    vi.advanceTimersByTime(59 * MINUTE);
    expect(await Promise.all([first.accessToken(), second.accessToken()]))
      .toEqual(["access-2", "access-2"]);
    expect(server.forms("/token")).toHaveLength(2);
  });

  it("is another one after it was refused, and the same for who was late to notice", async () => {
    const session = await signedIn();
    expect(await session.accessToken("access-1")).toBe("access-2");
    expect(await session.accessToken("access-1")).toBe("access-2");
    expect(server.forms("/token")).toHaveLength(2);
  });

  it("survives a server that does not answer, and is tried again", async () => {
    const session = await signedIn();
    vi.advanceTimersByTime(59 * MINUTE);
    server.next = [
      () => Promise.reject(new TypeError("fetch failed")),
      () => new Response("bad gateway", { status: 502 }),
      () => Response.json({ error: "rate_limited" }, { status: 429 }),
    ];
    await expect(session.accessToken()).rejects.toThrow("fetch failed");
    await expect(session.accessToken()).rejects.toThrow("answered 502");
    expect(await session.accessToken().catch(codeOf)).toBe("rate_limited");
    expect(await session.accessToken()).toBe("access-2");
  });

  it("ends with its grant", async () => {
    const session = await signedIn();
    server.next = [() => Response.json({ error: "invalid_grant" }, { status: 400 })];
    await expect(session.accessToken("access-1")).rejects.toThrow(SignedOutError);
    expect(await session.isSignedIn()).toBe(false);
    await expect(session.accessToken()).rejects.toThrow(SignedOutError);
    expect(server.forms("/token")).toHaveLength(2);
  });

  it("registers anew after the client is gone", async () => {
    const session = await signedIn();
    server.next = [() => Response.json({ error: "invalid_client" }, { status: 401 })];
    await expect(session.accessToken("access-1")).rejects.toThrow(SignedOutError);
    await session.begin();
    expect(server.asked.filter(({ path }) => path === "/register")).toHaveLength(2);
  });

  it("lasts to its end when the refresh token was spent by an answer that got lost", async () => {
    const session = await signedIn();
    server.next = [() => server.tokens({ refresh_token: undefined })];
    expect(await session.accessToken("access-1")).toBe("access-2");
    vi.advanceTimersByTime(59 * MINUTE);
    // A spent refresh token sent once more would look stolen, and end the grant everywhere.
    await expect(session.accessToken()).rejects.toThrow(SignedOutError);
    expect(server.forms("/token")).toHaveLength(2);
  });

  it("goes on with the refresh token that another program stored in the meantime", async () => {
    const storage = memoryStorage();
    const session = await signedIn({ storage });
    const key = `busymate.tokens ${ISSUER}`;
    server.next = [async () => {
      const kept = JSON.parse((await storage.getItem(key))!) as object;
      await storage.setItem(key, JSON.stringify({ ...kept, refresh_token: "theirs" }));
      return server.tokens({ refresh_token: undefined });
    }];
    await session.accessToken("access-1");
    await session.accessToken("access-2");
    expect(server.forms("/token").at(-1)).toMatchObject({ refresh_token: "theirs" });
  });

  it("is nobody else's: what is stored for another server or broken counts as nothing", async () => {
    const storage = memoryStorage();
    await signedIn({ storage });
    await expect(newSession({ storage, issuer: "https://b.example" }).accessToken())
      .rejects.toThrow(SignedOutError);
    await storage.setItem(`busymate.tokens ${ISSUER}`, '{"access_token":');
    await expect(newSession({ storage }).accessToken()).rejects.toThrow(SignedOutError);
  });
});

describe("signing out", () => {
  it("ends the grant", async () => {
    const session = await signedIn();
    await session.signOut();
    expect(server.forms("/revoke")).toEqual([{ token: "refresh-1", client_id: "client-1" }]);
    await expect(session.accessToken()).rejects.toThrow(SignedOutError);
    await session.signOut();
    expect(server.forms("/revoke")).toHaveLength(1);
  });

  it("waits for a renewal under way and ends what came of it", async () => {
    const session = await signedIn();
    const asked = new Promise<void>((resolve) => {
      server.next = [() => (resolve(), server.tokens())];
    });
    const renewal = session.accessToken("access-1");
    await asked;
    await session.signOut();
    expect(await renewal).toBe("access-2");
    expect(server.forms("/revoke")).toEqual([{ token: "refresh-2", client_id: "client-1" }]);
    expect(await session.isSignedIn()).toBe(false);
  });
});
