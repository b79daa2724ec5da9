import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { JWK } from "jose";
import type { RequestLog } from "../http/log.ts";
import { createSigner } from "./sign.ts";

/** What a fake database function answers: data, or a whole Response. */
type Rpc = (args: Record<string, unknown>, headers: Headers) => unknown;

/** A project for unit tests: a key set of its own, and database functions as the test defines them. */
export async function fakeProject() {
  const url = "http://project.test";
  const issuer = `${url}/functions/v1/mcp`;
  const key = await newKey("project-key");
  const rpcs: Record<string, Rpc> = {
    admit: () => ({ live: true, allowed: true, limit: 10, remaining: 9, reset_seconds: 6 }),
  };
  const calls: { rpc: string; args: Record<string, unknown>; headers: Headers }[] = [];
  const logs: RequestLog[] = [];

  const answer = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname === "/auth/v1/.well-known/jwks.json") return Response.json({ keys: [key.public] });
    const rpc = pathname.replace("/rest/v1/rpc/", "");
    const args = await request.json();
    calls.push({ rpc, args, headers: request.headers });
    const data = await rpcs[rpc]?.(args, request.headers);
    return data instanceof Response ? data : Response.json(data ?? null);
  };

  return {
    url,
    issuer,
    key,
    rpcs,
    calls,
    logs,
    signer: createSigner(key.private, issuer),
    runtime: {
      fetch: (input: RequestInfo | URL, init?: RequestInit) => answer(new Request(input, init)),
      log: (line: RequestLog) => void logs.push(line),
      network: {
        resolve: () => Promise.reject(new Error("no names in unit tests")),
        get: () => Promise.reject(new Error("no network in unit tests")),
      },
    },
    config: {
      SUPABASE_URL: url,
      SUPABASE_PUBLISHABLE_KEYS: "sb_publishable_test",
      SUPABASE_SECRET_KEYS: "sb_secret_test",
      BUSYMATE_ISSUER: issuer,
      BUSYMATE_WEB_URL: url,
      BUSYMATE_SIGNING_KEY: key.private,
      BUSYMATE_ALLOW_LOOPBACK_DOCUMENTS: undefined,
      BUSYMATE_DEPLOYED_AT: undefined,
      BUSYMATE_COMMIT: undefined,
    },
  };
}

export type FakeProject = Awaited<ReturnType<typeof fakeProject>>;

export type PrivateJwk = {
  kty: "EC";
  crv: "P-256";
  x: string;
  y: string;
  d: string;
  kid: string;
};

export async function newKey(kid: string): Promise<{ private: PrivateJwk; public: JWK }> {
  const pair = await generateKeyPair("ES256", { extractable: true });
  const common = { kid, alg: "ES256", use: "sig" };
  return {
    private: { ...await exportJWK(pair.privateKey), ...common } as PrivateJwk,
    public: { ...await exportJWK(pair.publicKey), ...common },
  };
}

/** Signs any claims with any header: what a forger would. */
export async function sign(
  claims: Record<string, unknown>,
  key: JWK,
  header: Record<string, unknown> = {},
): Promise<string> {
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", typ: "JWT", ...(key.kid && { kid: key.kid }), ...header })
    .sign(key);
}

export const USER = "5f0e9d6a-1111-4c4f-9a7e-000000000001";
export const DEVICE = "d0000000-0000-0000-0000-00000000000d";
export const CREDENTIAL = "c0000000-0000-0000-0000-00000000000c";

const HOUR = 3_600_000;

export function personToken(project: FakeProject, overrides: { scope?: string } = {}) {
  return project.signer.person({
    user_id: USER,
    user_role: "member",
    client_id: "dashboard",
    scope: "mcp:read mcp:write",
    jti: crypto.randomUUID(),
    grant_id: crypto.randomUUID(),
    issued_at: new Date(),
    expires_at: new Date(Date.now() + HOUR),
    ...overrides,
  });
}

export function deviceToken(project: FakeProject) {
  return project.signer.device({
    credential_id: CREDENTIAL,
    device_uuid: DEVICE,
    issued_at: new Date(),
    expires_at: new Date(Date.now() + HOUR),
  });
}
