import { beforeAll, describe, expect, it } from "vitest";
import {
  approved,
  ask,
  decide,
  errorOf,
  issuer,
  locationOf,
  newClient,
  newCode,
  outcomeOf,
  pendingRequest,
  postJson,
  redeem,
  REDIRECT_URI,
} from "../support/oauth.ts";
import type { Client } from "../support/oauth.ts";
import { answer, call, newPerson } from "../support/world.ts";
import type { Person } from "../support/world.ts";
import { rowsOf, rpc } from "../support/rest.ts";
import { authorize } from "../support/oauth.ts";

const ALL = "mcp:read mcp:write admin secrets";

let member: Person, viewer: Person, admin: Person;
let client: Client;

beforeAll(async () => {
  [member, viewer, admin, client] = await Promise.all([
    newPerson(),
    newPerson("viewer"),
    newPerson("admin"),
    newClient(),
  ]);
});

interface Shown {
  client: Record<string, unknown>;
  scopes: { name: string; description: string; requested: boolean }[];
}

async function shown(rid: string, person?: Person): Promise<Shown> {
  return await answer<Shown>(
    await ask(`/consent/${rid}`, {
      headers: person ? { Authorization: `Bearer ${person.sessionToken}` } : {},
    }),
  );
}

const names = ({ scopes }: Shown) => scopes.map(({ name }) => name);
const redirectOf = async (response: Response) =>
  new URL((await answer<{ redirect: string }>(response)).redirect);

/** The scope that a client ends up with. */
async function granted(person: Person, scope: string, scopes?: string[]): Promise<string> {
  const code = await newCode(person, client, { scope }, scopes);
  return (await answer<{ scope: string }>(await redeem(client, code))).scope;
}

describe("the consent page is told", () => {
  it("R26 the client's name, where it returns to, the scopes and the resource", async () => {
    const rid = await pendingRequest(client);
    const response = await ask(`/consent/${rid}`);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual({
      client: {
        id: client.client_id,
        name: client.metadata["client_name"],
        redirect_host: "127.0.0.1",
        loopback: true,
        verified: false,
      },
      scopes: [
        { name: "mcp:read", description: expect.any(String), requested: true },
        { name: "mcp:write", description: expect.any(String), requested: true },
      ],
      resource: issuer(),
      expires_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  it("R26 where this very request returns to, port included, and whether that is this machine", async () => {
    const web = await newClient({
      redirect_uris: [REDIRECT_URI, "https://app.example:8443/cb", "com.example.app:/cb"],
    });
    const places = await Promise.all(
      ["http://127.0.0.1:51999/callback", "https://app.example:8443/cb", "com.example.app:/cb"].map(
        async (redirect_uri) => (await shown(await pendingRequest(web, { redirect_uri }))).client,
      ),
    );
    expect(places).toMatchObject([
      { redirect_host: "127.0.0.1:51999", loopback: true },
      { redirect_host: "app.example:8443", loopback: false },
      { redirect_host: "com.example.app:", loopback: false },
    ]);
  });

  it("R29 a hostile name as the text it is", async () => {
    const name = `<img src=x onerror=alert(1)> ${crypto.randomUUID()}`;
    const hostile = await newClient({ client_name: name });
    const response = await ask(`/consent/${await pendingRequest(hostile)}`);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect((await response.json()).client.name).toBe(name);
  });

  it("R28 only the scopes that this person can use", async () => {
    const rid = await pendingRequest(client, { scope: ALL });
    expect(names(await shown(rid))).toEqual(ALL.split(" "));
    expect(names(await shown(rid, admin))).toEqual(ALL.split(" "));
    expect(names(await shown(rid, member))).toEqual(["mcp:read", "mcp:write", "secrets"]);
    expect(names(await shown(rid, viewer))).toEqual(["mcp:read", "mcp:write"]);
  });

  it("nothing of a request that there is not, whatever is the matter with it", async () => {
    const rid = await pendingRequest(client);
    await decide(member, rid, { approve: false });
    const gone = await Promise.all(
      [rid, "bmr_unknown", "x".repeat(500), "%00", "..%2f"].map((id) => ask(`/consent/${id}`)),
    );
    const bodies = await Promise.all(gone.map((response) => response.text()));
    expect(gone.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
    expect(new Set(bodies).size).toBe(1);
  });

  it("nothing with a token that is no session", async () => {
    const rid = await pendingRequest(client);
    for (const token of [member.token, "a.b.c"]) {
      const response = await ask(`/consent/${rid}`, {
        headers: { Authorization: `Bearer ${token}` },
      });
      expect(await errorOf(response)).toBe("401 invalid_token");
    }
  });
});

describe("a decision", () => {
  it("R25 is needed every time: nothing is approved because it was approved before", async () => {
    await approved(member, client);
    expect(locationOf(await authorize(client)).pathname).toBe("/consent");
    expect(await outcomeOf(client, { prompt: "none" })).toBe("consent");
  });

  it("is made once", async () => {
    const rid = await pendingRequest(client);
    const answers = await Promise.all([1, 2, 3].map(() => decide(member, rid)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404]);
    expect((await decide(member, rid, { approve: false })).status).toBe(404);
  });

  it("R21 R22 to deny is told to the client as access_denied", async () => {
    const rid = await pendingRequest(client, { state: "s" });
    const { searchParams } = await redirectOf(await decide(member, rid, { approve: false }));
    expect(Object.fromEntries(searchParams)).toEqual({
      error: "access_denied",
      error_description: expect.any(String),
      state: "s",
      iss: issuer(),
    });
  });

  it("R29 leads to the registered URI and nowhere else", async () => {
    const rid = await pendingRequest(client, { redirect_uri: "http://127.0.0.1:51999/callback" });
    const response = await postJson("/authorize/resume", {
      rid,
      access_token: member.sessionToken,
      approve: true,
      redirect_uri: "https://evil.example",
      redirect: "https://evil.example",
    });
    expect(response.headers.get("cache-control")).toBe("no-store");
    const { origin, pathname } = await redirectOf(response);
    expect(`${origin}${pathname}`).toBe("http://127.0.0.1:51999/callback");
  });

  it("R28 may leave scopes out", async () => {
    expect(await granted(member, "mcp:read mcp:write secrets", ["mcp:read"])).toBe("mcp:read");
    expect(await granted(member, "mcp", ["mcp:read"])).toBe("mcp:read");
    expect(await granted(member, "mcp:read mcp:write")).toBe("mcp:read mcp:write");
  });

  it("R28 grants nobody what they cannot use", async () => {
    expect(await granted(member, ALL)).toBe("mcp:read mcp:write secrets");
    expect(await granted(viewer, ALL)).toBe("mcp:read mcp:write");
    expect(await granted(admin, ALL)).toBe(ALL);
    const rid = await pendingRequest(client, { scope: "admin" });
    expect((await redirectOf(await decide(member, rid))).searchParams.get("error"))
      .toBe("access_denied");
  });

  it("cannot add scopes, and a bad one decides nothing", async () => {
    const rid = await pendingRequest(client, { scope: "mcp:read" });
    for (const scopes of [["mcp:read", "mcp:write"], ["admin"], ["nonsense"], []]) {
      expect(await errorOf(await decide(admin, rid, { scopes }))).toBe("400 invalid_scope");
    }
    expect((await decide(admin, rid, { scopes: ["mcp:read"] })).status).toBe(200);
  });

  it("R27 needs the person's session in the body; no cookie and no header stand in for it", async () => {
    const rid = await pendingRequest(client);
    for (const access_token of [undefined, "", "a.b.c", member.token]) {
      const response = await ask("/authorize/resume", {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          Authorization: `Bearer ${member.sessionToken}`,
          Cookie: `sb-access-token=${member.sessionToken}`,
        },
        body: JSON.stringify({ rid, access_token, approve: true }),
      });
      expect([400, 401]).toContain(response.status);
    }
    const form = await ask("/authorize/resume", {
      method: "POST",
      headers: { "Content-Type": "text/plain" },
      body: JSON.stringify({ rid, access_token: member.sessionToken, approve: true }),
    });
    expect(form.status).toBe(415);
    expect((await decide(member, rid)).status).toBe(200);
  });

  it("R27 sets no cookie anywhere on the way", async () => {
    const rid = await pendingRequest(client);
    for (
      const response of [
        await authorize(client),
        await ask(`/consent/${rid}`),
        await decide(member, rid),
      ]
    ) {
      expect(response.headers.get("set-cookie")).toBeNull();
    }
  });

  it("needs a session that has not ended", async () => {
    const leaver = await newPerson();
    const rid = await pendingRequest(client);
    await call("/auth/v1/logout", leaver.sessionToken, { method: "POST" });
    expect(await errorOf(await decide(leaver, rid))).toBe("401 invalid_token");
    expect((await decide(member, rid)).status).toBe(200);
  });

  it("R28 makes a connection that the person sees and ends", async () => {
    const owner = await newPerson();
    const code = await newCode(owner, client);
    const { access_token } = await answer<{ access_token: string }>(await redeem(client, code));
    const list = () => rpc(owner.token, "list_connections");
    const connections = rowsOf(await list());
    const connection = connections.find(({ client_id }) => client_id === client.client_id)!;
    expect(connection).toMatchObject({
      client_name: client.metadata["client_name"],
      redirect_hosts: ["127.0.0.1"],
      label: "oauth",
      scope: "mcp:read mcp:write",
      live_tokens: 1,
    });
    const grant_id = connection["grant_id"];
    expect((await rpc(member.token, "revoke_connection", { grant_id })).body).toBe(false);
    expect((await rpc(owner.token, "revoke_connection", { grant_id })).body).toBe(true);
    expect((await call("/rest/v1/workspaces?select=id", access_token)).status).toBe(401);
    expect(rowsOf(await list()).map((row) => row["grant_id"])).not.toContain(grant_id);
  });
});
