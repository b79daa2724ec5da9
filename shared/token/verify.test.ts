import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { deviceToken, fakeProject, newKey, personToken, sign, USER } from "./project.fake.ts";
import type { FakeProject } from "./project.fake.ts";
import { createVerifier } from "./verify.ts";
import type { Verifier } from "./verify.ts";

let project: FakeProject;
let verifier: Verifier;
const now = Math.floor(Date.now() / 1000);

function verifierOf({ issuer, url, runtime }: FakeProject): Verifier {
  return createVerifier({ issuer, authUrl: `${url}/auth/v1`, fetch: runtime.fetch });
}

function person(overrides: Record<string, unknown> = {}) {
  return {
    iss: project.issuer,
    sub: USER,
    aud: [project.issuer, "authenticated"],
    role: "authenticated",
    user_role: "member",
    client_id: "dashboard",
    scope: "mcp",
    jti: crypto.randomUUID(),
    session_id: crypto.randomUUID(),
    iat: now,
    exp: now + 60,
    ...overrides,
  };
}

beforeAll(async () => {
  project = await fakeProject();
  verifier = verifierOf(project);
});

describe("the verifier", () => {
  it("tells a person's token from a device's", async () => {
    expect(await verifier.credential(await personToken(project))).toMatchObject({
      ok: true,
      value: { kind: "person", claims: { sub: USER } },
    });
    expect(await verifier.credential(await deviceToken(project))).toMatchObject({
      ok: true,
      value: { kind: "device" },
    });
  });

  it.each<[string, string, () => Promise<string> | string]>([
    ["an expired one", "expired", () => sign(person({ exp: now - 1 }), project.key.private)],
    [
      "one of the future",
      "not_yet_valid",
      () => sign(person({ nbf: now + 60 }), project.key.private),
    ],
    [
      "another issuer's",
      "foreign",
      () => sign(person({ iss: "https://e.test" }), project.key.private),
    ],
    [
      "one for another resource",
      "foreign",
      () => sign(person({ aud: ["https://e.test", "authenticated"] }), project.key.private),
    ],
    ["an Auth session's", "foreign", () => sign(session(), project.key.private)],
    ["one without sub", "foreign", () => sign(person({ sub: undefined }), project.key.private)],
    ["one without exp", "foreign", () => sign(person({ exp: undefined }), project.key.private)],
    ["one without jti", "foreign", () => sign(person({ jti: undefined }), project.key.private)],
    [
      "another role's",
      "foreign",
      () => sign(person({ role: "service_role" }), project.key.private),
    ],
    [
      "a person's that says device",
      "foreign",
      () => sign(person({ role: "device" }), project.key.private),
    ],
    ["another type's", "foreign", () => sign(person(), project.key.private, { typ: "dpop+jwt" })],
    [
      "the right kid with the wrong key",
      "forged",
      async () => sign(person(), (await newKey("project-key")).private),
    ],
    ["an unknown kid", "forged", async () => sign(person(), (await newKey("other")).private)],
    [
      "one without kid",
      "malformed",
      () => sign(person(), project.key.private, { kid: undefined }),
    ],
    ["an unsigned one", "malformed", () => unsigned(person())],
    ["an overlong one", "malformed", () => "x".repeat(10_000)],
  ])("refuses %s", async (_, failure, token) => {
    expect(await verifier.credential(await token())).toMatchObject({ ok: false, failure });
  });

  it("refuses a token with any one character of its signature or claims changed", async () => {
    const token = await personToken(project);
    const start = token.indexOf(".") + 1;
    const spoiled = fc.nat({ max: token.length - start - 1 }).map((offset) => {
      const at = start + offset;
      return token.slice(0, at) + (token[at] === "A" ? "g" : "A") + token.slice(at + 1);
    });
    await fc.assert(
      fc.asyncProperty(spoiled, async (changed) => {
        // The last character of a segment has bits that base64url ignores.
        fc.pre(changed.slice(0, -1) !== token.slice(0, -1));
        const verified = await verifier.credential(changed);
        expect(verified.ok).toBe(false);
        if (!verified.ok) expect(verified.failure).not.toBe("keys_unavailable");
      }),
      { numRuns: 200 },
    );
  });

  it("calls no garbage an outage", async () => {
    const garbage = fc.oneof(
      fc.string(),
      fc.array(fc.base64String(), { minLength: 3, maxLength: 3 }).map((parts) => parts.join(".")),
      fc.tuple(fc.json(), fc.json()).map((parts) =>
        [...parts.map((part) => Buffer.from(part).toString("base64url")), "c2ln"].join(".")
      ),
    );
    await fc.assert(fc.asyncProperty(garbage, async (token) => {
      const verified = await verifier.credential(token);
      expect(verified).toMatchObject({ ok: false });
      if (!verified.ok) expect(verified.failure).not.toBe("keys_unavailable");
    }));
  });

  it("takes a session for the exchange alone, and no anonymous one", async () => {
    const token = await sign(session(), project.key.private);
    expect(await verifier.session(token)).toMatchObject({ ok: true, value: { sub: USER } });
    const anonymous = await sign({ ...session(), is_anonymous: true }, project.key.private);
    expect(await verifier.session(anonymous)).toMatchObject({ ok: false, failure: "foreign" });
    expect(await verifier.session(await personToken(project))).toMatchObject({ ok: false });
  });

  it.each([
    ["refuses connections", () => Promise.reject(new TypeError("fetch failed"))],
    ["answers 503", () => Promise.resolve(new Response("", { status: 503 }))],
    ["answers nonsense", () => Promise.resolve(new Response("<html>"))],
  ])("accepts nothing while the key set %s", async (_, fetch) => {
    const cut = createVerifier({
      issuer: project.issuer,
      authUrl: `${project.url}/auth/v1`,
      fetch,
    });
    expect(await cut.credential(await personToken(project))).toMatchObject({
      ok: false,
      failure: "keys_unavailable",
    });
  });

  it("fetches the key set once for many tokens", async () => {
    let fetched = 0;
    const counting = createVerifier({
      issuer: project.issuer,
      authUrl: `${project.url}/auth/v1`,
      fetch: (input, init) => {
        fetched++;
        return project.runtime.fetch(input, init);
      },
    });
    const tokens = await Promise.all(Array.from({ length: 20 }, () => personToken(project)));
    await Promise.all(tokens.map((token) => counting.credential(token)));
    await counting.credential(await sign(person(), (await newKey("other")).private));
    expect(fetched).toBe(1);
  });
});

function session() {
  return {
    iss: `${project.url}/auth/v1`,
    sub: USER,
    aud: "authenticated",
    role: "authenticated",
    session_id: crypto.randomUUID(),
    is_anonymous: false,
    iat: now,
    exp: now + 60,
  };
}

function unsigned(claims: Record<string, unknown>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none", typ: "JWT", kid: "project-key" })}.${part(claims)}.`;
}
