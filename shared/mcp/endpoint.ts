import {
  createMcpHandler,
  isLegacyRequest,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import type { Config } from "../config/config.ts";
import type { AppEnv, Runtime } from "../http/app.ts";
import { readJson } from "../http/body.ts";
import { AppError } from "../http/errors.ts";
import type { Call } from "../operations/call.ts";
import { missingScopes } from "../operations/dispatch.ts";
import { OPERATIONS } from "../operations/registry.ts";
import { callFactory } from "./caller.ts";
import { mcpServer } from "./server.ts";
import { type Surface, surfaceOf } from "./surface.ts";

const BODY_LIMIT = 4 * 1_048_576;

/** What the door in front of the endpoint knows of who came in. */
export type CallerEnv = AppEnv & { Variables: { caller: { token: string } } };

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
  const origins = new Set(
    [config.BUSYMATE_WEB_URL, config.SUPABASE_URL].map((url) => new URL(url).origin),
  );
  const app = new Hono<CallerEnv>();

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
      return rpcError(
        -32600,
        "Send one message at a time: batches ended with revision 2025-06-18.",
      );
    }
    const call = await callFor({
      token: c.var.caller.token,
      signal: c.req.raw.signal,
      background: (work) => keepAlive(work),
    });
    demandScopes(call, body);
    return await serve(normalised(c.req.raw, body), body, call, surface);
  });
  return app;
}

/** A present Origin that is not ours is a page that was not meant to call (DNS rebinding): 403. */
function ownOrigin(origins: ReadonlySet<string>) {
  return createMiddleware<CallerEnv>(async (c, next) => {
    const origin = c.req.header("origin");
    if (origin !== undefined && !origins.has(origin)) {
      throw new AppError("forbidden", `The origin ${origin} may not call this endpoint.`);
    }
    await next();
  });
}

/** A tool for which the token lacks a scope is a challenge to ask for it (RFC 6750 section 3.1). */
function demandScopes(call: Call, body: unknown): void {
  const { method, params } = (body ?? {}) as { method?: unknown; params?: { name?: unknown } };
  if (method !== "tools/call") return;
  const operation = OPERATIONS.get(String(params?.name));
  const missing = operation ? missingScopes(call.rights, operation) : [];
  if (missing.length === 0) return;
  const scope = [...new Set([...call.rights.scopes, ...missing])].join(" ");
  throw new AppError(
    "insufficient_scope",
    `${operation!.name}: the token lacks the scope ${missing.join(" and ")}.`,
    {
      headers: { "WWW-Authenticate": `Bearer error="insufficient_scope", scope="${scope}"` },
    },
  );
}

async function serve(
  request: Request,
  body: unknown,
  call: Call,
  surface: Surface,
): Promise<Response> {
  if (await isLegacyRequest(request, body)) {
    const transport = new WebStandardStreamableHTTPServerTransport({
      enableJsonResponse: true,
      maxRequestBodySize: BODY_LIMIT,
    });
    await mcpServer(call, surface).connect(transport);
    return await transport.handleRequest(request, { parsedBody: body });
  }
  const handler = createMcpHandler(() => mcpServer(call, surface), {
    legacy: "reject",
    responseMode: "json",
    // Nothing here changes while somebody listens, and each listener would hold an isolate.
    maxSubscriptions: 0,
    maxRequestBodySize: BODY_LIMIT,
  });
  return await handler.fetch(request, { parsedBody: body });
}

/** Some clients accept JSON alone or anything: the answer is JSON, whatever the transport insists on. */
function normalised(request: Request, body: unknown): Request {
  const headers = new Headers(request.headers);
  headers.set("Accept", "application/json, text/event-stream");
  return new Request(request.url, {
    method: "POST",
    headers,
    body: JSON.stringify(body ?? null),
    signal: request.signal,
  });
}

function rpcError(code: number, message: string): Response {
  return Response.json({ jsonrpc: "2.0", id: null, error: { code, message } }, { status: 400 });
}

/** Supabase keeps an isolate for work it is told of; elsewhere the process lives on anyway. */
function keepAlive(work: Promise<unknown>): void {
  const runtime =
    (globalThis as { EdgeRuntime?: { waitUntil(work: Promise<unknown>): void } }).EdgeRuntime;
  runtime?.waitUntil(work);
}
