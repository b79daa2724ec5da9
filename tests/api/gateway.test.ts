// The one port in front of everything. What passes through it is tested with parts that tell what
// they got; keys, CORS and addresses with the stack itself.

import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { createDoorkeeper } from "../../local/gateway/admission.ts";
import { type Gateway, startGateway } from "../../local/gateway/server.ts";
import { loadKeys, type StackKeys } from "../../local/keys.ts";
import { freePort } from "../../local/ports.ts";
import { accessTokenFor } from "../../scripts/access-token.ts";
import { stack } from "../support/stack.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

describe("the stack's gateway", () => {
  const info = stack();
  const rest = (path: string, headers: Record<string, string>) =>
    fetch(`${info.url}/rest/v1/${path}`, { headers });

  it("refuses a request without a key, and one with a key it does not know", async () => {
    const none = await rest("workspaces", {});
    expect(none.status).toBe(401);
    expect(await none.json()).toMatchObject({ message: "No API key found in request" });
    for (const apikey of ["sb_publishable_foreign", "a.b.c", "x"]) {
      const unknown = await rest("workspaces", { apikey });
      expect(unknown.status).toBe(401);
      expect(await unknown.json()).toMatchObject({ message: "Invalid API key" });
    }
  });

  it("lets no valid token in Authorization make up for an unknown key", async () => {
    const { access_token } = await accessTokenFor(info, info.users[0]!.email);
    const answer = await rest("workspaces", {
      apikey: "sb_secret_foreign",
      authorization: `Bearer ${access_token}`,
    });
    expect(answer.status).toBe(401);
  });

  it("turns the publishable key into anon and the secret key into service_role", async () => {
    // Only service_role may use the schema internal, and only there does a wrong name become 404.
    const headers = { "accept-profile": "internal" };
    const anon = await rest("nothing_of_that_name", { ...headers, apikey: info.publishable_key });
    expect(anon.status).toBe(401);
    const service = await rest("nothing_of_that_name", { ...headers, apikey: info.secret_key });
    expect(service.status).toBe(404);
  });

  it("takes the access token in Authorization, in apikey, in both, and beside a key", async () => {
    const { access_token } = await accessTokenFor(info, info.users[0]!.email);
    const authorization = `Bearer ${access_token}`;
    for (
      const headers of [
        { authorization },
        { apikey: access_token },
        { apikey: access_token, authorization },
        { apikey: info.publishable_key, authorization },
      ]
    ) {
      const answer = await rest("profiles?select=id&limit=1", headers as Record<string, string>);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toHaveLength(1);
    }
  });

  it("serves the key set to everyone and the version at both addresses", async () => {
    const keys = await fetch(`${info.url}/auth/v1/.well-known/jwks.json`);
    expect(await keys.json()).toMatchObject({ keys: [{ kty: "EC", alg: "ES256" }] });
    const [short, long] = await Promise.all(
      ["/api/version", "/functions/v1/api/version"].map((path) => fetch(info.url + path)),
    );
    expect(short!.status).toBe(200);
    expect(await short!.json()).toEqual(await long!.json());
  });

  it("answers a browser's preflight for the platform's APIs", async () => {
    const answer = await fetch(`${info.url}/rest/v1/workspaces`, {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example",
        "access-control-request-method": "GET",
        "access-control-request-headers": "apikey,authorization",
      },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("access-control-allow-headers")).toBe("apikey,authorization");
  });

  it("lets pages of any origin read answers and refusals, without credentials", async () => {
    const origin = "https://app.example";
    for (const headers of [{ origin }, { origin, apikey: info.publishable_key }]) {
      const answer = await rest("workspaces", headers as Record<string, string>);
      expect(answer.headers.get("access-control-allow-origin")).toBe("*");
      expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
    }
  });

  it("says what is not there", async () => {
    for (
      const path of ["/nothing", "/.well-known/change-password", "/functions/v1/none"]
    ) {
      const answer = await fetch(info.url + path);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ error: { code: "not_found" } });
    }
  });
});

describe("a gateway before parts that tell what they got", () => {
  let directory: string;
  let keys: StackKeys;
  let upstream: Server;
  let gateway: Gateway;
  let url: string;
  /** Answers the next requests; each test sets its own. */
  let handle: (req: IncomingMessage, res: ServerResponse) => void;

  const tell = (req: IncomingMessage, res: ServerResponse) =>
    void res.end(JSON.stringify({ url: req.url, headers: req.headers }));
  const port = (server: Server) => (server.address() as AddressInfo).port;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "gateway-"));
    keys = await loadKeys(join(directory, "keys.json"));
    upstream = createServer((req, res) => handle(req, res)).listen(0, "127.0.0.1");
    await once(upstream, "listening");
    new WebSocketServer({ server: upstream }).on("connection", (socket, req) => {
      socket.send(req.url!);
      socket.on("message", (data) => socket.send(data));
    });
    gateway = await startGateway({ port: 0, webDist: directory, report: () => {} });
    url = `http://127.0.0.1:${gateway.port}`;
    const nobody = await freePort();
    const at = (slug: string, port: number, verifyJwt = false) =>
      [slug, { slug, verifyJwt, port }] as const;
    gateway.open({
      upstreams: {
        rest: port(upstream),
        auth: nobody,
        realtime: port(upstream),
        functions: new Map([
          at("echo", port(upstream)),
          at("locked", port(upstream), true),
          at("down", nobody),
        ]),
        rootWellKnown: true,
      },
      doorkeeper: createDoorkeeper(keys),
      index: {},
    });
  });

  afterAll(async () => {
    await gateway.stop();
    upstream.closeAllConnections();
    upstream.close();
    await rm(directory, { recursive: true });
  });

  it("puts the peer's address where a client claims another", async () => {
    handle = tell;
    const answer = await fetch(`${url}/functions/v1/echo/x?y=1`, {
      headers: {
        "x-forwarded-for": "8.8.8.8, 9.9.9.9",
        "x-real-ip": "8.8.8.8",
        forwarded: "for=8.8.8.8",
      },
    });
    const told = await answer.json() as { url: string; headers: Record<string, string> };
    expect(told.url).toBe("/echo/x?y=1");
    expect(told.headers["x-forwarded-for"]).toBe("127.0.0.1");
    expect(told.headers).not.toHaveProperty("x-real-ip");
    expect(told.headers).not.toHaveProperty("forwarded");
  });

  it("gives every request an id, keeps a client's, and replaces one that could break a log", async () => {
    handle = tell;
    const ids = async (sent?: string) => {
      const answer = await fetch(`${url}/functions/v1/echo`, {
        headers: sent === undefined ? {} : { "x-request-id": sent },
      });
      const told = await answer.json() as { headers: Record<string, string> };
      expect(told.headers["x-request-id"]).toBe(answer.headers.get("x-request-id"));
      return told.headers["x-request-id"];
    };
    expect(await ids("order-66")).toBe("order-66");
    expect(await ids()).toMatch(/^[0-9a-f-]{36}$/);
    expect(await ids('x" y')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("replaces a key in Authorization by its token, and leaves any other token alone", async () => {
    handle = tell;
    const seen = async (headers: Record<string, string>) => {
      const answer = await fetch(`${url}/rest/v1/t`, { headers });
      return (await answer.json() as { headers: Record<string, string> }).headers["authorization"];
    };
    const { publishableKey: apikey, secretKey } = keys;
    expect(await seen({ apikey })).toBe(`Bearer ${keys.anonJwt()}`);
    expect(await seen({ apikey, authorization: `Bearer ${apikey}` })).toBe(
      `Bearer ${keys.anonJwt()}`,
    );
    expect(await seen({ apikey: secretKey })).toBe(`Bearer ${keys.serviceJwt()}`);
    expect(await seen({ apikey, authorization: "Bearer a.b.c" })).toBe("Bearer a.b.c");
  });

  it("opens a function that verifies JWTs only to tokens of the project's key", async () => {
    handle = tell;
    const status = async (headers: Record<string, string>) =>
      (await fetch(`${url}/functions/v1/locked`, { headers })).status;
    expect(await status({})).toBe(401);
    expect(await status({ authorization: `Bearer ${keys.anonJwt().slice(0, -4)}AAAA` })).toBe(401);
    expect(await status({ authorization: `Bearer ${keys.anonJwt()}` })).toBe(200);
    const preflight = await fetch(`${url}/functions/v1/locked`, { method: "OPTIONS" });
    expect(preflight.status).toBe(200);
  });

  it("passes each event of a stream on as it comes", async () => {
    let finish = () => {};
    handle = (_req, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write("data: 1\n\n");
      finish = () => res.end("data: 2\n\n");
    };
    const answer = await fetch(`${url}/functions/v1/echo`);
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe("data: 1\n\n"); // while the part has not ended
    finish();
    expect((await reader.read()).value).toBe("data: 2\n\n");
    expect((await reader.read()).done).toBe(true);
  });

  it("tells a part at once that its client has gone", async () => {
    const gone = new Promise<void>((done) => {
      handle = (_req, res) => {
        res.writeHead(200, { "content-type": "text/event-stream" });
        res.write(": open\n\n");
        res.once("close", done);
      };
    });
    const client = new AbortController();
    const answer = await fetch(`${url}/functions/v1/echo`, { signal: client.signal });
    await answer.body!.getReader().read();
    client.abort();
    await Promise.race([gone, sleep(10_000).then(() => expect.fail("the part was not told"))]);
  });

  it("hands an upload's first bytes on before the last are sent", async () => {
    const first = new Promise<string>((done) => {
      handle = (req, res) => {
        req.once("data", (chunk: Buffer) => done(chunk.toString()));
        req.once("end", () => res.end("thanks"));
      };
    });
    const upload = request(`${url}/functions/v1/echo`, { method: "POST" });
    const answered = once(upload, "response");
    upload.write("first");
    expect(await first).toBe("first");
    upload.end("last");
    const [answer] = await answered as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    answer.resume();
  });

  it("says in JSON that a part is down, and works on", async () => {
    for (const path of ["/functions/v1/down", `/auth/v1/user?apikey=${keys.publishableKey}`]) {
      const answer = await fetch(url + path, { method: "POST", body: "x".repeat(1_000_000) });
      expect(answer.status).toBe(503);
      expect(answer.headers.get("retry-after")).toBe("1");
      expect(await answer.json()).toMatchObject({
        error: { code: "unavailable", request_id: answer.headers.get("x-request-id") },
      });
    }
    handle = (_req, res) => void res.destroy();
    expect((await fetch(`${url}/functions/v1/echo`)).status).toBe(503);
    handle = tell;
    expect((await fetch(`${url}/functions/v1/echo`)).status).toBe(200);
  });

  it("carries WebSockets with their key and refuses them without one", async () => {
    const address = `${url.replace("http", "ws")}/realtime/v1/websocket`;
    const socket = new WebSocket(`${address}?apikey=${keys.publishableKey}&vsn=2.0.0`);
    const [asked] = await once(socket, "message") as [Buffer];
    expect(asked.toString()).toBe(`/websocket?apikey=${keys.publishableKey}&vsn=2.0.0`);
    socket.send("echo");
    const [echoed] = await once(socket, "message") as [Buffer];
    expect(echoed.toString()).toBe("echo");
    socket.close();
    await once(socket, "close");

    const refused = (to: string) => once(new WebSocket(to), "error").then(([error]) => `${error}`);
    expect(await refused(address)).toContain("401");
    expect(await refused(`${url.replace("http", "ws")}/elsewhere?apikey=x`)).toContain("404");
  });
});
