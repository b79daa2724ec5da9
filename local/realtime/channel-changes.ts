import { setTimeout as sleep } from "node:timers/promises";
import { changeId, ChangeRefused } from "./change-filter.ts";
import type { ChangeListener, Changes } from "./changes.ts";
import type { Claims } from "./token.ts";

const RETRY_MS = 5000;

/** What a channel is told of, and of its subscription. */
export interface ChangesChannel extends ChangeListener {
  system(status: "ok" | "error", message: string, extension: string): void;
}

/** The changes of tables that one channel asked for. */
export class OwnChanges {
  readonly #changes: Changes;
  readonly #channel: ChangesChannel;
  readonly #params: readonly unknown[];
  readonly #report: (line: string) => void;
  /** Of the newest token; undefined before the first and after the end. */
  #claims: Claims | undefined;

  constructor(
    changes: Changes,
    channel: ChangesChannel,
    params: readonly unknown[],
    report: (line: string) => void,
  ) {
    this.#changes = changes;
    this.#channel = channel;
    this.#params = params;
    this.#report = report;
  }

  /** What was asked for, with the numbers that changes will name it by. */
  get promised(): unknown[] {
    return this.#params.map((param) => ({ ...param as object, id: changeId(param) }));
  }

  /** Subscribes with these claims instead of earlier ones. What cannot be had is said, not thrown. */
  async follow(claims: Claims): Promise<void> {
    if (this.#params.length === 0) return;
    if (this.#claims) await this.#unsubscribe();
    this.#claims = claims;
    while (this.#claims === claims) {
      try {
        await this.#changes.subscribe(this.#channel, this.#params, claims);
        // The channel may have ended meanwhile.
        if (!this.#claims) return await this.#unsubscribe();
        if (this.#claims === claims) this.#say("ok", "Subscribed to PostgreSQL");
        return;
      } catch (error) {
        if (error instanceof ChangeRefused) return this.#say("error", error.message);
        this.#report(`realtime: subscribing to changes: ${error}`);
        await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
  }

  async end(): Promise<void> {
    this.#claims = undefined;
    await this.#unsubscribe();
  }

  #say(status: "ok" | "error", message: string): void {
    this.#channel.system(status, message, "postgres_changes");
  }

  async #unsubscribe(): Promise<void> {
    try {
      await this.#changes.unsubscribe(this.#channel);
    } catch (error) {
      this.#report(`realtime: unsubscribing from changes: ${error}`);
    }
  }
}
