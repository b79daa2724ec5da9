import { expect } from "vitest";
import { Clients, join, type Listener } from "../../realtime/support/client.ts";
import type { Target } from "../../realtime/support/target.ts";
import { stack } from "../../support/stack.ts";

/** Listeners to private channels by supabase-js, each on a connection of its own. */
export class Ears {
  readonly #clients: Clients;

  constructor() {
    const { url, publishable_key: publishableKey } = stack();
    this.#clients = new Clients({ url, publishableKey } as Target, "2.0.0");
  }

  async on(token: string, channel: string): Promise<Listener> {
    return await join(await this.#clients.connect(() => Promise.resolve(token)), channel);
  }

  close(): Promise<void> {
    return this.#clients.close();
  }
}

/** Waits until a listener has heard an event that says this. */
export async function heard(
  { broadcasts }: Listener,
  event: string,
  says: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  let payload: unknown;
  await expect.poll(() => {
    payload = broadcasts.find((message) => {
      try {
        expect(message).toMatchObject({ event, payload: says });
        return true;
      } catch {
        return false;
      }
    })?.payload;
    return payload;
  }, { message: `${event} ${JSON.stringify(says)}`, interval: 10 }).toBeDefined();
  return payload as Record<string, unknown>;
}
