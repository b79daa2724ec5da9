import { type Broadcast, encodeBroadcast, encodeMessage } from "./frames.ts";
import type { Frame, Version } from "./frames.ts";
import type { RateMeter } from "./limits.ts";
import type { PresenceDiff } from "./presence.ts";

/** A member of a channel that broadcasts are delivered to. */
export interface Member {
  readonly version: Version;
  /** False while it may not read broadcasts; asked for every delivery. */
  readonly receives: boolean;
  /** Whether it is told who comes and goes. */
  readonly seesPresence: boolean;
  /** A broadcast; `id` is that of its row, when it has one. */
  deliver(frame: Frame, id?: string): void;
  presenceChanged(diff: PresenceDiff): void;
  /** There is more to deliver than the project may. */
  overrun(): void;
}

/** A channel: public and private ones of the same name are two. */
export interface Address {
  name: string;
  private: boolean;
}

/** A client's own text broadcast, whose payload is passed on as it came. */
export interface Relayed {
  payload: unknown;
}

export const wireTopic = (name: string) => `realtime:${name}`;

export const addressKey = (address: Address) =>
  `${address.private ? "private" : "public"}:${address.name}`;

/** Who listens where. Encodes a broadcast once a version, however many members there are. */
export class Fanout {
  readonly #members = new Map<string, Set<Member>>();
  readonly #rate: RateMeter;

  /** `rate` counts every message that comes, and every delivery of it. */
  constructor(rate: RateMeter) {
    this.#rate = rate;
  }

  join(address: Address, member: Member): void {
    const key = addressKey(address);
    const members = this.#members.get(key);
    if (members) members.add(member);
    else this.#members.set(key, new Set([member]));
  }

  leave(address: Address, member: Member): void {
    const key = addressKey(address);
    const members = this.#members.get(key);
    if (members?.delete(member) && members.size === 0) this.#members.delete(key);
  }

  /** Delivers to all members but `except`, the sender that did not ask for its own copy. */
  publish(address: Address, message: Broadcast | Relayed, except?: Member): void {
    this.#rate.count();
    const members = this.#members.get(addressKey(address));
    if (!members) return;
    const id = "encoding" in message ? message.meta?.id : undefined;
    const frames = new Map<Version, Frame | undefined>();
    for (const member of members) {
      if (member === except || !member.receives) continue;
      if (this.#rate.exceeded) {
        member.overrun();
        continue;
      }
      const { version } = member;
      if (!frames.has(version)) frames.set(version, encode(version, address.name, message));
      const frame = frames.get(version);
      if (!frame) continue;
      this.#rate.count();
      member.deliver(frame, id);
    }
  }

  announce(address: Address, diff: PresenceDiff): void {
    for (const member of this.#members.get(addressKey(address)) ?? []) {
      if (member.seesPresence) member.presenceChanged(diff);
    }
  }
}

function encode(version: Version, name: string, message: Broadcast | Relayed) {
  const topic = wireTopic(name);
  if ("encoding" in message) return encodeBroadcast(version, topic, message);
  const { payload } = message;
  return encodeMessage(version, { joinRef: null, ref: null, topic, event: "broadcast", payload });
}
