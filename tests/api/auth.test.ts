// Supabase Auth as supabase-js sees it. Every test signs up accounts of its own.

import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { decodeJwt, decodeProtectedHeader, SignJWT } from "jose";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { stack } from "../support/stack.ts";

const PASSWORD = "correct horse battery";

const info = stack();

/** A client that keeps its session to itself, as a browser tab of its own would. */
function client(key = info.publishable_key): SupabaseClient {
  return createClient(info.url, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
}

const admin = () => client(info.secret_key).auth.admin;

const newEmail = () => `${randomUUID()}@example.com`;

async function signUp(email = newEmail()) {
  const supabase = client();
  const { data, error } = await supabase.auth.signUp({ email, password: PASSWORD });
  if (error) throw error;
  if (!data.session || !data.user) throw new Error("sign-up answered without a session");
  return { supabase, email, user: data.user, session: data.session };
}

async function signIn(email: string, password = PASSWORD) {
  const supabase = client();
  const { data, error } = await supabase.auth.signInWithPassword({ email, password });
  if (error) throw error;
  return { supabase, session: data.session };
}

/** A raw request to Auth, for what supabase-js would refuse to send or hides from its caller. */
function request(path: string, init: RequestInit & { token?: string } = {}) {
  const headers = new Headers(init.headers);
  headers.set("apikey", info.publishable_key);
  if (init.token !== undefined) headers.set("Authorization", `Bearer ${init.token}`);
  return fetch(`${info.url}/auth/v1${path}`, { ...init, headers });
}

describe("signing up", () => {
  it("answers a session and a confirmed user with one e-mail identity", async () => {
    const email = `Mixed.${newEmail()}`;
    const { data, error } = await client().auth.signUp({
      email,
      password: PASSWORD,
      options: { data: { name: "Ada" } },
    });
    expect(error).toBeNull();
    expect(data.session).toMatchObject({ token_type: "bearer", expires_in: 3600 });
    expect(data.user).toMatchObject({
      aud: "authenticated",
      role: "authenticated",
      email: email.toLowerCase(),
      phone: "",
      is_anonymous: false,
      app_metadata: { provider: "email", providers: ["email"] },
      user_metadata: { name: "Ada", email: email.toLowerCase(), email_verified: true },
    });
    expect(data.user?.email_confirmed_at).toBeTruthy();
    expect(data.user?.identities).toHaveLength(1);
    expect(data.user?.identities?.[0]).toMatchObject({
      provider: "email",
      user_id: data.user?.id,
      id: data.user?.id,
    });
    expect(JSON.stringify(data)).not.toContain("$2a$");
  });

  it("puts hosted Supabase's claims into an ES256 token whose key is published", async () => {
    const { session, user } = await signUp();
    expect(decodeProtectedHeader(session.access_token)).toMatchObject({ alg: "ES256", typ: "JWT" });
    const claims = decodeJwt(session.access_token);
    expect(claims).toEqual({
      iss: `${info.url}/auth/v1`,
      sub: user.id,
      aud: "authenticated",
      role: "authenticated",
      email: user.email,
      phone: "",
      app_metadata: user.app_metadata,
      user_metadata: user.user_metadata,
      aal: "aal1",
      amr: [{ method: "password", timestamp: expect.any(Number) }],
      session_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      is_anonymous: false,
      iat: expect.any(Number),
      exp: (claims.iat ?? 0) + 3600,
    });

    const { data } = await client().auth.getClaims(session.access_token);
    expect(data?.claims.sub).toBe(user.id);
    const keys = await (await request("/.well-known/jwks.json")).json();
    expect(JSON.stringify(keys)).not.toContain('"d"');
  });

  it("refuses an e-mail that has an account, also when both come at once", async () => {
    const email = newEmail();
    const results = await Promise.all(
      Array.from({ length: 5 }, () => client().auth.signUp({ email, password: PASSWORD })),
    );
    expect(results.filter(({ error }) => error === null)).toHaveLength(1);
    for (const { error } of results.filter(({ error }) => error !== null)) {
      expect(error).toMatchObject({ status: 422, code: "user_already_exists" });
    }
  });

  it.each([
    ["a short password", newEmail(), "12345", 422, "weak_password"],
    ["a password longer than bcrypt reads", newEmail(), "x".repeat(73), 400, "validation_failed"],
    ["something that is no e-mail", "nobody", PASSWORD, 400, "validation_failed"],
    ["a NUL in the e-mail", "a\u0000b@example.com", PASSWORD, 400, "validation_failed"],
    ["a NUL in the password", newEmail(), "secret\u0000secret", 400, "validation_failed"],
  ])("refuses %s", async (_what, email, password, status, code) => {
    const { error } = await client().auth.signUp({ email, password });
    expect(error).toMatchObject({ status, code });
  });

  it("refuses anonymous accounts", async () => {
    const { error } = await client().auth.signInAnonymously();
    expect(error).toMatchObject({ status: 422, code: "anonymous_provider_disabled" });
  });
});

describe("signing in", () => {
  it("opens a session of its own each time", async () => {
    const { email, session } = await signUp();
    const second = await signIn(email.toUpperCase());
    expect(decodeJwt(second.session.access_token).session_id)
      .not.toBe(decodeJwt(session.access_token).session_id);
  });

  it("gives an unknown e-mail and a wrong password the same answer", async () => {
    const { email } = await signUp();
    const wrong = await client().auth.signInWithPassword({ email, password: "wrong" });
    const unknown = await client().auth.signInWithPassword({
      email: newEmail(),
      password: "wrong",
    });
    expect(wrong.error).toMatchObject({ status: 400, code: "invalid_credentials" });
    expect(unknown.error).toMatchObject({
      status: wrong.error?.status,
      code: wrong.error?.code,
      message: wrong.error?.message,
    });
  });

  it("takes as long for an unknown e-mail as for a known one", async () => {
    const { email } = await signUp();
    const timed = async (address: string) => {
      const start = performance.now();
      await client().auth.signInWithPassword({ email: address, password: "wrong" });
      return performance.now() - start;
    };
    const known: number[] = [];
    const unknown: number[] = [];
    for (let round = 0; round < 9; round++) {
      known.push(await timed(email));
      unknown.push(await timed(newEmail()));
    }
    // A missing bcrypt run would make this ratio about a tenth. Minima shed the machine's other load.
    const ratio = Math.min(...unknown) / Math.min(...known);
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
  });

  it("refuses grants it does not know", async () => {
    const response = await request("/token?grant_type=telepathy", { method: "POST", body: "{}" });
    expect(response.status).toBe(400);
  });
});

describe("refreshing", () => {
  it("rotates the refresh token and keeps the session", async () => {
    const { supabase, session } = await signUp();
    const { data, error } = await supabase.auth.refreshSession();
    expect(error).toBeNull();
    expect(data.session?.refresh_token).not.toBe(session.refresh_token);
    expect(decodeJwt(data.session!.access_token).session_id)
      .toBe(decodeJwt(session.access_token).session_id);
  });

  it("gives concurrent refreshes of one token one and the same successor", async () => {
    const { session } = await signUp();
    const results = await Promise.all(
      Array.from(
        { length: 8 },
        () => client().auth.refreshSession({ refresh_token: session.refresh_token }),
      ),
    );
    expect(results.map(({ error }) => error)).toEqual(Array(8).fill(null));
    expect(new Set(results.map(({ data }) => data.session?.refresh_token)).size).toBe(1);
  });

  it("ends the session when a token long spent comes back", async () => {
    const { session, supabase } = await signUp();
    await supabase.auth.refreshSession();
    const latest = await supabase.auth.refreshSession();
    // The reuse interval is ten seconds.
    await new Promise((wake) => setTimeout(wake, 10_500));

    const reuse = await client().auth.refreshSession({ refresh_token: session.refresh_token });
    expect(reuse.error).toMatchObject({ status: 400, code: "refresh_token_already_used" });
    const after = await client().auth.refreshSession({
      refresh_token: latest.data.session!.refresh_token,
    });
    expect(after.error).toMatchObject({ status: 400, code: "refresh_token_not_found" });
    const user = await request("/user", { token: latest.data.session!.access_token });
    expect(user.status).toBe(403);
  }, 20_000);

  it("refuses a token that was never issued", async () => {
    const { error } = await client().auth.refreshSession({ refresh_token: randomUUID() });
    expect(error).toMatchObject({ status: 400, code: "refresh_token_not_found" });
  });
});

describe("the signed-in person", () => {
  it("reads their account", async () => {
    const { supabase, user } = await signUp();
    const { data } = await supabase.auth.getUser();
    expect(data.user).toMatchObject({ id: user.id, email: user.email });
  });

  it("merges metadata; a null removes its key", async () => {
    const { supabase } = await signUp();
    await supabase.auth.updateUser({ data: { name: "Ada", theme: "dark" } });
    const { data } = await supabase.auth.updateUser({ data: { theme: null, size: 2 } });
    expect(data.user?.user_metadata).toMatchObject({ name: "Ada", size: 2 });
    expect(data.user?.user_metadata).not.toHaveProperty("theme");
  });

  it("changes the password, which ends their other sessions", async () => {
    const { supabase, email, session } = await signUp();
    const other = await signIn(email);
    const { error } = await supabase.auth.updateUser({ password: "another secret" });
    expect(error).toBeNull();

    expect((await supabase.auth.getUser(session.access_token)).error).toBeNull();
    expect((await request("/user", { token: other.session.access_token })).status).toBe(403);
    expect((await client().auth.signInWithPassword({ email, password: PASSWORD })).error?.code)
      .toBe("invalid_credentials");
    await signIn(email, "another secret");
  });

  it("may not keep the password or choose a weak one", async () => {
    const { supabase } = await signUp();
    expect((await supabase.auth.updateUser({ password: PASSWORD })).error)
      .toMatchObject({ status: 422, code: "same_password" });
    const weak = await supabase.auth.updateUser({ password: "123" });
    expect(weak.error).toMatchObject({
      status: 422,
      code: "weak_password",
      reasons: ["length"],
    });
  });

  it("changes the e-mail, unless another account has it", async () => {
    const { supabase } = await signUp();
    const taken = await signUp();
    const email = newEmail();
    const { data } = await supabase.auth.updateUser({ email });
    expect(data.user?.email).toBe(email);
    expect(data.user?.identities?.[0]?.identity_data?.email).toBe(email);
    expect((await supabase.auth.updateUser({ email: taken.email })).error)
      .toMatchObject({ status: 422, code: "email_exists" });
  });

  it("may not write app_metadata", async () => {
    const { session } = await signUp();
    const response = await request("/user", {
      method: "PUT",
      token: session.access_token,
      body: JSON.stringify({ app_metadata: { role: "admin" } }),
    });
    expect(response.status).toBe(403);
  });
});

describe("signing out", () => {
  const live = async (token: string) => (await request("/user", { token })).status === 200;

  it.each(
    [
      ["local", [false, true]],
      ["others", [true, false]],
      ["global", [false, false]],
    ] as const,
  )("%s ends the sessions it names", async (scope, [own, other]) => {
    const { supabase, email, session } = await signUp();
    const second = await signIn(email);
    expect((await supabase.auth.signOut({ scope })).error).toBeNull();
    expect(await live(session.access_token)).toBe(own);
    expect(await live(second.session.access_token)).toBe(other);
  });

  it("leaves nothing to refresh", async () => {
    const { supabase, session } = await signUp();
    await supabase.auth.signOut();
    const { error } = await client().auth.refreshSession({ refresh_token: session.refresh_token });
    expect(error).toMatchObject({ code: "refresh_token_not_found" });
  });
});

describe("a token", () => {
  it("of a session that has ended is refused with session_not_found, for reading and for writing", async () => {
    const { supabase, session } = await signUp();
    await supabase.auth.signOut();
    for (const method of ["GET", "PUT"]) {
      const response = await request("/user", {
        method,
        token: session.access_token,
        headers: { "x-supabase-api-version": "2024-01-01" },
        ...(method === "PUT" ? { body: JSON.stringify({ password: "taken over" }) } : {}),
      });
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: "session_not_found" });
    }
  });

  it("that a session was exchanged for opens data, and nothing here", async () => {
    const { session } = await signUp();
    const exchange = await fetch(`${info.issuer}/first-party-token`, {
      method: "POST",
      headers: { Authorization: `Bearer ${session.access_token}` },
    });
    expect(exchange.status).toBe(200);
    const { access_token } = await exchange.json();
    for (const init of [{}, { method: "PUT", body: JSON.stringify({ password: "taken over" }) }]) {
      const response = await request("/user", { ...init, token: access_token });
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ error_code: "session_not_found" });
    }
  });

  it("signed by another key under our kid is refused with bad_jwt", async () => {
    const { session, user } = await signUp();
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const forged = await new SignJWT({ ...decodeJwt(session.access_token), sub: user.id })
      .setProtectedHeader({ alg: "ES256", kid: decodeProtectedHeader(session.access_token).kid! })
      .sign(privateKey);
    const response = await request("/user", { token: forged });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: 403, error_code: "bad_jwt" });
  });

  it("of nobody, as the publishable key alone stands for, is refused with bad_jwt", async () => {
    const response = await request("/user");
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: 403, error_code: "bad_jwt" });
  });
});

describe("a malformed request", () => {
  it.each([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["a number for an e-mail", JSON.stringify({ email: 1, password: PASSWORD })],
  ])("is answered with bad_json: %s", async (_what, body) => {
    const response = await request("/signup", { method: "POST", body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 400, error_code: "bad_json" });
  });
});

describe("the administrator", () => {
  it("creates, reads, changes and deletes an account", async () => {
    const email = newEmail();
    const created = await admin().createUser({
      email,
      password: PASSWORD,
      email_confirm: true,
      user_metadata: { name: "Ada" },
      app_metadata: { team: "red" },
    });
    expect(created.error).toBeNull();
    const id = created.data.user!.id;
    expect(created.data.user).toMatchObject({
      email,
      app_metadata: { provider: "email", providers: ["email"], team: "red" },
      user_metadata: { name: "Ada", email_verified: true },
    });
    await signIn(email);

    const changed = await admin().updateUserById(id, {
      password: "another secret",
      app_metadata: { team: null },
    });
    expect(changed.data.user?.app_metadata).toEqual({ provider: "email", providers: ["email"] });
    const { session } = await signIn(email, "another secret");

    expect((await admin().deleteUser(id)).error).toBeNull();
    expect((await admin().getUserById(id)).error)
      .toMatchObject({ status: 404, code: "user_not_found" });
    expect((await request("/user", { token: session.access_token })).status).toBe(403);
  });

  it("keeps an unconfirmed account from signing in until it is confirmed", async () => {
    const email = newEmail();
    const { data } = await admin().createUser({ email, password: PASSWORD });
    const before = await client().auth.signInWithPassword({ email, password: PASSWORD });
    expect(before.error).toMatchObject({ status: 400, code: "email_not_confirmed" });
    await admin().updateUserById(data.user!.id, { email_confirm: true });
    await signIn(email);
  });

  it("bans and unbans", async () => {
    const { email, user, session } = await signUp();
    await admin().updateUserById(user.id, { ban_duration: "24h" });
    expect((await client().auth.signInWithPassword({ email, password: PASSWORD })).error?.code)
      .toBe("user_banned");
    const refresh = await client().auth.refreshSession({ refresh_token: session.refresh_token });
    expect(refresh.error?.code).toBe("user_banned");
    await admin().updateUserById(user.id, { ban_duration: "none" });
    await signIn(email);
  });

  it("deletes softly: the row stays, the person is gone", async () => {
    const { email, user } = await signUp();
    expect((await admin().deleteUser(user.id, true)).error).toBeNull();
    const { data } = await admin().getUserById(user.id);
    expect(data.user?.deleted_at).toBeTruthy();
    expect(JSON.stringify(data)).not.toContain(email);
    expect((await client().auth.signInWithPassword({ email, password: PASSWORD })).error?.code)
      .toBe("invalid_credentials");
  });

  it("lists accounts in pages, newest first", async () => {
    await signUp();
    const newest = await signUp();
    const page = await admin().listUsers({ page: 1, perPage: 1 });
    expect(page.error).toBeNull();
    expect(page.data.users).toHaveLength(1);
    expect(page.data).toMatchObject({ nextPage: 2, total: expect.any(Number) });
    const all = await admin().listUsers({ perPage: 1000 });
    expect(all.data.users.map(({ id }) => id)).toContain(newest.user.id);
  });

  it("signs a person out by their token", async () => {
    const { session } = await signUp();
    expect((await admin().signOut(session.access_token)).error).toBeNull();
    expect((await request("/user", { token: session.access_token })).status).toBe(403);
  });

  it("is nobody but the holder of the secret key", async () => {
    const { supabase, user } = await signUp();
    for (const auth of [supabase.auth, client().auth]) {
      expect((await auth.admin.listUsers()).error).toMatchObject({
        status: 403,
        code: "not_admin",
      });
      expect((await auth.admin.deleteUser(user.id)).error?.code).toBe("not_admin");
    }
  });

  it("is told of an e-mail that is taken", async () => {
    const { email } = await signUp();
    expect((await admin().createUser({ email })).error)
      .toMatchObject({ status: 422, code: "email_exists" });
  });
});
