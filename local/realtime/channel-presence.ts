import type { Address } from "./fanout.ts";
import type { Limits } from "./limits.ts";
import { PRESENCE_WINDOW_MS, type RateMeter } from "./limits.ts";
import type { Permissions } from "./permissions.ts";
import type { Presence } from "./presence.ts";

/** How a call came out: a reply to the client, or the end of its channel. */
export type PresenceOutcome =
  | { status: "ok" | "error"; response: Record<string, unknown> }
  | { fatal: string };

/** What one channel says about its own presence, and how often it may. */
export class OwnPresence {
  readonly #presence: Presence;
  readonly #address: Address;
  readonly #key: string;
  readonly #limits: Limits;
  readonly #rate: RateMeter;
  #calls: number[] = [];
  #tracked = false;

  constructor(
    presence: Presence,
    address: Address,
    key: string,
    { limits, rate }: { limits: Limits; rate: RateMeter },
  ) {
    this.#presence = presence;
    this.#address = address;
    this.#key = key;
    this.#limits = limits;
    this.#rate = rate;
  }

  /** Whether it has announced itself. */
  get tracked(): boolean {
    return this.#tracked;
  }

  async call(permissions: Permissions, payload: unknown): Promise<PresenceOutcome> {
    if (this.#rate.exceeded) return { fatal: "Too many presence messages per second" };
    this.#rate.count();
    if (!this.#admitCall()) return { fatal: "Client presence rate limit exceeded" };
    if (!(await permissions.mayWrite("presence"))) return { status: "error", response: {} };
    const { event, payload: state } = (payload ?? {}) as Record<string, unknown>;
    switch (typeof event === "string" ? event.toLowerCase() : undefined) {
      case "track":
        return this.#track(state ?? {});
      case "untrack":
        this.leave();
        return OK;
      default:
        return { status: "error", response: { reason: `Unknown presence event: ${event}` } };
    }
  }

  leave(): void {
    this.#tracked = false;
    this.#presence.untrack(this.#address, this);
  }

  #track(state: unknown): PresenceOutcome {
    if (typeof state !== "object" || state === null || Array.isArray(state)) {
      return { status: "error", response: { reason: "Presence track payload must be a map" } };
    }
    if (Buffer.byteLength(JSON.stringify(state)) > this.#limits.payloadBytes) {
      return { fatal: "Track message size exceeded" };
    }
    this.#tracked = true;
    this.#presence.track(this.#address, this, this.#key, state as Record<string, unknown>);
    return OK;
  }

  #admitCall(): boolean {
    const now = Date.now();
    this.#calls = this.#calls.filter((at) => now - at < PRESENCE_WINDOW_MS);
    return this.#calls.push(now) <= this.#limits.presenceCalls;
  }
}

const OK: PresenceOutcome = { status: "ok", response: {} };
