import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import type { Authorizer } from "./authorize.ts";
import type { ChangeListener, Changes } from "./changes.ts";
import { OwnChanges } from "./channel-changes.ts";
import { OwnPresence } from "./channel-presence.ts";
import { type Fanout, type Member, wireTopic } from "./fanout.ts";
import type { Frame, Incoming, Message, Version } from "./frames.ts";
import { type JoinConfig, parseJoin } from "./join-config.ts";
import type { Limits, Rates } from "./limits.ts";
import { Permissions } from "./permissions.ts";
import type { Presence, PresenceDiff } from "./presence.ts";
import { DatabaseFault, JoinRefused, systemMessage } from "./refusal.ts";
import { parseReplay, replay, type Replayed, replayFrame } from "./replay.ts";
import { assertUnexpired, type Credential, type Verify } from "./token.ts";

const EXPIRY_CHECK_MS = 300_000;
const READY_POLL_MS = 500;
const READY_DEADLINE_MS = 60_000;
const OPAQUE_KEY = /^sb_/;

/** What all channels of the server share. */
export interface ChannelServices {
  verify: Verify;
  authorizer: Authorizer;
  /** Connections that may do everything. */
  pool: pg.Pool;
  fanout: Fanout;
  presence: Presence;
  changes: Changes;
  limits: Limits;
  rates: Rates;
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
export class Channel implements Member, ChangeListener {
  readonly topic: string;
  readonly joinRef: string | null;
  readonly config: JoinConfig;
  readonly #services: ChannelServices;
  readonly #transport: Transport;
  readonly #presence: OwnPresence;
  readonly #changes: OwnChanges;
  #credential: Credential;
  #permissions: Permissions;
  /** What arrives before the reply to the join, held back until after it. */
  #held: (() => void)[] | undefined = [];
  #replayed: readonly Replayed[] = [];
  readonly #replayedIds = new Set<string>();
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
    const permissions = await permissionsOf(services, transport, name, credential, config);
    const channel = new Channel(services, transport, { topic, joinRef: joinRef ?? ref }, config, {
      credential,
      permissions,
    });
    await channel.#replay();
    return channel;
  }

  private constructor(
    services: ChannelServices,
    transport: Transport,
    { topic, joinRef }: { topic: string; joinRef: string | null },
    config: JoinConfig,
    { credential, permissions }: { credential: Credential; permissions: Permissions },
  ) {
    this.#services = services;
    this.#transport = transport;
    this.topic = topic;
    this.joinRef = joinRef;
    this.config = config;
    this.#credential = credential;
    this.#permissions = permissions;
    const { presence, limits, rates, changes, report } = services;
    this.#changes = new OwnChanges(changes, this, config.changes, report);
    const key = config.presenceKey ?? randomUUID();
    this.#presence = new OwnPresence(presence, this.#address, key, {
      limits,
      rate: rates.presence,
    });
  }

  get name(): string {
    return this.topic.slice(wireTopic("").length);
  }

  get version(): Version {
    return this.#transport.version;
  }

  get receives(): boolean {
    return this.#permissions.reads("broadcast") &&
      Date.now() < this.#credential.claims.exp * 1000;
  }

  get seesPresence(): boolean {
    return (this.config.presence || this.#presence.tracked) &&
      this.#permissions.reads("presence") && Date.now() < this.#credential.claims.exp * 1000;
  }

  /** What the reply to the join says: the changes asked for, each with its number. */
  get welcome(): { postgres_changes: unknown[] } {
    return { postgres_changes: this.#changes.promised };
  }

  deliver(frame: Frame, id?: string): void {
    if (this.#held) this.#held.push(() => this.deliver(frame, id));
    else if (id === undefined || !this.#replayedIds.has(id)) this.#transport.deliver(frame);
  }

  presenceChanged(diff: PresenceDiff): void {
    if (!this.#held) this.#send("presence_diff", diff);
  }

  changed(ids: number[], data: Record<string, unknown>): void {
    if (this.#closed || Date.now() >= this.#credential.claims.exp * 1000) return;
    const { events } = this.#services.rates;
    if (events.exceeded) return;
    events.count();
    this.#send("postgres_changes", { ids, data });
  }

  overrun(): void {
    this.#fail("Too many messages per second");
  }

  /** Starts delivery; after the reply to the join. */
  open(): void {
    const { fanout, presence } = this.#services;
    fanout.join(this.#address, this);
    this.#watchExpiry();
    for (const message of this.#replayed) {
      const frame = replayFrame(this.version, this.topic, this.joinRef, message);
      if (frame) this.#transport.deliver(frame);
    }
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const deliver of held) deliver();
    if (this.seesPresence) this.#send("presence_state", presence.state(this.#address));
    if (this.config.replicationReady) void this.#announceReplication();
    void this.#changes.follow(this.#credential.claims);
  }

  async handle(message: Incoming): Promise<void> {
    if ("broadcast" in message) {
      const { broadcast } = message;
      return await this.#broadcast(message.ref, broadcast, broadcast.body.length);
    }
    switch (message.event) {
      case "broadcast": {
        const { payload } = message;
        const bytes = Buffer.byteLength(JSON.stringify(payload) ?? "");
        return await this.#broadcast(message.ref, { payload }, bytes);
      }
      case "presence":
        return await this.#callPresence(message);
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

  system(status: "ok" | "error", message: string, extension = "system"): void {
    this.#send("system", { extension, status, message, channel: this.name });
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
    this.#presence.leave();
    void this.#changes.end();
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

  async #broadcast(
    ref: string | null,
    message: Parameters<Fanout["publish"]>[1],
    bytes: number,
  ): Promise<void> {
    if (!(await this.#mayBroadcast())) return;
    const { ack, self } = this.config;
    if (bytes > this.#services.limits.payloadBytes) {
      if (ack) this.reply(ref, "error", "payload_size_exceeded");
      return;
    }
    this.#services.fanout.publish(this.#address, message, self ? undefined : this);
    if (ack && !this.#closed) this.reply(ref, "ok", {});
  }

  /** Without permission a broadcast is dropped in silence: no error, and no reply even with ack. */
  async #mayBroadcast(): Promise<boolean> {
    try {
      return await this.#permissions.mayWrite("broadcast");
    } catch (error) {
      if (!(error instanceof DatabaseFault)) throw error;
      this.#services.report(`realtime: ${JSON.stringify(this.topic)}: sending: ${error.message}`);
      return false;
    }
  }

  async #callPresence({ ref, payload }: Message): Promise<void> {
    try {
      // Who did not ask for presence and announces itself sees it from then on.
      await this.#permissions.mayRead("presence");
      const outcome = await this.#presence.call(this.#permissions, payload);
      if ("fatal" in outcome) this.#fail(outcome.fatal);
      else this.reply(ref, outcome.status, outcome.response);
    } catch (error) {
      if (!(error instanceof DatabaseFault)) throw error;
      this.#services.report(`realtime: ${JSON.stringify(this.topic)}: presence: ${error.message}`);
      this.reply(ref, "error", {});
    }
  }

  /** Listens first, so that nothing is missed between what was stored and what arrives. */
  async #replay(): Promise<void> {
    if (this.config.replay === undefined) return;
    const request = parseReplay(this.config.replay, this.config.private);
    this.#services.fanout.join(this.#address, this);
    try {
      if (this.#permissions.reads("broadcast")) {
        this.#replayed = await replay(this.#services.pool, this.#address, request);
      }
    } catch (error) {
      this.dispose();
      throw error;
    }
    for (const { meta } of this.#replayed) this.#replayedIds.add(meta.id);
  }

  async #renew(payload: unknown): Promise<void> {
    const token = (payload as { access_token?: unknown } | null)?.access_token;
    if (typeof token !== "string" || OPAQUE_KEY.test(token)) return;
    if (token === this.#credential.token) return;
    this.#renewing = true;
    try {
      const { config, name } = this;
      const credential = await this.#services.verify(token);
      const permissions = await permissionsOf(
        this.#services,
        this.#transport,
        name,
        credential,
        config,
      );
      if (this.#closed) return;
      if (!this.#permissions.keptBy(permissions)) {
        return this.#fail(`You no longer have permission to read from this Channel topic: ${name}`);
      }
      this.#credential = credential;
      this.#permissions = permissions;
      this.#watchExpiry();
      void this.#changes.follow(credential.claims);
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

/** What the caller may do on a channel: on a public one everything. */
async function permissionsOf(
  { authorizer }: ChannelServices,
  { headers }: Transport,
  topic: string,
  { claims }: Credential,
  config: JoinConfig,
): Promise<Permissions> {
  const caller = config.private ? { topic, claims, headers } : undefined;
  return await Permissions.ask(
    authorizer,
    caller,
    config.presence ? ["broadcast", "presence"] : ["broadcast"],
  );
}
