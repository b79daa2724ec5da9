import {
  createClient,
  type RealtimeChannel,
  type RealtimeChannelOptions,
  type SupabaseClient,
} from "@supabase/supabase-js";
import { vi } from "vitest";
import { WebSocket } from "ws";
import type { Target } from "./target.ts";

export const VERSIONS = ["1.0.0", "2.0.0"] as const;
export type ProtocolVersion = (typeof VERSIONS)[number];

export interface Received {
  type: string;
  event: string;
  payload: unknown;
  meta?: { id: string };
}

/** A channel of supabase-js and everything that happened on it. */
export interface Listener {
  channel: RealtimeChannel;
  /** What subscribe() reported, in order. */
  statuses: string[];
  errors: string[];
  broadcasts: Received[];
  system: { status: string; message: string }[];
}

/** Clients of one test; `close` ends them all. */
export class Clients {
  readonly #target: Target;
  readonly #version: ProtocolVersion;
  readonly #open: SupabaseClient[] = [];

  constructor(target: Target, version: ProtocolVersion) {
    this.#target = target;
    this.#version = version;
  }

  /** A client of supabase-js; with a token source, whose token it has before it returns. */
  async connect(accessToken?: () => Promise<string>): Promise<SupabaseClient> {
    const client = this.connectAtOnce(accessToken);
    if (accessToken) await client.realtime.setAuth();
    return client;
  }

  /** A client that may subscribe before it has its token. */
  connectAtOnce(
    accessToken?: () => Promise<string>,
    options: { heartbeatIntervalMs?: number } = {},
  ): SupabaseClient {
    const { url, publishableKey } = this.#target;
    const client = createClient(url, publishableKey, {
      ...(accessToken ? { accessToken } : { auth: { persistSession: false } }),
      realtime: {
        transport: WebSocket as unknown as typeof globalThis.WebSocket,
        vsn: this.#version,
        ...options,
      },
    });
    this.#open.push(client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((client) => client.realtime.disconnect()));
  }
}

/** Subscribes and takes down what comes; does not wait. */
export function listen(
  client: SupabaseClient,
  name: string,
  config: RealtimeChannelOptions["config"],
): Listener {
  const channel = client.channel(name, { config });
  const listener: Listener = { channel, statuses: [], errors: [], broadcasts: [], system: [] };
  channel
    .on("broadcast", { event: "*" }, (message) => listener.broadcasts.push(message as Received))
    .on("system", {}, (message) => listener.system.push(message))
    .subscribe((status, error) => {
      listener.statuses.push(status);
      if (error) listener.errors.push(error.message);
    });
  return listener;
}

/** Subscribes and waits until it has. */
export async function join(
  client: SupabaseClient,
  name: string,
  config: RealtimeChannelOptions["config"] = { private: true },
): Promise<Listener> {
  const listener = listen(client, name, config);
  await until(() => listener.statuses.length > 0);
  if (listener.statuses[0] !== "SUBSCRIBED") {
    throw new Error(`${name}: ${listener.statuses[0]} ${listener.errors.join()}`);
  }
  return listener;
}

/** Waits for a condition of the outside world. */
export async function until(condition: () => boolean, timeout = 8000): Promise<void> {
  await vi.waitFor(() => {
    if (!condition()) throw new Error(`still not: ${condition}`);
  }, { timeout, interval: 5 });
}
