import { Hono } from "hono";
import type { ErrorHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type { Config } from "../config/config.ts";
import type { AppEnv, Runtime } from "../http/app.ts";
import { AppError, toAppError } from "../http/errors.ts";

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
  let serve: ReturnType<typeof import("./messages.ts").messages> | undefined;
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
    // The SDK and the operations take longer to load than all else: who comes for a token does without.
    const { messages } = await import("./messages.ts");
    serve ??= messages(config, runtime);
    return await serve(c.req.raw, c.var);
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
