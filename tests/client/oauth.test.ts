// The client's sign-in against the authorization server: by a browser of its person, to the end of
// the grant.

import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  createBusymateClient,
  memoryStorage,
  type OAuthSession,
  SignedOutError,
} from "busymate-client";
import { type LoopbackOptions, signInOnLoopback } from "busymate-client/node";
import { decodeJwt } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { fetchFrom, newAddress } from "../support/neighbour.ts";
import { rpc } from "../support/rest.ts";
import { stack } from "../support/stack.ts";
import { call, newPerson, type Person } from "../support/world.ts";
import { visit } from "./support/consent.ts";

let person: Person;
beforeAll(async () => {
  person = await newPerson();
});

/** fetch from an address of its own, so that no test meets another one's limits. */
function neighbourly(): typeof fetch {
  const address = newAddress();
  return ((url: string, { method, headers, body }: RequestInit = {}) => {
    const all = new Headers(headers);
    if (body instanceof URLSearchParams) {
      all.set("Content-Type", "application/x-www-form-urlencoded");
    }
    return fetchFrom(address, url, {
      ...(method && { method }),
      headers: all,
      ...(body ? { body: String(body) } : {}),
    });
  }) as typeof fetch;
}

const options = (changes: Partial<LoopbackOptions> = {}): LoopbackOptions => ({
  issuer: stack().issuer,
  client: { name: `App ${randomUUID()}` },
  fetch: neighbourly(),
  open: (address) => void visit(address, person),
  ...changes,
});

const clientOf = ({ accessToken }: OAuthSession) =>
  createBusymateClient({ url: stack().url, publishableKey: stack().publishable_key, accessToken });

const works = async (token: string) =>
  (await call("/rest/v1/profiles?select=id&limit=1", token)).status;

describe("a sign-in on this machine", () => {
  it("opens every surface, and asks nobody while the tokens are kept", async () => {
    const storage = memoryStorage();
    const client = { name: `App ${randomUUID()}` };
    const session = await signInOnLoopback(options({ client, storage }));
    const { data } = await clientOf(session).supabase.from("profiles").select("id").single();
    expect(data).toEqual({ id: person.id });
    const open = () => {
      throw new Error("asked again");
    };
    const again = await signInOnLoopback(options({ client, storage, open }));
    expect(await again.accessToken()).toBe(await session.accessToken());
  });

  it("is with the scopes that the person leaves it", async () => {
    const session = await signInOnLoopback(options({
      scope: "mcp:read mcp:write",
      open: (address) => void visit(address, person, { scopes: ["mcp:read"] }),
    }));
    expect(await session.scope()).toBe("mcp:read");
    await expect(clientOf(session).call("device-pair/codes")).rejects.toMatchObject({
      name: "BusymateError",
      status: 403,
      code: "insufficient_scope",
    });
  });

  it("rejects when they refuse", async () => {
    const refusal = signInOnLoopback(options({
      open: (address) => void visit(address, person, { approve: false }),
    }));
    await expect(refusal).rejects.toMatchObject({ name: "OAuthError", code: "access_denied" });
  });

  it("is not impressed by a stranger's page, and answers each with a page of a sentence", async () => {
    let shown: Promise<Response[]> | undefined;
    const session = await signInOnLoopback(options({
      open: (address) => {
        const callback = address.searchParams.get("redirect_uri")!;
        shown = (async () => [
          await fetch(`${callback}?code=theirs&state=guessed&iss=${stack().issuer}`),
          await fetch(callback, { method: "POST" }),
          await fetch(new URL("/other", callback)),
          await visit(address, person),
        ])();
      },
    }));
    const pages = await shown!;
    expect(pages.map(({ status }) => status)).toEqual([400, 404, 404, 200]);
    expect(await pages.at(-1)!.text()).toContain("You are signed in.");
    for (const { headers } of pages) {
      expect(headers.get("content-security-policy")).toBe("default-src 'none'");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
    }
    expect(await works(await session.accessToken())).toBe(200);
  });

  it("ends when nobody waits any more, or no browser can be opened", async () => {
    const abort = new AbortController();
    const waiting = signInOnLoopback(options({
      signal: abort.signal,
      open: () => abort.abort(new Error("enough")),
    }));
    await expect(waiting).rejects.toThrow("enough");
    const open = () => Promise.reject(new Error("no browser"));
    await expect(signInOnLoopback(options({ open }))).rejects.toThrow("no browser");
  });

  it("registers nothing for a client that is a document", async () => {
    const server = createServer((_, res) => {
      res.setHeader("content-type", "application/json");
      res.end(JSON.stringify({
        client_id: id,
        client_name: "App with a document",
        redirect_uris: ["http://127.0.0.1/callback"],
      }));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const id = `http://localhost:${(server.address() as AddressInfo).port}/app.json`;
    try {
      const session = await signInOnLoopback(options({ client: { id } }));
      expect(await works(await session.accessToken())).toBe(200);
      await session.signOut();
    } finally {
      server.close();
    }
  });
});

describe("a session", () => {
  it("renews for many at once and over again, without the server seeing a token twice", async () => {
    const session = await signInOnLoopback(options());
    let token = await session.accessToken();
    for (let round = 0; round < 3; round++) {
      const refused = token;
      const renewed = await Promise.all(
        Array.from({ length: 8 }, () => session.accessToken(refused)),
      );
      expect(new Set(renewed).size).toBe(1);
      token = renewed[0]!;
      expect(token).not.toBe(refused);
    }
    expect(await works(token)).toBe(200);
  });

  it("goes on by itself when its token alone was revoked", async () => {
    const session = await signInOnLoopback(options());
    const token = await session.accessToken();
    const { client_id } = decodeJwt<{ client_id: string }>(token);
    await neighbourly()(`${stack().issuer}/revoke`, {
      method: "POST",
      body: new URLSearchParams({ token, client_id }),
    });
    expect(await works(token)).toBe(401);
    const { data } = await clientOf(session).supabase.from("profiles").select("id").single();
    expect(data).toEqual({ id: person.id });
  });

  it("says that it is over when the person has revoked the app", async () => {
    const session = await signInOnLoopback(options());
    const token = await session.accessToken();
    const { session_id } = decodeJwt<{ session_id: string }>(token);
    await rpc(person.token, "revoke_connection", { grant_id: session_id });
    await expect(clientOf(session).call("stats", { method: "GET" })).rejects.toThrow(
      SignedOutError,
    );
    expect(await session.isSignedIn()).toBe(false);
  });

  it("ends its grant when it is signed out", async () => {
    const session = await signInOnLoopback(options());
    const token = await session.accessToken();
    await session.signOut();
    expect(await works(token)).toBe(401);
    await expect(session.accessToken()).rejects.toThrow(SignedOutError);
  });

  it("names what the server refuses", async () => {
    await expect(signInOnLoopback(options({ scope: "root" }))).rejects
      .toMatchObject({ name: "OAuthError", code: "invalid_scope" });
    await expect(signInOnLoopback(options({ client: { name: "\u202e" } }))).rejects
      .toMatchObject({ name: "OAuthError", code: "invalid_client_metadata" });
  });
});
