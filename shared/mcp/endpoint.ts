import {
  createMcpHandler,
  isLegacyRequest,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import type { Server } from "@modelcontextprotocol/server";
import { Hono } from "hono";
import type { ErrorHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type { Config } from "../config/config.ts";
import type { AppEnv, Runtime } from "../http/app.ts";
import { readJson } from "../http/body.ts";
import { AppError, toAppError } from "../http/errors.ts";
import type { Call } from "../operations/call.ts";
import { missingScopes } from "../operations/dispatch.ts";
import type { Operation } from "../operations/operation.ts";
import { OPERATIONS } from "../operations/registry.ts";
import { callFactory } from "./caller.ts";
import { isExecutor } from "./connectors.ts";
import { BODY_LIMIT } from "./limits.ts";
import { mcpServer } from "./server.ts";
import { surfaceOf } from "./surface.ts";

/** What the door in front of the endpoint knows of who came in. */
export type CallerEnv = AppEnv & { Variables: { caller: { token: string }; rights?: unknown } };

/**
 * `POST /` of the function `mcp`: Streamable HTTP without sessions, both eras of the protocol on one
 * URL, plain JSON answers. The caller has been verified and admitted before.
 */
export function mcpEndpoint(
  config: Config<
    "SUPABASE_URL" | "SUPABASE_PUBLISHABLE_KEYS" | "BUSYMATE_ISSUER" | "BUSYMATE_WEB_URL"
  >,
  runtime: Runtime,
): Hono<CallerEnv> {
  const callFor = callFactory(config, runtime.fetch);
  const serve = eras();
  const origins = new Set(
    [config.BUSYMATE_WEB_URL, config.SUPABASE_URL].map((url) => new URL(url).origin),
  );
  const app = new Hono<CallerEnv>().onError(rpcOnError);

  app.use("/", ownOrigin(origins));
  // Neither a stream to hold open nor a session to end (both eras allow 405).
  app.on(["GET", "DELETE"], "/", (c) => {
    throw new AppError("method_not_allowed", `${c.req.method} is not supported here; use POST.`, {
      headers: { Allow: "POST" },
    });
  });
  app.post("/", async (c) => {
    const surface = surfaceOf(new URL(c.req.url).searchParams);
    const body = await readJson(c.req.raw, { limit: BODY_LIMIT });
    if (Array.isArray(body)) {
      throw new AppError(
        "invalid_request",
        "Send one message at a time: batches ended with revision 2025-06-18.",
      );
    }
    const call = await callFor({
      token: c.var.caller.token,
      rights: c.var.rights,
      signal: c.req.raw.signal,
      destination: "mcp",
      background: keepAlive,
    });
    demandScopes(call, body);
    return await serve(normalised(c.req.raw), body, () => mcpServer(call, surface));
  });
  return app;
}

/**
 * A present Origin that is neither ours nor a program on the user's own machine is a page that was not
 * meant to call (DNS rebinding): 403.
 */
function ownOrigin(origins: ReadonlySet<string>) {
  return createMiddleware<CallerEnv>(async (c, next) => {
    const origin = c.req.header("origin");
    if (origin !== undefined && !origins.has(origin) && !isLoopback(origin)) {
      throw new AppError("forbidden", `The origin ${origin} may not call this endpoint.`);
    }
    await next();
  });
}

/** The inspector and other clients in a browser are served from there. */
function isLoopback(origin: string): boolean {
  return URL.canParse(origin) &&
    ["localhost", "127.0.0.1", "[::1]"].includes(new URL(origin).hostname);
}

/**
 * A tool for which the token lacks a scope is a challenge to ask for it (RFC 6750 section 3.1), unless
 * it is for admins and asking would not help.
 */
function demandScopes(call: Call, body: unknown): void {
  const operation = operationCalled(body);
  if (!operation || (operation.adminOnly && call.rights.role !== "admin")) return;
  const missing = missingScopes(call.rights, operation);
  if (missing.length === 0) return;
  const scope = [...new Set([...call.rights.scopes, ...missing])].join(" ");
  throw new AppError(
    "insufficient_scope",
    `${operation.name}: the token lacks the scope ${missing.join(" and ")}.`,
    {
      headers: { "WWW-Authenticate": `Bearer error="insufficient_scope", scope="${scope}"` },
    },
  );
}

/** The operation that a message runs, by its own name or through an executor. */
function operationCalled(body: unknown): Operation | undefined {
  const { method, params } = (body ?? {}) as {
    method?: unknown;
    params?: { name?: unknown; arguments?: { name?: unknown } };
  };
  if (method !== "tools/call") return undefined;
  return OPERATIONS.get(String(params?.name)) ??
    (isExecutor(params?.name) ? OPERATIONS.get(String(params?.arguments?.name)) : undefined);
}

/** Streams that wait for changes: each would hold an isolate, and nothing changes while one listens. */
const MOST_SUBSCRIPTIONS = 8;

/** Answers a message in the era that it speaks. */
function eras(): (request: Request, body: unknown, server: () => Server) => Promise<Response> {
  // One handler, so that it can count subscriptions; the server of a request travels with its caller.
  const modern = createMcpHandler(
    ({ authInfo }) => (authInfo!.extra as { server: Server }).server,
    {
      legacy: "reject",
      maxSubscriptions: MOST_SUBSCRIPTIONS,
    },
  );
  return async (request, body, server) => {
    if (!await isLegacyRequest(request, body)) {
      const authInfo = { token: "", clientId: "", scopes: [], extra: { server: server() } };
      return await modern.fetch(request, { parsedBody: body, authInfo });
    }
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
    await server().connect(transport);
    return await transport.handleRequest(request, { parsedBody: body });
  };
}

/**
 * The head of the request, whose body has been read. Some clients accept JSON alone or anything: the
 * answer is JSON, whatever the transport insists on.
 */
function normalised({ url, headers: sent, signal }: Request): Request {
  const headers = new Headers(sent);
  headers.set("Accept", "application/json, text/event-stream");
  return new Request(url, { method: "POST", headers, signal });
}

/**
 * What is wrong with a message is told as JSON-RPC tells it; who may not come in, or not now, learns it
 * by HTTP, before any message is read.
 */
const rpcOnError: ErrorHandler<CallerEnv> = (thrown, c) => {
  const error = toAppError(thrown);
  const { code, message, status, headers } = error;
  if (![400, 413, 415].includes(status) && status < 500) throw error;
  return c.json(
    {
      jsonrpc: "2.0",
      id: null,
      error: {
        code: status >= 500 ? -32603 : code === "invalid_json" ? -32700 : -32600,
        message,
        data: { code, request_id: c.get("requestId") },
      },
    },
    status,
    headers,
  );
};

/** Supabase keeps an isolate for work it is told of; elsewhere the process lives on anyway. */
function keepAlive(work: Promise<unknown>): void {
  // Its failure is in the job's row, or nowhere can it be told: it must not end the process.
  const settled = work.catch(() => {});
  const runtime =
    (globalThis as { EdgeRuntime?: { waitUntil(work: Promise<unknown>): void } }).EdgeRuntime;
  runtime?.waitUntil(settled);
}
