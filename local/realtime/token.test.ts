import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { TokenRefused, tokenVerifier } from "./token.ts";

const { privateKey, publicKey } = await generateKeyPair("ES256");
const kid = "k1";
const verify = tokenVerifier({ keys: [{ ...await exportJWK(publicKey), kid, alg: "ES256" }] });
const now = () => Math.floor(Date.now() / 1000);

const sign = (claims: Record<string, unknown>, key: CryptoKey = privateKey, keyId = kid) =>
  new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: keyId }).sign(key);

const refused = async (token: string) => {
  const error = await verify(token).then(() => undefined, (error: unknown) => error);
  if (!(error instanceof TokenRefused)) throw new Error(`not refused but ${error}`);
  return `${error.code}: ${error.message}`;
};

describe("tokenVerifier", () => {
  it("gives the claims of a token that is whole", async () => {
    const claims = { role: "device", exp: now() + 60, sub: "me", app_metadata: { a: [1] } };
    const token = await sign(claims);
    expect(await verify(token)).toEqual({ token, claims });
  });

  it("says for how long a token has been expired, from exp itself on", async () => {
    expect(await refused(await sign({ role: "anon", exp: now() })))
      .toBe("InvalidJWTToken: Token has expired 0 seconds ago");
    expect(await refused(await sign({ role: "anon", exp: now() - 90 })))
      .toMatch(/^InvalidJWTToken: Token has expired 9[01] seconds ago$/);
  });

  it("wants a role and an expiry", async () => {
    const incomplete = "InvalidJWTToken: Fields `role` and `exp` are required in JWT";
    const exp = now() + 60;
    for (const claims of [{ exp }, { role: "anon" }, { role: "", exp }, { role: 1, exp }]) {
      expect(await refused(await sign(claims))).toBe(incomplete);
    }
  });

  it("refuses what is no token", async () => {
    for (const token of ["", "a.b", "a.b.c", "sb_publishable_x", "ey.ey.ey", "....."]) {
      expect(await refused(token)).toBe("MalformedJWT: The token provided is not a valid JWT");
    }
  });

  it("refuses another key under the right name, a changed body and a shared secret", async () => {
    const wrong = "JwtSignatureError: Failed to validate JWT signature";
    const claims = { role: "anon", exp: now() + 60 };
    const other = await generateKeyPair("ES256");
    expect(await refused(await sign(claims, other.privateKey))).toBe(wrong);
    const [head, , signature] = (await sign(claims)).split(".");
    const body = btoa(JSON.stringify({ ...claims, role: "service_role" })).replace(/=+$/, "");
    expect(await refused(`${head}.${body}.${signature}`)).toBe(wrong);
    const secret = new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid })
      .sign(new TextEncoder().encode("x".repeat(32)));
    expect(await refused(await secret)).toBe(wrong);
  });

  it("refuses a key it does not know, and no signature at all", async () => {
    const claims = { role: "anon", exp: now() + 60 };
    expect(await refused(await sign(claims, privateKey, "k2"))).toMatch(/^JwtSignerError: /);
    const none = [{ alg: "none" }, claims].map((part) =>
      btoa(JSON.stringify(part)).replace(/=+$/, "")
    );
    expect(await refused(`${none.join(".")}.`)).toMatch(/^JwtSignerError: /);
  });
});
