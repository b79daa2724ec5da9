// How a client that knows one URL finds everything else.

import { describe, expect, it } from "vitest";
import { stack } from "../support/stack.ts";
import { ask, issuer } from "../support/oauth.ts";

const { url } = stack();
const RESOURCE = "/.well-known/oauth-protected-resource";
const SERVER = "/.well-known/oauth-authorization-server";
const OPENID = "/.well-known/openid-configuration";
/** The issuer's path, which RFC 8414 and RFC 9728 insert behind the well-known name. */
const PATH = new URL(issuer()).pathname;

const json = async (response: Response) => {
  expect(response.status).toBe(200);
  return await response.json();
};
const challengeOf = (response: Response) => response.headers.get("www-authenticate");

describe("the protected resource", () => {
  it("R01 R02 T30 publishes metadata whose resource is the URL that a user types", async () => {
    const metadata = await json(await ask(RESOURCE));
    expect(metadata).toEqual({
      resource: issuer(),
      authorization_servers: [issuer()],
      scopes_supported: ["mcp:read", "mcp:write"],
      bearer_methods_supported: ["header"],
      resource_name: "Busymate",
    });
    expect(metadata.resource).toBe(new URL(metadata.resource).href);
    expect(metadata.resource).not.toMatch(/[/?#]$/);
  });

  it("R02 answers a URL with a query by the same document, and the same challenge", async () => {
    expect(await json(await ask(`${RESOURCE}?toolsets=all`))).toEqual(
      await json(await ask(RESOURCE)),
    );
    const [plain, queried] = await Promise.all(
      ["", "?toolsets=all"].map((query) => ask(query, { method: "POST" })),
    );
    expect(challengeOf(queried!)).toBe(challengeOf(plain!));
  });

  it("R03 R05 T28 T31 challenges who comes without a token, by a link and scopes alone", async () => {
    const wanted = `Bearer resource_metadata="${issuer()}${RESOURCE}", scope="mcp:read mcp:write"`;
    for (const method of ["GET", "POST"]) {
      const response = await ask("", { method });
      expect(response.status).toBe(401);
      expect(challengeOf(response)).toBe(wanted);
      expect((await response.json()).error.code).toBe("missing_token");
    }
  });

  it.each(["Bearer x", "Bearer a.b.c", "Bearer", "Basic dXNlcjpwYXNz", "Bearer é"])(
    "R03 T29 says invalid_token when %j was presented",
    async (authorization) => {
      const response = await ask("", {
        method: "POST",
        headers: { Authorization: authorization },
      });
      expect(response.status).toBe(401);
      expect(challengeOf(response)).toContain('error="invalid_token"');
      expect(challengeOf(response)).toContain(`resource_metadata="${issuer()}${RESOURCE}"`);
      expect(challengeOf(response)).toContain('scope="mcp:read mcp:write"');
    },
  );

  it("R04 lets pages of other origins read documents and challenges", async () => {
    const Origin = "https://inspector.example";
    const [document, refusal, preflight] = await Promise.all([
      ask(OPENID, { headers: { Origin } }),
      ask("", { method: "POST", headers: { Origin } }),
      ask("", {
        method: "OPTIONS",
        headers: {
          Origin,
          "Access-Control-Request-Method": "POST",
          "Access-Control-Request-Headers":
            "authorization,content-type,mcp-protocol-version,mcp-method,mcp-name,mcp-session-id",
        },
      }),
    ]);
    for (const response of [document, refusal, preflight]) {
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      expect(response.headers.get("access-control-allow-credentials")).toBeNull();
    }
    expect(refusal.headers.get("access-control-expose-headers")).toContain("WWW-Authenticate");
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-headers")?.split(",")).toEqual(
      expect.arrayContaining(["authorization", "mcp-protocol-version", "mcp-name"]),
    );
    expect(preflight.headers.get("access-control-allow-methods")).toContain("POST");
  });

  it("R05 T21 T34 leaves offline_access to the authorization server's own metadata", async () => {
    const resource = await json(await ask(RESOURCE));
    const server = await json(await ask(SERVER));
    expect(resource.scopes_supported).not.toContain("offline_access");
    expect(challengeOf(await ask("", { method: "POST" }))).not.toContain("offline_access");
    expect(server.scopes_supported)
      .toEqual(["mcp:read", "mcp:write", "admin", "secrets", "offline_access"]);
  });
});

describe("the authorization server", () => {
  it("R06 publishes one document at both names below its issuer, cacheable", async () => {
    const answers = await Promise.all([SERVER, OPENID].map((path) => ask(path)));
    const [first, second] = await Promise.all(answers.map(json));
    expect(first).toEqual(second);
    expect(answers[0]!.headers.get("cache-control")).toContain("max-age=");
    expect(answers[0]!.headers.get("content-type")).toMatch(/^application\/json/);
  });

  it("R06 publishes it at the root of the local gateway as well, with and without the path", async () => {
    for (const name of [RESOURCE, SERVER, OPENID]) {
      const document = await json(await ask(name));
      for (const path of [`${name}${PATH}`, name, `${name}${PATH}?x=1`]) {
        expect(await json(await fetch(`${url}${path}`))).toEqual(document);
      }
    }
  });

  it("R07 holds what the SDKs' schema of OpenID demands", async () => {
    const { OpenIdProviderDiscoveryMetadataSchema, OAuthMetadataSchema } = await import(
      "@modelcontextprotocol/sdk/shared/auth.js"
    );
    const document = await json(await ask(OPENID));
    expect(OpenIdProviderDiscoveryMetadataSchema.parse(document)).toMatchObject({
      jwks_uri: `${url}/auth/v1/.well-known/jwks.json`,
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES256"],
    });
    OAuthMetadataSchema.parse(document);
    const keys = await json(await fetch(document.jwks_uri));
    expect(keys.keys[0]).toMatchObject({ kty: "EC", alg: "ES256" });
  });

  it("R08 names itself byte for byte as the resource names it", async () => {
    const { authorization_servers } = await json(await ask(RESOURCE));
    const { issuer: own } = await json(await ask(OPENID));
    expect([own]).toEqual(authorization_servers);
    expect(own).toBe(issuer());
  });

  it("R09 is nowhere else: other well-known URLs are a 404, of the whole origin", async () => {
    for (
      const path of [
        `${SERVER}/auth/v1`,
        `${SERVER}/functions/v1/ingest`,
        `${OPENID}/functions/v1`,
        `${RESOURCE}/rest/v1`,
        "/.well-known/anything",
      ]
    ) expect((await fetch(`${url}${path}`)).status).toBe(404);
  });

  it("R10 R11 R12 T01 T19 announces PKCE, iss, client documents and clients without a secret", async () => {
    expect(await json(await ask(OPENID))).toMatchObject({
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
      token_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post"],
      response_types_supported: ["code"],
      grant_types_supported: ["authorization_code", "refresh_token", "client_credentials"],
    });
  });

  it("R13 lists only endpoints that are there", async () => {
    const document = await json(await ask(OPENID));
    const endpoints = Object.entries<string>(document).filter(([name]) =>
      name.endsWith("_endpoint")
    );
    expect(endpoints.map(([name]) => name).sort()).toEqual([
      "authorization_endpoint",
      "introspection_endpoint",
      "registration_endpoint",
      "revocation_endpoint",
      "token_endpoint",
    ]);
    for (const [name, endpoint] of endpoints) {
      const method = name === "authorization_endpoint" ? "GET" : "POST";
      const response = await ask(endpoint.slice(issuer().length), { method });
      expect([name, response.status]).toEqual([name, 400]);
      const wrong = method === "GET" ? "POST" : "GET";
      expect((await ask(endpoint.slice(issuer().length), { method: wrong })).status).toBe(405);
    }
    expect(document.revocation_endpoint_auth_methods_supported).toContain("none");
    expect(document.introspection_endpoint_auth_methods_supported)
      .toEqual(["client_secret_basic", "client_secret_post"]);
  });
});
