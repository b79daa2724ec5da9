import { getRequestListener } from "@hono/node-server";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { JSONWebKeySet } from "jose";
import pg from "pg";
import { WebSocketServer } from "ws";
import { admit, type ApiKeys, ConnectRefused, refuse } from "./admission.ts";
import { Authorizer } from "./authorize.ts";
import { broadcastApi } from "./broadcast-api.ts";
import { Changes } from "./changes.ts";
import type { ChannelServices } from "./channel.ts";
import { messageOf } from "./database-message.ts";
import { Fanout } from "./fanout.ts";
import { DEFAULT_LIMITS, type Limits, RATE_TICK_MS, Rates } from "./limits.ts";
import { keepPartitions } from "./partitions.ts";
import { Presence } from "./presence.ts";
import { Socket } from "./socket.ts";
import { tokenVerifier } from "./token.ts";
import { WalReader } from "./wal.ts";

const MAX_FRAME_BYTES = 5_000_000;
const IDLE_CHECK_MS = 5000;
const SWEEP_MS = 600_000;
const POLL_MS = 500;
/** Connections that ask the policies: as many as a small hosted project has. */
const POOL_SIZE = 5;
const STATEMENT_TIMEOUT_MS = 15_000;
const LOCK_TIMEOUT_MS = 5000;

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
  /** What differs from the server's own defaults. */
  limits?: Partial<Limits>;
  /** How often rates are looked at: every 5 s hosted. */
  rateTickMs?: number;
  /** How often changes of tables are looked for when there were none: every 500 ms hosted. */
  changesPollMs?: number;
  /** How often sockets without a channel are closed: every 10 minutes hosted. */
  sweepMs?: number;
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
 * Supabase Realtime for one database: unmodified supabase-js joins public and private channels,
 * broadcasts, announces itself, gets what realtime.send() stores and the changes of published tables.
 * What comes from the database comes out of the write-ahead log, never from a hook, so that it obeys
 * transactions exactly as hosted.
 */
export async function startRealtime(options: RealtimeOptions): Promise<RealtimeServer> {
  const { databaseUrl, keys, errorDelayMs = 0, connectDelayMs = 0, report = () => {} } = options;
  const pool = openPool(databaseUrl, report);
  const partitions = keepPartitions(pool, report);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const rates = new Rates(limits, options.rateTickMs ?? RATE_TICK_MS);
  const fanout = new Fanout(rates.events);
  const wal = new WalReader(databaseUrl, (row) => {
    const message = messageOf(row);
    const fault = !message
      ? "a message lacks its event or payload"
      : message.broadcast.body.length > limits.payloadBytes
      ? "a message is too large"
      : rates.events.exceeded && "too many messages per second";
    if (!fault) fanout.publish(message!.address, message!.broadcast);
    else report(`realtime: UnableToBroadcastChanges: ${fault}`);
  }, report);
  const changes = new Changes(databaseUrl, pool, {
    pollMs: options.changesPollMs ?? POLL_MS,
    report,
  });
  const services: ChannelServices = {
    verify: tokenVerifier(keys.jwks),
    authorizer: new Authorizer(pool),
    pool,
    fanout,
    presence: new Presence((address, diff) => fanout.announce(address, diff)),
    changes,
    limits,
    rates,
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
  const api = broadcastApi(services, options.apiKeys);
  const http = createServer(getRequestListener(api.fetch));
  http.on("upgrade", (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    connection.on("error", (error) => report(`realtime: connection: ${error.message}`));
    admit(request, services.verify, options.apiKeys).then(({ version, token }) => {
      if (sockets.size >= limits.clients) throw new ConnectRefused(429, "Too many connected users");
      if (rates.joins.exceeded) throw new ConnectRefused(429, "Too many joins per second");
      websockets.handleUpgrade(request, connection, head, (ws) => {
        const { headers } = request;
        const socket = new Socket(ws, services, { version, token, headers, errorDelayMs });
        sockets.add(socket);
        ws.once("close", () => sockets.delete(socket));
      });
    }).catch(async (error) => {
      if (!(error instanceof ConnectRefused)) report(`realtime: connect: ${error.stack}`);
      const refusal = error instanceof ConnectRefused ? error : new ConnectRefused(500, "Error");
      await sleep(connectDelayMs, undefined, { ref: false });
      refuse(connection, refusal);
    });
  });

  try {
    await Promise.all([wal.start(), changes.start()]);
    await new Promise<void>((listening, failed) => {
      http.once("error", failed).listen(options.port, "127.0.0.1", listening);
    });
  } catch (error) {
    rates.stop();
    await Promise.all([wal.stop(), pool.end()]);
    throw error;
  }
  const idleCheck = setInterval(() => {
    for (const socket of sockets) socket.closeIfIdle();
  }, IDLE_CHECK_MS);
  const sweep = setInterval(() => {
    for (const socket of sockets) socket.closeIfEmpty();
  }, options.sweepMs ?? SWEEP_MS);

  return {
    port: (http.address() as AddressInfo).port,
    async stop() {
      clearInterval(idleCheck);
      clearInterval(sweep);
      rates.stop();
      partitions.stop();
      const closed = new Promise((done) => http.close(done));
      for (const socket of sockets) socket.terminate();
      http.closeAllConnections();
      await Promise.all([closed, wal.stop(), changes.stop()]);
      await pool.end();
    },
    drain: () => sockets.forEach((socket) => socket.drain()),
    disconnect: () => sockets.forEach((socket) => socket.disconnect()),
    pauseWal: (ms) => wal.pause(ms),
  };
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
