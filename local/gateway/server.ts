import { createProxyServer, type ProxyServer } from "httpxy";
import { randomUUID } from "node:crypto";
import { type EventEmitter, once } from "node:events";
import { Agent, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Credentials, Doorkeeper } from "./admission.ts";
import { type Answer, answerError, answerJson, REQUEST_ID } from "./answers.ts";
import { findRoute, type Route, type Upstreams } from "./routes.ts";
import { serveWeb } from "./web.ts";

export interface GatewayOptions {
  /** 0 takes a free one. */
  port: number;
  /** Where the built web app is, if it is built. */
  webDist: string;
  /** Told of its own faults. */
  report: (line: string) => void;
}

/** The stack behind the gateway, which is known only once the gateway has its address. */
export interface Backend {
  upstreams: Upstreams;
  doorkeeper: Doorkeeper;
  /** Shown at / while there is no web app. */
  index: Record<string, string>;
}

export interface Gateway {
  readonly port: number;
  /** Lets requests in; before, everything is answered with 503. */
  open(backend: Backend): void;
  stop(): Promise<void>;
}

type PlatformRoute = Extract<Route, { to: "platform" }>;
type FunctionRoute = Extract<Route, { to: "function" }>;

/** Idle connections are given up before a part closes them (PostgREST: 30 s) under a new request. */
const IDLE_UPSTREAM_MS = 5_000;

const EXPOSED_HEADERS =
  "Content-Encoding, Content-Location, Content-Range, Location, Range-Unit, " +
  "Retry-After, X-Request-Id";

/** One port in front of every part, as Supabase's gateway. Bodies pass both ways unbuffered. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64, timeout: IDLE_UPSTREAM_MS });
  const functions = createProxyServer();
  const platform = createProxyServer();
  // The parts speak to browsers each in its own way; hosted, the gateway does it for them.
  // (httpxy's own types lose the emitter's methods with Node 20's.)
  (platform as unknown as EventEmitter).on("proxyRes", (answer: IncomingMessage) => {
    // PostgREST puts error messages here, with whatever they quote, and Node throws at a character
    // that may not stand there. Node's own phrase for the status takes its place.
    delete answer.statusMessage;
    const { headers } = answer;
    delete headers["access-control-allow-credentials"];
    headers["access-control-allow-origin"] = "*";
    headers["access-control-expose-headers"] = EXPOSED_HEADERS;
  });
  let backend: Backend | undefined;

  async function forward(
    proxy: ProxyServer,
    route: PlatformRoute | FunctionRoute,
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<void> {
    req.url = route.path;
    try {
      // Connection concerns one hop alone (RFC 9110 section 7.6.1). Passed on, a client's "close"
      // failed every fifth request on a pooled connection; httpxy adds it to chunked ones itself.
      const pooled = req.headers["transfer-encoding"] === undefined;
      await proxy.web(req, res, {
        target: `http://127.0.0.1:${route.port}`,
        agent: pooled ? agent : false,
        headers: { connection: pooled ? "keep-alive" : "close" },
      });
    } catch {
      // A part may answer before it has read the whole body, and then close: what failed is the rest
      // of the request, and the answer stands. (An answer that breaks off ends in httpxy.)
      if (res.headersSent) req.resume();
      else answerError(req, res, unavailable(route.service));
    }
  }

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    markRequest(req, res);
    if (!backend) return answerError(req, res, unavailable("the stack"));
    const { doorkeeper, index } = backend;
    const route = findRoute(req.url!, backend.upstreams);
    if (route.to === "platform") {
      if (req.method === "OPTIONS") return answerPreflight(req, res);
      const refusal = await admit(req, route, doorkeeper);
      if (refusal) return answerError(req, res, refusal);
      return await forward(platform, route, req, res);
    }
    if (route.to === "function") {
      const authorization = doorkeeper.bearerFor(credentialsOf(req));
      if (authorization !== undefined) req.headers.authorization = authorization;
      // A function answers the preflight itself, and before any check, as hosted.
      const checked = route.verifyJwt && req.method !== "OPTIONS";
      if (checked && !await doorkeeper.verifies(authorization)) {
        return answerError(req, res, INVALID_JWT);
      }
      return await forward(functions, route, req, res);
    }
    if (route.to === "web" && (req.method === "GET" || req.method === "HEAD")) {
      if (await serveWeb(options.webDist, route.path, req, res)) return;
      if (route.path === "/") return answerJson(res, 200, index);
    }
    answerError(req, res, nothingAt(route.to === "nowhere" ? route.what : req.url!));
  }

  async function upgrade(req: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const route = backend && findRoute(req.url!, backend.upstreams);
    if (route?.to !== "platform" || route.service !== "realtime") {
      return refuseUpgrade(socket, route ? "404 Not Found" : "503 Service Unavailable");
    }
    // Only whether there is a key at all: realtime knows the keys and says what is wrong with one.
    const { apikey } = credentialsOf(req);
    if (!apikey && !req.headers["x-api-key"]) return refuseUpgrade(socket, "401 Unauthorized");
    markForwarded(req);
    req.url = route.pathWithKey;
    await platform.ws(req, socket, { target: `http://127.0.0.1:${route.port}` }, head);
  }

  const server = createServer((req, res) => {
    answer(req, res).catch((error: Error) => {
      options.report(`gateway: ${error.stack}`);
      answerError(req, res, FAULT);
    });
  });
  server.on("upgrade", (req, socket: Socket, head) => {
    upgrade(req, socket, head).catch(() => socket.destroy());
  });
  // Uploads and event streams last as long as they last.
  server.requestTimeout = 0;
  // Clients reuse idle connections for a while; ours must not be the first to end.
  server.keepAliveTimeout = 65_000;
  server.listen(options.port, "127.0.0.1");
  await once(server, "listening");

  return {
    port: (server.address() as AddressInfo).port,
    open: (opened) => void (backend = opened),
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

/** Checks the key of a platform request and puts its token in place. Answers the refusal, if any. */
async function admit(
  req: IncomingMessage,
  route: PlatformRoute,
  doorkeeper: Doorkeeper,
): Promise<Answer | undefined> {
  const credentials = credentialsOf(req);
  if (route.open && !credentials.apikey && !credentials.authorization) return undefined;
  const admission = await doorkeeper.admit(credentials);
  if ("refused" in admission) return { status: 401, ...admission.refused };
  req.headers.authorization = admission.authorization;
  return undefined;
}

function credentialsOf(req: IncomingMessage): Credentials {
  const query = req.url!.split("?", 2)[1];
  const apikey = req.headers["apikey"]?.toString() ??
    new URLSearchParams(query).get("apikey") ?? undefined;
  return { apikey, authorization: req.headers.authorization };
}

/** Gives the request its id and its true origin, whatever the client claims about the latter. */
function markRequest(req: IncomingMessage, res: ServerResponse): void {
  const given = req.headers[REQUEST_ID]?.toString() ?? "";
  const id = /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
  req.headers[REQUEST_ID] = id;
  res.setHeader(REQUEST_ID, id);
  markForwarded(req);
}

function markForwarded(req: IncomingMessage): void {
  delete req.headers["forwarded"];
  delete req.headers["x-real-ip"];
  req.headers["x-forwarded-for"] = req.socket.remoteAddress ?? "";
  req.headers["x-forwarded-proto"] = "http";
  req.headers["x-forwarded-host"] = req.headers.host ?? "";
}

function answerPreflight(req: IncomingMessage, res: ServerResponse): void {
  res.writeHead(204, {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS",
    "access-control-allow-headers": req.headers["access-control-request-headers"] ?? "*",
    "access-control-max-age": "3600",
    "vary": "access-control-request-headers",
  });
  res.end();
}

function refuseUpgrade(socket: Socket, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

const unavailable = (what: string): Answer => ({
  status: 503,
  code: "unavailable",
  message: `${what} is down or starting; a request it was working on may or may not be done`,
  hint: "Try again in a moment.",
  headers: { "retry-after": "1" },
});

const nothingAt = (what: string): Answer => ({
  status: 404,
  code: "not_found",
  message: `Nothing answers at ${what.split("?")[0]}`,
});

const INVALID_JWT: Answer = {
  status: 401,
  code: "invalid_jwt",
  message: "This function needs a valid token in the header Authorization",
};

const FAULT: Answer = { status: 500, code: "internal", message: "The gateway failed" };
