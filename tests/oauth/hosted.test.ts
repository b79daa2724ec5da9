// Clients of the field against a stack that answers no well-known URL at its root, as a hosted
// project: the challenge and the issuer's own path must be enough.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as v2 from "@modelcontextprotocol/client";
import * as v1 from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { decodeJwt } from "jose";
import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startOwnStack } from "../support/own-stack.ts";
import type { OwnStack } from "../support/own-stack.ts";

const CALLBACK = "http://127.0.0.1:53682/callback";
const root = join(import.meta.dirname, "../..");

let stack: OwnStack;
let issuer: string;
let sessionToken: string;

beforeAll(async () => {
  stack = await startOwnStack({ rootWellKnown: false });
  issuer = stack.info.issuer;
  const { email, password } = stack.info.users.find(({ role }) => role === "member")!;
  const response = await fetch(`${stack.info.url}/auth/v1/token?grant_type=password`, {
    method: "POST",
    headers: { apikey: stack.info.publishable_key, "Content-Type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  ({ access_token: sessionToken } = await response.json());
}, 120_000);
afterAll(() => stack.stop());

/** The person at the browser: opens the URL, signs in and approves. Answers where the browser ends up. */
async function approve(authorizationUrl: URL): Promise<URL> {
  const opened = await fetch(authorizationUrl, { redirect: "manual" });
  const rid = new URL(opened.headers.get("location")!).searchParams.get("rid");
  const decided = await fetch(`${issuer}/authorize/resume`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ rid, access_token: sessionToken, approve: true }),
  });
  return new URL((await decided.json()).redirect);
}

async function works(accessToken: string): Promise<boolean> {
  const response = await fetch(`${stack.info.url}/rest/v1/workspaces?select=id`, {
    headers: { apikey: accessToken },
  });
  return response.ok;
}

describe("R09 the root", () => {
  it("answers 404 to every well-known URL, the issuer's own path inserted or not", async () => {
    for (
      const name of [
        "oauth-protected-resource",
        "oauth-authorization-server",
        "openid-configuration",
      ]
    ) {
      for (const path of ["", "/functions/v1/mcp"]) {
        const response = await fetch(`${stack.info.url}/.well-known/${name}${path}`);
        expect(response.status).toBe(404);
      }
    }
  });

  it("R48 has no endpoints for clients that guess them there", async () => {
    for (const path of ["/authorize", "/token", "/register"]) {
      expect((await fetch(`${stack.info.url}${path}`, { method: "POST" })).status).toBe(404);
    }
  });
});

/** What both SDKs ask of whoever embeds them, kept in memory. */
function memory() {
  const kept: Record<string, unknown> = {};
  const provider = {
    redirectUrl: CALLBACK,
    clientMetadata: {
      client_name: "SDK",
      redirect_uris: [CALLBACK],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
    state: () => "st123",
    clientInformation: () => kept["client"] as never,
    saveClientInformation: (client: unknown) => void (kept["client"] = client),
    tokens: () => kept["tokens"] as never,
    saveTokens: (tokens: unknown) => void (kept["tokens"] = tokens),
    codeVerifier: () => kept["verifier"] as string,
    saveCodeVerifier: (verifier: string) => void (kept["verifier"] = verifier),
    redirectToAuthorization: (url: URL) => void (kept["url"] = url),
    discoveryState: () => kept["discovery"] as never,
    saveDiscoveryState: (state: unknown) => void (kept["discovery"] = state),
  };
  return {
    provider,
    tokens: () => kept["tokens"] as Required<v2.OAuthTokens>,
    url: () => kept["url"] as URL,
  };
}

const PING = { jsonrpc: "2.0" as const, id: 1, method: "ping" };

describe("R06 R47 the MCP SDK", () => {
  it("of the first generation finds its way from the challenge to tokens, and renews them", async () => {
    const { provider, tokens, url } = memory();
    const transport = new StreamableHTTPClientTransport(new URL(issuer), {
      authProvider: provider,
    });
    await transport.start();
    await expect(transport.send(PING)).rejects.toBeInstanceOf(v1.UnauthorizedError);
    expect(url().searchParams.get("scope")).toBe("mcp:read mcp:write");
    expect(url().searchParams.get("resource")).toBe(issuer);
    const answer = (await approve(url())).searchParams;
    await transport.finishAuth(answer.get("code")!);
    const first = tokens();
    expect(await works(first.access_token)).toBe(true);
    expect(await v1.auth(provider, { serverUrl: issuer })).toBe("AUTHORIZED");
    expect(tokens().refresh_token).not.toBe(first.refresh_token);
    expect(await works(tokens().access_token)).toBe(true);
  });

  it("of the second generation does too, with offline_access, and checks iss", async () => {
    const { provider, tokens, url } = memory();
    const transport = new v2.StreamableHTTPClientTransport(new URL(issuer), {
      authProvider: provider,
    });
    await transport.start();
    await expect(transport.send(PING)).rejects.toBeInstanceOf(v2.UnauthorizedError);
    expect(url().searchParams.get("scope")).toContain("offline_access");
    expect(url().searchParams.get("prompt")).toBe("consent");
    await transport.finishAuth((await approve(url())).searchParams);
    const first = tokens();
    expect(first.scope).toBe("mcp:read mcp:write");
    expect(await works(first.access_token)).toBe(true);
    expect(await v2.auth(provider, { serverUrl: issuer })).toBe("AUTHORIZED");
    expect(tokens().refresh_token).not.toBe(first.refresh_token);
  });

  it("of the second generation refuses an answer of another issuer", async () => {
    const { provider, url } = memory();
    const transport = new v2.StreamableHTTPClientTransport(new URL(issuer), {
      authProvider: provider,
    });
    await transport.start();
    await expect(transport.send(PING)).rejects.toBeInstanceOf(v2.UnauthorizedError);
    const { searchParams } = await approve(url());
    searchParams.set("iss", "https://evil.example");
    await expect(transport.finishAuth(searchParams)).rejects.toThrow(/iss/i);
  });
});

describe("a strict client", () => {
  const insecure = { [oauth.allowInsecureRequests]: true };

  it("R01 R08 R15 R21 R22 R31 R33 R43 finds nothing to complain of", async () => {
    const as = await oauth.processDiscoveryResponse(
      new URL(issuer),
      await oauth.discoveryRequest(new URL(issuer), { algorithm: "oidc", ...insecure }),
    );
    await oauth.processResourceDiscoveryResponse(
      new URL(issuer),
      await fetch(`${issuer}/.well-known/oauth-protected-resource`),
    );
    const registered = await oauth.processDynamicClientRegistrationResponse(
      await oauth.dynamicClientRegistrationRequest(as, {
        client_name: "Strict",
        redirect_uris: ["http://127.0.0.1/cb"],
        token_endpoint_auth_method: "client_secret_basic",
      }, insecure),
    );
    const client = { client_id: registered.client_id };
    const authentication = oauth.ClientSecretBasic(registered.client_secret as string);
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const redirectUri = "http://127.0.0.1:51999/cb";
    const url = new URL(as.authorization_endpoint!);
    url.search = new URLSearchParams({
      client_id: client.client_id,
      redirect_uri: redirectUri,
      response_type: "code",
      scope: "mcp:read mcp:write",
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      resource: issuer,
    }).toString();
    const answer = oauth.validateAuthResponse(as, client, await approve(url), state);
    const tokens = await oauth.processAuthorizationCodeResponse(
      as,
      client,
      await oauth.authorizationCodeGrantRequest(
        as,
        client,
        authentication,
        answer,
        redirectUri,
        verifier,
        { additionalParameters: { resource: issuer }, ...insecure },
      ),
    );
    const renewed = await oauth.processRefreshTokenResponse(
      as,
      client,
      await oauth.refreshTokenGrantRequest(
        as,
        client,
        authentication,
        tokens.refresh_token!,
        insecure,
      ),
    );
    const jwt = decodeJwt(renewed.access_token);
    const known = await oauth.processIntrospectionResponse(
      as,
      client,
      await oauth.introspectionRequest(as, client, authentication, renewed.access_token, insecure),
    );
    expect(known).toMatchObject({ active: true, jti: jwt.jti, iss: issuer });
    expect(await works(renewed.access_token)).toBe(true);
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(
        as,
        client,
        authentication,
        renewed.refresh_token!,
        insecure,
      ),
    );
    expect(await works(renewed.access_token)).toBe(false);
  });
});

describe("the conformance suite for authorization servers", () => {
  it("passes with nothing on a list of expected failures", async () => {
    const directory = await mkdtemp(join(tmpdir(), "busymate-conformance-"));
    const port = await freePort();
    const registered = await fetch(`${issuer}/register`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        client_name: "Conformance",
        redirect_uris: [`http://127.0.0.1:${port}/callback`],
        token_endpoint_auth_method: "none",
      }),
    });
    const { client_id } = await registered.json();
    try {
      const { code, output } = await runSuite([
        "authorization",
        "--url",
        issuer,
        "--client-id",
        client_id,
        "--resource",
        issuer,
        "--port",
        `${port}`,
        "--output-dir",
        directory,
      ]);
      expect(output).toMatch(/Total: [3-9]\d* passed, 0 failed/);
      expect(code).toBe(0);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }, 60_000);

  /** Runs the suite, which needs a newer Node than ours or Deno, and is its browser when it asks for one. */
  function runSuite(args: string[]): Promise<{ code: number | null; output: string }> {
    const { resolve } = createRequire(import.meta.url);
    const deno = join(dirname(resolve("@deno/linux-x64-glibc/package.json")), "deno");
    const suite = join(root, "node_modules/@modelcontextprotocol/conformance/dist/index.js");
    const child = spawn(deno, ["run", "-A", "--node-modules-dir=manual", suite, ...args], {
      env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    });
    let output = "";
    let visited = false;
    child.stderr.on("data", (chunk) => output += chunk);
    child.stdout.on("data", async (chunk) => {
      output += chunk;
      // Not before the end of the line: a chunk may end in the middle of the URL.
      const url = /(\S+\/authorize\?\S+)\s/.exec(output)?.[1];
      if (!url || visited) return;
      visited = true;
      await fetch(await approve(new URL(url))).catch((error) => output += error.stack);
    });
    return new Promise((done, failed) => {
      child.on("error", failed);
      child.on("close", (code) => done({ code, output }));
    });
  }
});

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}
