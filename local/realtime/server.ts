import { createServer, type IncomingMessage, STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { JSONWebKeySet } from "jose";
import pg from "pg";
import { WebSocketServer } from "ws";
import { Authorizer } from "./authorize.ts";
import type { ChannelServices } from "./channel.ts";
import { messageOf } from "./database-message.ts";
import { Fanout } from "./fanout.ts";
import type { Version } from "./frames.ts";
import { keepPartitions } from "./partitions.ts";
import { Socket } from "./socket.ts";
import { TokenRefused, tokenVerifier, type Verify } from "./token.ts";
import { WalReader } from "./wal.ts";

const MAX_FRAME_BYTES = 5_000_000;
const IDLE_CHECK_MS = 5000;
/** Connections that ask the policies: as many as a small hosted project has. */
const POOL_SIZE = 5;
const STATEMENT_TIMEOUT_MS = 15_000;
const LOCK_TIMEOUT_MS = 5000;

/** The token that stands behind each opaque sb_… key. */
export type ApiKeys = ReadonlyMap<string, string>;

export interface RealtimeOptions {
  /** As supabase_admin, who may act for every role. */
  databaseUrl: string;
  port: number;
  keys: { jwks: JSONWebKeySet };
  apiKeys: ApiKeys;
  /** How long a refused join keeps its socket waiting: 5000 hosted. */
  errorDelayMs?: number;
  /** How long a refused connection waits for its answer: 2000 hosted. */
  connectDelayMs?: number;
  /** Told what is refused and what goes wrong. */
  report?: (line: string) => void;
}

export interface RealtimeServer {
  readonly port: number;
  stop(): Promise<void>;
  /** Asks every client to reconnect (1012), as before a restart. */
  drain(): void;
  /** Puts every client off (1001), as after too many joins. */
  disconnect(): void;
  /** Stops reading the log for a while: messages committed meanwhile are lost. */
  pauseWal(ms: number): Promise<void>;
}

/**
 * Supabase Realtime's broadcasts for one database: unmodified supabase-js joins public and private
 * channels, sends, and gets what realtime.send() stores. Messages from the database come out of the
 * write-ahead log, never from a hook, so that they obey transactions exactly as hosted.
 */
export async function startRealtime(options: RealtimeOptions): Promise<RealtimeServer> {
  const { databaseUrl, keys, errorDelayMs = 0, connectDelayMs = 0, report = () => {} } = options;
  const pool = openPool(databaseUrl, report);
  const partitions = keepPartitions(pool, report);
  const fanout = new Fanout();
  const wal = new WalReader(databaseUrl, (row) => {
    const message = messageOf(row);
    if (message) fanout.publish(message.address, message.broadcast);
    else report("realtime: UnableToBroadcastChanges: a message lacks its event or payload");
  }, report);
  const services: ChannelServices = {
    verify: tokenVerifier(keys.jwks),
    authorizer: new Authorizer(pool),
    fanout,
    ready: partitions.ready,
    streaming: () => wal.streaming,
    report,
  };

  const sockets = new Set<Socket>();
  const websockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
  });
  const http = createServer((_request, response) => response.writeHead(404).end());
  http.on("upgrade", (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    connection.on("error", (error) => report(`realtime: connection: ${error.message}`));
    admit(request, services.verify, options.apiKeys).then(({ version, token }) => {
      websockets.handleUpgrade(request, connection, head, (ws) => {
        const { headers } = request;
        const socket = new Socket(ws, services, { version, token, headers, errorDelayMs });
        sockets.add(socket);
        ws.once("close", () => sockets.delete(socket));
      });
    }, async (error) => {
      if (!(error instanceof ConnectRefused)) report(`realtime: connect: ${error.stack}`);
      const refusal = error instanceof ConnectRefused ? error : new ConnectRefused(500, "Error");
      await sleep(connectDelayMs, undefined, { ref: false });
      refuse(connection, refusal);
    });
  });

  try {
    await wal.start();
    await new Promise<void>((listening, failed) => {
      http.once("error", failed).listen(options.port, "127.0.0.1", listening);
    });
  } catch (error) {
    await Promise.all([wal.stop(), pool.end()]);
    throw error;
  }
  const idleCheck = setInterval(() => {
    for (const socket of sockets) socket.closeIfIdle();
  }, IDLE_CHECK_MS);

  return {
    port: (http.address() as AddressInfo).port,
    async stop() {
      clearInterval(idleCheck);
      partitions.stop();
      const closed = new Promise((done) => http.close(done));
      for (const socket of sockets) socket.terminate();
      http.closeAllConnections();
      await Promise.all([closed, wal.stop(), pool.end()]);
    },
    drain: () => sockets.forEach((socket) => socket.drain()),
    disconnect: () => sockets.forEach((socket) => socket.disconnect()),
    pauseWal: (ms) => wal.pause(ms),
  };
}

/** The answer to an upgrade that is not granted. */
class ConnectRefused extends Error {
  readonly status: number;

  constructor(status: number, message = "") {
    super(message);
    this.status = status;
  }
}

/** Finds the protocol version and the token behind the key; throws ConnectRefused. */
async function admit(
  request: IncomingMessage,
  verify: Verify,
  apiKeys: ApiKeys,
): Promise<{ version: Version; token: string }> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  if (!pathname.endsWith("/websocket")) throw new ConnectRefused(404, "Not found");
  const version = versionOf(searchParams.get("vsn"));
  const header = request.headers["x-api-key"];
  const key = typeof header === "string" ? header : searchParams.get("apikey");
  if (!key) throw new ConnectRefused(401, "API key is missing");
  const token = apiKeys.get(key) ?? key;
  try {
    await verify(token);
  } catch (error) {
    if (error instanceof TokenRefused) throw new ConnectRefused(401, error.atConnect);
    throw error;
  }
  return { version, token };
}

function versionOf(vsn: string | null): Version {
  const major = /^([12])\.0\.\d+$/.exec(vsn ?? "1.0.0")?.[1];
  if (!major) throw new ConnectRefused(403);
  return major === "1" ? 1 : 2;
}

function refuse(connection: Duplex, { status, message }: ConnectRefused): void {
  const body = message && JSON.stringify({ error: message });
  connection.end([
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
    "",
    body,
  ].join("\r\n"));
}

function openPool(connectionString: string, report: (line: string) => void): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    max: POOL_SIZE,
    pipeline: true,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    application_name: "realtime_connect",
  });
  // A connection that breaks says so twice, idle or not; unheard, it would end the process.
  const broken = (error: Error) => report(`realtime: database: ${error.message}`);
  pool.on("connect", (client) => client.on("error", broken));
  pool.on("error", broken);
  return pool;
}
