// The part of Supabase Auth (GoTrue) that supabase-js needs, for one machine: accounts by e-mail and
// password, sessions with rotating refresh tokens, account administration, and the key set that
// everything else verifies tokens with. Answers at root paths; the gateway puts /auth/v1 in front.

import { serve } from "@hono/node-server";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import postgres from "postgres";
import type { StackKeys } from "../keys.ts";
import { accountRoutes } from "./account.ts";
import { adminRoutes } from "./admin.ts";
import { answerError, AuthError } from "./errors.ts";
import type { AuthService } from "./requests.ts";
import { createTokenIssuer } from "./tokens.ts";

const MAX_BODY_BYTES = 1024 * 1024;

export type AuthServer = { port: number; stop(): Promise<void> };

/** `databaseUrl` connects as supabase_auth_admin; `url` is the stack's public address. */
export async function startAuth(options: {
  databaseUrl: string;
  port: number;
  keys: StackKeys;
  url: string;
}): Promise<AuthServer> {
  const sql = postgres(options.databaseUrl, {
    // postgres.js asks for array types as it connects, and nobody hears when that fails: a database
    // killed at that moment would end the process.
    fetch_types: false,
    // A channel that nobody has joined yet is a warning of realtime.send, and no concern of a sign-up.
    onnotice: () => {},
    max: 10,
    connection: { application_name: "auth" },
    // The default waits up to 20 s before it tries a database again that has been restarted.
    backoff: () => 0.2,
  });
  const tokens = await createTokenIssuer(options.keys, options.url);
  const app = authApp({ sql, tokens }, options.keys);

  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: options.port }) as Server;
  if (!server.listening) await once(server, "listening");

  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      await sql.end({ timeout: 1 });
    },
  };
}

function authApp(service: AuthService, keys: StackKeys): Hono {
  const app = new Hono();

  app.use(bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: () => {
      throw new AuthError(413, "validation_failed", "The request body is larger than 1 MiB");
    },
  }));

  app.get("/.well-known/jwks.json", (c) => {
    c.header("Cache-Control", "public, max-age=600");
    return c.json({ keys: keys.jwks.keys });
  });

  app.get("/health", async (c) => {
    await service.sql`select 1`;
    return c.json({ name: "GoTrue", description: "The subset of Supabase Auth for local use" });
  });

  app.get("/settings", (c) =>
    c.json({
      external: { email: true, phone: false, anonymous_users: false },
      disable_signup: false,
      mailer_autoconfirm: true,
      phone_autoconfirm: false,
      sms_provider: "",
      saml_enabled: false,
    }));

  app.route("/", accountRoutes(service));
  app.route("/admin", adminRoutes(service));

  app.notFound((c) => c.text("404 page not found\n", 404));
  app.onError((error, c) => answerError(c, error, (fault) => reportFault(c.req.path, fault)));
  return app;
}

/** One line for whoever runs the stack; the client gets no more than "unexpected". */
function reportFault(path: string, fault: AuthError): void {
  const cause = fault.cause instanceof Error ? fault.cause.stack ?? fault.cause.message : null;
  process.stderr.write(
    `${JSON.stringify({ part: "auth", path, message: fault.message, cause })}\n`,
  );
}
