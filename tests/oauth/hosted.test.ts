// Clients of the field against a stack that answers no well-known URL at its root, as a hosted
// project: the challenge and the issuer's own path must be enough.

import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v2 from "@modelcontextprotocol/client";
import * as v1 from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { decodeJwt } from "jose";
import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runConformance } from "../support/conformance.ts";
import { type Approve, consenting, memory } from "../support/consenting.ts";
import { startOwnStack } from "../support/own-stack.ts";
import type { OwnStack } from "../support/own-stack.ts";

let stack: OwnStack;
let issuer: string;
let approve: Approve;

beforeAll(async () => {
  stack = await startOwnStack({ rootWellKnown: false });
  issuer = stack.info.issuer;
  approve = await consenting(stack.info, "member");
}, 120_000);
afterAll(() => stack.stop());

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
      let visited = false;
      const { code, output } = await runConformance([
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
      ], async (seen) => {
        // Not before the end of the line: a chunk may end in the middle of the URL.
        const url = /(\S+\/authorize\?\S+)\s/.exec(seen)?.[1];
        if (!url || visited) return;
        visited = true;
        await fetch(await approve(new URL(url)));
      });
      expect(output).toMatch(/Total: [3-9]\d* passed, 0 failed/);
      expect(code).toBe(0);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }, 60_000);
});

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}
