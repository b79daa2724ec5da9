import type { IncomingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { RawData, WebSocket } from "ws";
import { Channel, type ChannelServices, type Transport } from "./channel.ts";
import { decodeBinary, decodeText, encodeMessage } from "./frames.ts";
import type { Frame, Incoming, Message, Version } from "./frames.ts";
import { isRefusal, joinReason, JoinRefused } from "./refusal.ts";

const IDLE_MS = 60_000;
const CLOSE = { idle: 1000, disconnect: 1001, crash: 1011, restart: 1012 } as const;
const CHANNEL_TOPIC = /^realtime:/;

export interface SocketOptions {
  version: Version;
  /** The token behind the key the client connected with. */
  token: string;
  headers: IncomingHttpHeaders;
  /** How long a refused join keeps the socket waiting: 5 s hosted. */
  errorDelayMs: number;
}

/** One client. Its messages are handled one after the other: a slow join holds up all that follows. */
export class Socket implements Transport {
  readonly version: Version;
  readonly token: string;
  readonly headers: Record<string, string>;
  readonly #ws: WebSocket;
  readonly #services: ChannelServices;
  readonly #errorDelayMs: number;
  readonly #channels = new Map<string, Channel>();
  #handled: Promise<void> = Promise.resolve();
  #lastHeard = Date.now();
  #joining = false;

  constructor(ws: WebSocket, services: ChannelServices, options: SocketOptions) {
    this.#ws = ws;
    this.#services = services;
    this.version = options.version;
    this.token = options.token;
    this.headers = customHeaders(options.headers);
    this.#errorDelayMs = options.errorDelayMs;
    ws.binaryType = "arraybuffer";
    ws.on("message", (data, binary) => this.#receive(data, binary));
    ws.on("ping", () => this.#lastHeard = Date.now());
    ws.on("close", () => this.#dispose());
    // A frame too large or against RFC 6455: ws closes with the code that says so.
    ws.on("error", (error) => services.report(`realtime: socket: ${error.message}`));
  }

  deliver({ bytes, binary }: Frame): void {
    this.#ws.send(bytes, { binary });
  }

  send(message: Message): void {
    this.deliver(encodeMessage(this.version, message));
  }

  ended(channel: Channel): void {
    if (this.#channels.get(channel.topic) === channel) this.#channels.delete(channel.topic);
  }

  /** Closes a socket that nothing came from for a minute; clients send a heartbeat every 25 s. */
  closeIfIdle(): void {
    if (Date.now() - this.#lastHeard > IDLE_MS) this.#ws.close(CLOSE.idle);
  }

  /** Closes a socket that is in no channel, and is not about to be. */
  closeIfEmpty(): void {
    if (this.#channels.size === 0 && !this.#joining) this.#ws.close(CLOSE.idle);
  }

  /** The server goes away for a moment; the client reconnects and rejoins. */
  drain(): void {
    for (const channel of this.#channels.values()) {
      channel.system("ok", "Server requested disconnect");
    }
    this.#ws.close(CLOSE.restart);
  }

  disconnect(): void {
    this.#ws.close(CLOSE.disconnect);
  }

  terminate(): void {
    this.#ws.terminate();
  }

  #receive(data: RawData, binary: boolean): void {
    this.#lastHeard = Date.now();
    const message = binary
      ? decodeBinary(this.version, new Uint8Array(data as ArrayBuffer))
      : decodeText(this.version, data.toString());
    // What is no message is dropped; the socket stays open.
    if (!message) return;
    this.#handled = this.#handled.then(() => this.#handle(message)).catch((error) => {
      this.#services.report(`realtime: ${JSON.stringify(message.topic)}: ${error.stack}`);
      this.#ws.close(CLOSE.crash);
    });
  }

  async #handle(message: Incoming): Promise<void> {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    const channel = this.#channels.get(message.topic);
    if ("event" in message) {
      if (message.topic === "phoenix" && message.event === "heartbeat") {
        return this.#reply(message, "ok", {});
      }
      if (message.event === "phx_join" && CHANNEL_TOPIC.test(message.topic)) {
        channel?.close();
        return await this.#join(message);
      }
    }
    if (!channel) return this.#unmatched(message);
    // Meant for a channel of this topic that was joined earlier and is no more.
    if (message.joinRef !== null && message.joinRef !== channel.joinRef) return;
    await channel.handle(message);
  }

  async #join(message: Message): Promise<void> {
    const { rates, limits } = this.#services;
    rates.joins.count();
    this.#joining = true;
    try {
      if (rates.joins.exceeded) {
        throw new JoinRefused("ClientJoinRateLimitReached: Too many joins per second");
      }
      if (this.#channels.size >= limits.channelsPerSocket) {
        throw new JoinRefused("ChannelRateLimitReached: Too many channels");
      }
      const channel = await Channel.join(this.#services, this, message);
      if (this.#ws.readyState !== this.#ws.OPEN) return channel.dispose();
      this.#channels.set(message.topic, channel);
      channel.reply(message.ref, "ok", channel.welcome);
      channel.open();
    } catch (error) {
      const reason = joinReason(error, message.topic.replace(CHANNEL_TOPIC, ""));
      if (!isRefusal(error)) {
        this.#services.report(`realtime: ${JSON.stringify(message.topic)}: joining: ${error}`);
      }
      await sleep(this.#errorDelayMs, undefined, { ref: false });
      this.#reply(message, "error", { reason });
      if (rates.joins.exceeded) this.disconnect();
    } finally {
      this.#joining = false;
    }
  }

  /** Leaving what one is not in is no error. */
  #unmatched(message: Incoming): void {
    if ("event" in message && message.event === "phx_leave") this.#reply(message, "ok", {});
    else this.#reply(message, "error", { reason: "unmatched topic" });
  }

  #reply(to: Incoming, status: "ok" | "error", response: unknown): void {
    const { joinRef, ref, topic } = to;
    this.send({ joinRef, ref, topic, event: "phx_reply", payload: { status, response } });
  }

  #dispose(): void {
    for (const channel of this.#channels.values()) channel.dispose();
    this.#channels.clear();
  }
}

/** Policies see the x-* headers of the connection. */
function customHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const custom = Object.entries(headers).filter(([name]) => name.startsWith("x-"));
  return Object.fromEntries(custom.map(([name, value]) => [name, String(value)]));
}
