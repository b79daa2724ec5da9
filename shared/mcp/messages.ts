import type { Config } from "../config/config.ts";
import type { Runtime } from "../http/app.ts";
import { readJson } from "../http/body.ts";
import { AppError } from "../http/errors.ts";
import type { Call } from "../operations/call.ts";
import { missingScopes } from "../operations/dispatch.ts";
import type { Operation } from "../operations/operation.ts";
import { OPERATIONS } from "../operations/registry.ts";
import { callFactory } from "./caller.ts";
import { isExecutor } from "./connectors.ts";
import { BODY_LIMIT } from "./limits.ts";
import { answer } from "./protocol.ts";
import { surfaceOf } from "./surface.ts";

/** Who sent a message, as the door has verified and admitted them. */
interface Sender {
  caller: { token: string };
  rights?: unknown;
}

/** Answers the messages that came in: what a caller may call is decided here, how it is said by the SDK. */
export function messages(
  config: Config<"SUPABASE_URL" | "SUPABASE_PUBLISHABLE_KEYS" | "BUSYMATE_ISSUER">,
  { fetch }: Runtime,
): (request: Request, sender: Sender) => Promise<Response> {
  const callFor = callFactory(config, fetch);
  return async (request, { caller: { token }, rights }) => {
    const surface = surfaceOf(new URL(request.url).searchParams);
    const body = await readJson(request, { limit: BODY_LIMIT });
    if (Array.isArray(body)) {
      throw new AppError(
        "invalid_request",
        "Send one message at a time: batches ended with revision 2025-06-18.",
      );
    }
    const call = await callFor({
      token,
      rights,
      signal: request.signal,
      destination: "mcp",
      background: keepAlive,
    });
    demandScopes(call, body);
    return await answer(normalised(request), body, { call, surface });
  };
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

/**
 * The head of the request, whose body has been read. Some clients accept JSON alone or anything: the
 * answer is JSON, whatever the transport insists on.
 */
function normalised({ url, headers: sent, signal }: Request): Request {
  const headers = new Headers(sent);
  headers.set("Accept", "application/json, text/event-stream");
  return new Request(url, { method: "POST", headers, signal });
}

/** Supabase keeps an isolate for work it is told of; elsewhere the process lives on anyway. */
function keepAlive(work: Promise<unknown>): void {
  // Its failure is in the job's row, or nowhere can it be told: it must not end the process.
  const settled = work.catch(() => {});
  const runtime =
    (globalThis as { EdgeRuntime?: { waitUntil(work: Promise<unknown>): void } }).EdgeRuntime;
  runtime?.waitUntil(settled);
}
