import { Hono } from "hono";
import type { Context } from "hono";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { methodNotAllowed } from "hono/method-not-allowed";
import { requestId } from "hono/request-id";
import { AppError, toAppError } from "./errors.ts";
import { describeError, strikeTokens } from "./log.ts";
import type { Log, LogEvent } from "./log.ts";

/** What a function needs of the outside; handed in, so that tests hand in their own. */
export interface Runtime {
  fetch: typeof fetch;
  log: Log;
}

export interface AppEnv {
  Variables: {
    requestId: string;
    /** Who the log says called; the guard sets it once the credential is verified. */
    actor: string;
    /** What was answered without being thrown: a 404 or a 405. */
    refusal?: AppError;
    /** Goes into the request's log line. */
    event?: LogEvent;
  };
}

const EXPOSED_HEADERS = [
  "X-Request-Id",
  "RateLimit-Limit",
  "RateLimit-Remaining",
  "RateLimit-Reset",
  "Retry-After",
  "WWW-Authenticate",
  "ETag",
];
const PREFLIGHT_SECONDS = 86_400;
const REQUEST_ID_LIMIT = 128;

/**
 * The frame of every edge function: base path `/<surface>` (the gateway strips `/functions/v1`),
 * request id, one log line, CORS without credentials and the error envelope.
 */
export function createApp(surface: string, runtime: Runtime): Hono<AppEnv> {
  // Not strict: `/ingest/` is `/ingest`.
  const app = new Hono<AppEnv>({ strict: false }).basePath(`/${surface}`);
  app.use("*", requestId({ limitLength: REQUEST_ID_LIMIT }));
  app.use("*", requestLog(surface, runtime.log));
  app.use("*", cors({ origin: "*", exposeHeaders: EXPOSED_HEADERS, maxAge: PREFLIGHT_SECONDS }));
  app.use(
    "*",
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) =>
        errorAnswer(
          c,
          new AppError(
            "method_not_allowed",
            `${c.req.method} is not supported here; use ${methods.join(" or ")}.`,
            { headers: { Allow: methods.join(", ") } },
          ),
        ),
    }),
  );
  app.notFound((c) =>
    errorAnswer(c, new AppError("not_found", `There is nothing at ${c.req.path}.`))
  );
  app.onError((error, c) => errorAnswer(c, toAppError(error)));
  return app;
}

/** `{error:{code, message, details?, request_id}}` */
function errorAnswer(c: Context<AppEnv>, error: AppError): Response {
  c.set("refusal", error);
  const { code, message, details, status, headers } = error;
  const request_id = c.get("requestId");
  return c.json({ error: { code, message, details, request_id } }, status, headers);
}

const logged = (thrown: unknown) =>
  thrown === undefined ? {} : { error: describeError(toAppError(thrown)) };

function requestLog(surface: string, log: Log) {
  return createMiddleware<AppEnv>(async (c, next) => {
    c.set("actor", "anonymous");
    const started = performance.now();
    await next();
    const { status } = c.res;
    log({
      time: new Date().toISOString(),
      level: status >= 500 ? "error" : status >= 400 ? "warn" : "info",
      surface,
      request_id: c.get("requestId"),
      caller: c.get("actor"),
      method: c.req.method,
      path: strikeTokens(c.req.path),
      status,
      duration_ms: Math.round((performance.now() - started) * 10) / 10,
      ...(c.get("event") && { event: c.get("event") }),
      ...logged(c.error ?? c.get("refusal")),
    });
  });
}
