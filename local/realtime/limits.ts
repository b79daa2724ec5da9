/** What a project may do; the server's own defaults. Hosted plans set them higher or lower. */
export const DEFAULT_LIMITS = {
  /** Sockets at a time. */
  clients: 200,
  /** Joins of channels a second. */
  joinsPerSecond: 100,
  /** Broadcasts and changes a second, each counted when it comes and for each who gets it. */
  eventsPerSecond: 100,
  presencePerSecond: 1000,
  channelsPerSocket: 100,
  payloadBytes: 3_000 * 1000 + 500,
  /** Calls of one channel that change its presence, in every 30 seconds. */
  presenceCalls: 5,
};

export type Limits = typeof DEFAULT_LIMITS;

export const PRESENCE_WINDOW_MS = 30_000;
const RATE_BUCKETS = 12;
/** How often rates are looked at: a limit that was passed takes that long to show. */
export const RATE_TICK_MS = 5000;

/**
 * The average rate of about a minute, looked at every few seconds: a burst is let through, and what
 * is over the limit stays so until the average has come down.
 */
export class RateMeter {
  readonly #limit: number;
  readonly #tickMs: number;
  readonly #buckets: number[] = [];
  #current = 0;
  #exceeded = false;

  constructor(limit: number, tickMs: number) {
    this.#limit = limit;
    this.#tickMs = tickMs;
  }

  get exceeded(): boolean {
    return this.#exceeded;
  }

  count(events = 1): void {
    this.#current += events;
  }

  tick(): void {
    this.#buckets.push(this.#current);
    this.#current = 0;
    if (this.#buckets.length > RATE_BUCKETS) this.#buckets.shift();
    const events = this.#buckets.reduce((sum, bucket) => sum + bucket, 0);
    const seconds = this.#buckets.length * this.#tickMs / 1000;
    this.#exceeded = events / seconds >= this.#limit;
  }
}

/** The rates of a whole project. */
export class Rates {
  readonly events: RateMeter;
  readonly joins: RateMeter;
  readonly presence: RateMeter;
  readonly #timer: NodeJS.Timeout;

  constructor(limits: Limits, tickMs: number) {
    this.events = new RateMeter(limits.eventsPerSecond, tickMs);
    this.joins = new RateMeter(limits.joinsPerSecond, tickMs);
    this.presence = new RateMeter(limits.presencePerSecond, tickMs);
    this.#timer = setInterval(() => {
      for (const meter of [this.events, this.joins, this.presence]) meter.tick();
    }, tickMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
