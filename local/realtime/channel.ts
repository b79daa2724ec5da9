import { setTimeout as sleep } from "node:timers/promises";
import type { Authorizer, Caller, Extension } from "./authorize.ts";
import { type Fanout, type Member, wireTopic } from "./fanout.ts";
import type { Frame, Incoming, Message, Version } from "./frames.ts";
import { type JoinConfig, parseJoin } from "./join-config.ts";
import { DatabaseFault, JoinRefused, NotPermitted, systemMessage } from "./refusal.ts";
import { assertUnexpired, type Credential, type Verify } from "./token.ts";

const EXPIRY_CHECK_MS = 300_000;
const READY_POLL_MS = 500;
const READY_DEADLINE_MS = 60_000;
const OPAQUE_KEY = /^sb_/;

/** What all channels of the server share. */
export interface ChannelServices {
  verify: Verify;
  authorizer: Authorizer;
  fanout: Fanout;
  /** Resolves once messages of today can be stored. */
  ready(): Promise<void>;
  /** Whether messages sent from the database arrive. */
  streaming(): boolean;
  report(line: string): void;
}

/** The socket a channel belongs to. */
export interface Transport {
  readonly version: Version;
  /** The token the socket was opened with. */
  readonly token: string;
  readonly headers: Record<string, string>;
  deliver(frame: Frame): void;
  send(message: Message): void;
  /** The channel has ended by itself. */
  ended(channel: Channel): void;
}

/** A joined channel of one socket. It never outlives its token. */
export class Channel implements Member {
  readonly topic: string;
  readonly joinRef: string | null;
  readonly config: JoinConfig;
  readonly #services: ChannelServices;
  readonly #transport: Transport;
  #credential: Credential;
  #readable: ReadonlySet<Extension>;
  /** Asked at the first broadcast, forgotten with the token. */
  #mayBroadcast: boolean | undefined;
  #renewing = false;
  #expiry: NodeJS.Timeout | undefined;
  #closed = false;

  /** Joins, or throws what joinReason() puts into words. */
  static async join(
    services: ChannelServices,
    transport: Transport,
    { topic, joinRef, ref, payload }: Message,
  ): Promise<Channel> {
    const name = topic.slice(wireTopic("").length);
    if (name === "") throw new JoinRefused("TopicNameRequired: You must provide a topic name");
    const { config, accessToken } = parseJoin(payload);
    const token = accessToken === undefined || OPAQUE_KEY.test(accessToken)
      ? transport.token
      : accessToken;
    const credential = await services.verify(token);
    await services.ready();
    const readable = await readableBy(services, transport, name, credential, config);
    if (config.unserved.length > 0) {
      throw new JoinRefused(`NotServed: This server does not serve ${config.unserved.join(", ")}`);
    }
    return new Channel(services, transport, { topic, joinRef: joinRef ?? ref }, config, {
      credential,
      readable,
    });
  }

  private constructor(
    services: ChannelServices,
    transport: Transport,
    { topic, joinRef }: { topic: string; joinRef: string | null },
    config: JoinConfig,
    { credential, readable }: { credential: Credential; readable: ReadonlySet<Extension> },
  ) {
    this.#services = services;
    this.#transport = transport;
    this.topic = topic;
    this.joinRef = joinRef;
    this.config = config;
    this.#credential = credential;
    this.#readable = readable;
  }

  get name(): string {
    return this.topic.slice(wireTopic("").length);
  }

  get version(): Version {
    return this.#transport.version;
  }

  get receives(): boolean {
    return this.#readable.has("broadcast") && Date.now() < this.#credential.claims.exp * 1000;
  }

  deliver(frame: Frame): void {
    this.#transport.deliver(frame);
  }

  /** Starts delivery; after the reply to the join. */
  open(): void {
    this.#services.fanout.join(this.#address, this);
    this.#watchExpiry();
    if (this.config.replicationReady) void this.#announceReplication();
  }

  async handle(message: Incoming): Promise<void> {
    if ("broadcast" in message) return await this.#broadcast(message.ref, message.broadcast);
    switch (message.event) {
      case "broadcast":
        return await this.#broadcast(message.ref, { payload: message.payload });
      case "access_token":
        return await this.#renew(message.payload);
      case "phx_leave":
        this.reply(message.ref, "ok", {});
        return this.close();
        // Anything else is ignored, as hosted.
    }
  }

  reply(ref: string | null, status: "ok" | "error", response: unknown): void {
    this.#send("phx_reply", { status, response }, ref);
  }

  system(status: "ok" | "error", message: string): void {
    this.#send("system", { extension: "system", status, message, channel: this.name });
  }

  /** Tells the client that the channel is over. To supabase-js that is final: it does not rejoin. */
  close(): void {
    if (this.#closed) return;
    this.dispose();
    this.#send("phx_close", {}, this.joinRef);
    this.#transport.ended(this);
  }

  /** Ends the channel without a word: the socket is gone. */
  dispose(): void {
    this.#closed = true;
    clearTimeout(this.#expiry);
    this.#services.fanout.leave(this.#address, this);
  }

  get #address() {
    return { name: this.name, private: this.config.private };
  }

  #send(event: string, payload: unknown, ref: string | null = null): void {
    this.#transport.send({ joinRef: this.joinRef, ref, topic: this.topic, event, payload });
  }

  #fail(message: string): void {
    if (this.#closed) return;
    this.system("error", message);
    this.close();
  }

  async #broadcast(ref: string | null, message: Parameters<Fanout["publish"]>[1]): Promise<void> {
    if (!(await this.#maySend())) return;
    const { ack, self } = this.config;
    this.#services.fanout.publish(this.#address, message, self ? undefined : this);
    if (ack) this.reply(ref, "ok", {});
  }

  /** Without permission a broadcast is dropped in silence: no error, and no reply even with ack. */
  async #maySend(): Promise<boolean> {
    if (!this.config.private) return true;
    if (this.#mayBroadcast !== undefined) return this.#mayBroadcast;
    try {
      const caller = callerOf(this.#transport, this.name, this.#credential);
      return this.#mayBroadcast = await this.#services.authorizer.write(caller, "broadcast");
    } catch (error) {
      if (!(error instanceof DatabaseFault)) throw error;
      this.#services.report(`realtime: ${JSON.stringify(this.topic)}: sending: ${error.message}`);
      return false;
    }
  }

  async #renew(payload: unknown): Promise<void> {
    const token = (payload as { access_token?: unknown } | null)?.access_token;
    if (typeof token !== "string" || OPAQUE_KEY.test(token)) return;
    if (token === this.#credential.token) return;
    this.#renewing = true;
    try {
      const credential = await this.#services.verify(token);
      const readable = await readableBy(
        this.#services,
        this.#transport,
        this.name,
        credential,
        this.config,
      );
      if (this.#closed) return;
      for (const extension of this.#readable) {
        if (!readable.has(extension)) {
          return this.#fail(
            `You no longer have permission to read from this Channel topic: ${this.name}`,
          );
        }
      }
      this.#credential = credential;
      this.#readable = readable;
      this.#mayBroadcast = undefined;
      this.#watchExpiry();
    } catch (error) {
      this.#fail(systemMessage(error, this.name));
    } finally {
      this.#renewing = false;
    }
  }

  /** Timers reach 24 days, tokens a year: so it looks again every few minutes, and exactly at exp. */
  #watchExpiry(): void {
    clearTimeout(this.#expiry);
    const left = this.#credential.claims.exp * 1000 - Date.now();
    this.#expiry = setTimeout(() => this.#checkExpiry(), Math.min(left, EXPIRY_CHECK_MS));
  }

  #checkExpiry(): void {
    // A renewal that came in time decides instead; nothing is delivered until it has.
    if (this.#renewing) return;
    try {
      assertUnexpired(this.#credential.claims);
      this.#watchExpiry();
    } catch (error) {
      this.#fail(systemMessage(error, this.name));
    }
  }

  async #announceReplication(): Promise<void> {
    const deadline = Date.now() + READY_DEADLINE_MS;
    while (!this.#services.streaming()) {
      if (Date.now() >= deadline) {
        return this.#fail("Replication connection was not established in time");
      }
      await sleep(READY_POLL_MS, undefined, { ref: false });
    }
    if (!this.#closed) this.system("ok", "Replication connection established");
  }
}

/** What the caller may read of a channel: of a public one everything. */
async function readableBy(
  { authorizer }: ChannelServices,
  transport: Transport,
  name: string,
  credential: Credential,
  config: JoinConfig,
): Promise<ReadonlySet<Extension>> {
  const extensions: Extension[] = config.presence ? ["broadcast", "presence"] : ["broadcast"];
  if (!config.private) return new Set(extensions);
  const caller = callerOf(transport, name, credential);
  const readable = await authorizer.read(caller, extensions);
  if (readable.size === 0) throw new NotPermitted();
  return readable;
}

const callerOf = ({ headers }: Transport, topic: string, { claims }: Credential): Caller => ({
  topic,
  claims,
  headers,
});
