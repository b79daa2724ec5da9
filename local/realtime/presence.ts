import { randomBytes } from "node:crypto";
import type { Address } from "./fanout.ts";
import { addressKey } from "./fanout.ts";

/** What one channel says about itself, with the reference by which clients tell versions apart. */
export type Meta = Record<string, unknown> & { phx_ref: string; phx_ref_prev?: string };
export type PresenceState = Record<string, { metas: Meta[] }>;

export interface PresenceDiff {
  joins: PresenceState;
  leaves: PresenceState;
}

/** Who is there: the metas of a channel by whoever tracks them, under a key several may share. */
type Room = Map<object, { key: string; meta: Meta }>;

/** Who has announced itself on which channel. Every change is told as the difference it makes. */
export class Presence {
  readonly #rooms = new Map<string, Room>();
  readonly #announce: (address: Address, diff: PresenceDiff) => void;

  constructor(announce: (address: Address, diff: PresenceDiff) => void) {
    this.#announce = announce;
  }

  state(address: Address): PresenceState {
    const state: PresenceState = {};
    for (const { key, meta } of this.#rooms.get(addressKey(address))?.values() ?? []) {
      (state[key] ??= { metas: [] }).metas.push(meta);
    }
    return state;
  }

  /** Announces somebody, or what changed about them: a join with phx_ref_prev, and a leave. */
  track(address: Address, who: object, key: string, payload: Record<string, unknown>): void {
    const place = addressKey(address);
    const room = this.#rooms.get(place) ?? new Map();
    this.#rooms.set(place, room);
    const before = room.get(who);
    const meta: Meta = {
      ...payload,
      phx_ref: randomBytes(12).toString("base64"),
      ...(before && { phx_ref_prev: before.meta.phx_ref }),
    };
    room.set(who, { key, meta });
    this.#announce(address, {
      joins: { [key]: { metas: [meta] } },
      leaves: before ? { [key]: { metas: [before.meta] } } : {},
    });
  }

  untrack(address: Address, who: object): void {
    const place = addressKey(address);
    const room = this.#rooms.get(place);
    const gone = room?.get(who);
    if (!room || !gone) return;
    room.delete(who);
    if (room.size === 0) this.#rooms.delete(place);
    this.#announce(address, { joins: {}, leaves: { [gone.key]: { metas: [gone.meta] } } });
  }
}
