// Clients that are a document on the web; here on this machine, which the stack of tests allows.

import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newAddress } from "../support/neighbour.ts";
import {
  ask,
  connect,
  errorOf,
  newCode,
  outcomeOf,
  pendingRequest,
  redeem,
  refresh,
} from "../support/oauth.ts";
import type { Client } from "../support/oauth.ts";
import { authorize } from "../support/oauth.ts";
import { database, newPerson } from "../support/world.ts";
import type { Person } from "../support/world.ts";

let person: Person;
let server: Server;
let base: string;
const fetched = new Map<string, number>();
/** What the host publishes; a test may change its own page. */
const pages = new Map<string, Record<string, unknown>>();

beforeAll(async () => {
  person = await newPerson();
  server = createServer((req, res) => {
    const path = req.url!;
    fetched.set(path, (fetched.get(path) ?? 0) + 1);
    if (path === "/redirect.json") return void res.writeHead(302, { location: "/app.json" }).end();
    const page = pages.get(path);
    if (!page) return void res.writeHead(404).end();
    res.setHeader("content-type", "application/json");
    res.end(JSON.stringify(page));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  base = `http://localhost:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

/** A client with a document of its own. */
function publish(changes: Record<string, unknown> = {}): Client & { path: string } {
  const path = `/${crypto.randomUUID()}.json`;
  const client_id = base + path;
  pages.set(path, {
    client_id,
    client_name: "App with a document",
    redirect_uris: ["http://127.0.0.1/callback"],
    token_endpoint_auth_method: "none",
    ...changes,
  });
  return { client_id, metadata: {}, address: newAddress(), path };
}

describe("R14 a client with a document", () => {
  it("T26 gets its tokens without registering, and the document is fetched once", async () => {
    const client = publish();
    const tokens = await connect(person, client);
    expect((await refresh(client, tokens.refresh_token)).status).toBe(200);
    await connect(person, client);
    expect(fetched.get(client.path)).toBe(1);
  });

  it("R26 is shown with the host that vouches for it", async () => {
    const client = publish();
    const shown = await (await ask(`/consent/${await pendingRequest(client)}`)).json();
    expect(shown.client).toMatchObject({
      id: client.client_id,
      name: "App with a document",
      host: new URL(base).host,
      verified: false,
    });
  });

  it("is fetched again when the copy is old, and then is what it has become", async () => {
    const client = publish();
    expect(await outcomeOf(client, {})).toBe("consent");
    pages.set(client.path, {
      ...pages.get(client.path),
      redirect_uris: ["https://moved.example/cb"],
    });
    expect(await outcomeOf(client, {})).toBe("consent");
    await database()`
      update private.oauth_clients set expires_at = now() where client_id = ${client.client_id}`;
    expect(await outcomeOf(client, {})).toBe("400");
    expect(await outcomeOf(client, { redirect_uri: "https://moved.example/cb" })).toBe("consent");
    pages.delete(client.path);
    await database()`
      update private.oauth_clients set expires_at = now() where client_id = ${client.client_id}`;
    expect(await outcomeOf(client, { redirect_uri: "https://moved.example/cb" })).toBe("400");
  });

  it("T27 is refused, without a redirect, when the document is not its own", async () => {
    const other = publish({ client_id: `${base}/other.json` });
    expect(await errorOf(await authorize(other))).toBe("400 invalid_client_metadata");
  });

  it.each<[string, () => string]>([
    ["behind a redirect", () => `${base}/redirect.json`],
    ["that is not there", () => `${base}/none.json`],
    ["with a query", () => `${publish().client_id}?x=1`],
    ["at the root", () => `${base}/`],
    [
      "at another address of this machine",
      () => publish().client_id.replace("localhost", "127.0.0.2"),
    ],
    ["at the database", () => "http://127.0.0.1:5432/x"],
    ["in a network of somebody's own", () => "https://10.0.0.1/client.json"],
    ["at the metadata service of clouds", () => "https://169.254.169.254/latest/meta-data/x"],
    ["in a file", () => "file:///etc/passwd"],
  ])("is refused with a document %s", async (_, id) => {
    const response = await authorize({ ...publish(), client_id: id() });
    expect(response.status).toBe(400);
    expect(response.headers.get("location")).toBeNull();
  });

  it("uses redirect URIs of its document and no other", async () => {
    expect(await outcomeOf(publish(), { redirect_uri: "https://evil.example/cb" })).toBe("400");
  });

  it("R16 is public: it authenticates with nothing, and nothing else is taken", async () => {
    const client = publish();
    const code = await newCode(person, client);
    expect(await errorOf(await redeem(client, code, { client_secret: "x" }))).toBe(
      "401 invalid_client",
    );
    expect((await redeem(client, code)).status).toBe(200);
  });

  it("costs as much as a registration: ten documents a minute", async () => {
    const address = newAddress();
    const statuses = await Promise.all(
      Array.from({ length: 15 }, async () => (await authorize({ ...publish(), address })).status),
    );
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(3);
    expect(statuses.filter((status) => status === 303).length).toBeGreaterThanOrEqual(10);
  });
});
