import { describe, expect, it } from "vitest";
import { newAddress } from "../support/neighbour.ts";
import {
  authorize,
  errorOf,
  locationOf,
  newClient,
  postJson,
  REDIRECT_URI,
  registration,
} from "../support/oauth.ts";
import { answer, call, database } from "../support/world.ts";

const unique = () => `App ${crypto.randomUUID()}`;

describe("a registration", () => {
  it("R15 T22 is answered 201, uncached, with what was registered", async () => {
    const metadata = {
      client_name: unique(),
      redirect_uris: ["https://app.example/cb", "http://localhost:6274/cb", "com.example.app:/cb"],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      application_type: "native",
      client_uri: "https://app.example",
      logo_uri: "https://app.example/logo.png",
      contacts: ["me@app.example"],
      software_id: "app",
      software_version: "1.2",
    };
    const response = await registration(metadata);
    expect(response.status).toBe(201);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(await response.json()).toEqual({
      ...metadata,
      client_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      client_id_issued_at: expect.any(Number),
    });
  });

  it("R15 gets a secret for basic authentication when it says nothing", async () => {
    const response = await registration({ client_name: unique(), redirect_uris: [REDIRECT_URI] });
    expect(await response.json()).toMatchObject({
      token_endpoint_auth_method: "client_secret_basic",
      client_secret: expect.stringMatching(/^bms_[\w-]{43}$/),
      client_secret_expires_at: 0,
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    });
  });

  it("R15 is called after where it returns to when it has no name", async () => {
    const redirect_uris = [`https://${crypto.randomUUID()}.example/cb`];
    const { client_name } = await (await registration({ redirect_uris })).json();
    expect(client_name).toBe(new URL(redirect_uris[0]!).host);
  });

  it("R15 leaves out what is unknown or not supported, and keeps the rest", async () => {
    const registered = await (await registration({
      client_name: unique(),
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"],
      response_types: ["code", "token"],
      scope: "mcp:read nonsense",
      "client_name#ja": "x",
      unheard_of: { deep: [1] },
    })).json();
    expect(registered).toMatchObject({
      grant_types: ["authorization_code"],
      response_types: ["code"],
    });
    for (const name of ["scope", "unheard_of", "client_name#ja", "client_secret"]) {
      expect(registered).not.toHaveProperty([name]);
    }
  });

  it("R15 of a public client is the same client when it is the same registration", async () => {
    const metadata = {
      client_name: unique(),
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: "none",
    };
    const answers = await Promise.all(
      Array.from({ length: 6 }, async () => await (await registration(metadata)).json()),
    );
    expect(new Set(answers.map(({ client_id }) => client_id)).size).toBe(1);
    const other = await (await registration({ ...metadata, client_uri: "https://x.example" }))
      .json();
    expect(other.client_id).not.toBe(answers[0].client_id);
  });

  it("R15 of a client with a secret is always another client", async () => {
    const metadata = { client_name: unique(), redirect_uris: [REDIRECT_URI] };
    const [one, two] = await Promise.all(
      [1, 2].map(async () => await (await registration(metadata)).json()),
    );
    expect(one.client_id).not.toBe(two.client_id);
    expect(one.client_secret).not.toBe(two.client_secret);
  });

  it("R15 that nobody uses ends after 30 days, and goes", async () => {
    const client = await newClient();
    const sql = database();
    const [row] = await sql`
      update private.oauth_clients set expires_at = now() - interval '1 second'
      where client_id = ${client.client_id}
      returning created_at + interval '30 days' - expires_at < interval '31 days' as bounded`;
    expect(row!["bounded"]).toBe(true);
    expect((await authorize(client)).status).toBe(400);
    await sql`select private.housekeeping()`;
    expect(await sql`select from private.oauth_clients where client_id = ${client.client_id}`)
      .toHaveLength(0);
  });

  it.each<[string, Record<string, unknown>]>([
    ["no redirect URI", { redirect_uris: [] }],
    ["none at all", { redirect_uris: undefined }],
    ["a text for a list", { redirect_uris: REDIRECT_URI }],
    ["http that is not on loopback", { redirect_uris: ["http://app.example/cb"] }],
    ["a fragment", { redirect_uris: ["https://app.example/cb#x"] }],
    ["a wildcard", { redirect_uris: ["https://*.app.example/cb"] }],
    ["a password", { redirect_uris: ["https://a:b@app.example/cb"] }],
    ["a script", { redirect_uris: ["javascript:alert(1)"] }],
    ["data", { redirect_uris: [REDIRECT_URI, "data:text/html,x"] }],
    ["eleven of them", {
      redirect_uris: Array.from({ length: 11 }, (_, n) => `https://app.example/${n}`),
    }],
    ["a long one", { redirect_uris: [`https://app.example/${"x".repeat(2_000)}`] }],
  ])("R15 is refused with %s: invalid_redirect_uri", async (_, metadata) => {
    expect(await errorOf(await registration(metadata))).toBe("400 invalid_redirect_uri");
  });

  it.each<[string, Record<string, unknown>]>([
    ["an unknown way to authenticate", { token_endpoint_auth_method: "private_key_jwt" }],
    ["the implicit grant alone", { grant_types: ["implicit"] }],
    ["client_credentials alone", { grant_types: ["client_credentials"] }],
    ["the token response alone", { response_types: ["token"] }],
    ["a name that turns the page around", { client_name: "Claude\u202e" }],
    ["a name of two lines", { client_name: "Claude\nverified by Busymate" }],
    ["a name without end", { client_name: "x".repeat(201) }],
    ["an empty name", { client_name: " " }],
    ["another kind of application", { application_type: "toaster" }],
    ["contacts without end", { contacts: Array(11).fill("a@b.example") }],
  ])("R15 T24 is refused with %s: invalid_client_metadata", async (_, metadata) => {
    expect(await errorOf(await registration({ redirect_uris: [REDIRECT_URI], ...metadata })))
      .toBe("400 invalid_client_metadata");
  });

  it.each<[string, RequestInit & { body: string }, string]>([
    ["that is not JSON", { body: "{" }, "400 invalid_request"],
    ["of another type", {
      body: "a=b",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
    }, "415 invalid_request"],
    [
      "that is too large",
      { body: JSON.stringify({ pad: "x".repeat(65_536) }) },
      "413 invalid_request",
    ],
    ["that nests", { body: "[".repeat(1_000) }, "400 invalid_request"],
    ["that is a list", { body: "[]" }, "400 invalid_client_metadata"],
    ["that is nothing", { body: "" }, "400 invalid_client_metadata"],
  ])("R15 is refused with a body %s", async (_, { body, headers }, wanted) => {
    const response = await call("/functions/v1/mcp/register", null, {
      method: "POST",
      body,
      address: newAddress(),
      headers: headers ?? {},
    });
    expect(await errorOf(response)).toBe(wanted);
  });

  it("R16 keeps of a secret only its hash", async () => {
    const client = await newClient({ token_endpoint_auth_method: "client_secret_post" });
    const [row] = await database()`
      select to_jsonb(c) as client from private.oauth_clients c where client_id = ${client.client_id}`;
    expect(JSON.stringify(row)).not.toContain(client.client_secret);
    expect(row!["client"].secret_hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("needs no key of the project, and takes any browser's origin", async () => {
    const response = await postJson("/register", {
      client_name: unique(),
      redirect_uris: [REDIRECT_URI],
    });
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    const { client_id } = await answer<{ client_id: string }>(response);
    const location = locationOf(
      await authorize({ client_id, metadata: {}, address: newAddress() }),
    );
    expect(location.pathname).toBe("/consent");
  });
});
