import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { OAuthError, SignedOutError } from "../oauth/errors.ts";
import { type OAuthOptions, OAuthSession } from "../oauth/session.ts";
import { memoryStorage, type TokenStorage } from "../oauth/storage.ts";

export interface LoopbackOptions extends Omit<OAuthOptions, "redirectUri" | "storage"> {
  /** `fileStorage` for what outlives the program, which else asks every time. */
  storage?: TokenStorage;
  /** Opens the address in the person's browser, or shows it to them. */
  open: (address: URL) => unknown;
  /** Ends the waiting. */
  signal?: AbortSignal;
}

const HOST = "127.0.0.1";
const PATH = "/callback";
/** Registered without a port: it is known only when the program listens (RFC 8252 section 7.3). */
const REDIRECT_URI = `http://${HOST}${PATH}`;

/** Signs in by the person's browser, which comes back to a port of this machine; at once with stored tokens. */
export async function signInOnLoopback(options: LoopbackOptions): Promise<OAuthSession> {
  const { storage = memoryStorage(), open, signal, ...rest } = options;
  const session = new OAuthSession({ ...rest, storage, redirectUri: REDIRECT_URI });
  try {
    await session.accessToken();
    return session;
  } catch (error) {
    if (!(error instanceof SignedOutError)) throw error;
  }
  signal?.throwIfAborted();
  const server = createServer();
  try {
    const port = await listen(server);
    const answered = answerAt(server, session, signal);
    // A browser that could not be opened is said before anybody waits for its answer.
    answered.catch(() => {});
    await open(await session.begin(`http://${HOST}:${port}${PATH}`));
    await answered;
    return session;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, HOST, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Resolves when the browser has brought an answer and the session its token. */
function answerAt(
  server: Server,
  session: OAuthSession,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    server.on("request", async (req, res) => {
      const answer = new URL(req.url ?? "/", `http://${HOST}`);
      if (req.method !== "GET" || answer.pathname !== PATH) return tell(res, 404, "Not found.");
      try {
        await session.complete(answer);
      } catch (error) {
        const stray = error instanceof OAuthError && error.code === "invalid_state";
        await tell(res, 400, "The sign-in failed. Go back to the program.");
        // Any page can call this port: what is no answer to our request changes nothing.
        if (!stray) reject(error as Error);
        return;
      }
      await tell(res, 200, "You are signed in. Close this window and go back to the program.");
      resolve();
    });
  });
}

/** A page of one sentence; resolves when it is sent, so that the server can close. */
function tell(res: ServerResponse, status: number, sentence: string): Promise<void> {
  res.writeHead(status, {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'",
    "Cache-Control": "no-store",
    // The address of this page holds the code.
    "Referrer-Policy": "no-referrer",
    "Connection": "close",
  });
  return new Promise((resolve) => {
    // A browser that has gone away need not be told.
    res.once("close", resolve);
    res.end(`<!doctype html><meta charset="utf-8"><title>Busymate</title><p>${sentence}</p>`);
  });
}
