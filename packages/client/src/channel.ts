import type { RealtimeChannel } from "@supabase/supabase-js";
import {
  channelAddress,
  type ChannelName,
  type ChannelParameters,
  type EventName,
  type EventPayload,
  payloadSchema,
} from "../../../shared/realtime/events/catalogue.ts";
import type { BusymateClient } from "./client.ts";

export type ChannelState =
  | { kind: "joined" }
  /** For good, unless supabase-js says that it joins again: leave, and make a new one. */
  | { kind: "lost"; reason: string }
  /** A message that the contract does not know. */
  | { kind: "fault"; event: string; error: unknown };

/** A private channel whose events are known. The feed has that of its workspace for itself. */
export function privateChannel<Name extends ChannelName>(
  { supabase }: BusymateClient,
  name: Name,
  parameters: ChannelParameters<Name>,
): Channel<Name> {
  return new Channel(supabase, name, parameters);
}

export class Channel<Name extends ChannelName> {
  readonly #supabase: BusymateClient["supabase"];
  readonly #name: Name;
  readonly #channel: RealtimeChannel;
  #report: (state: ChannelState) => void = () => {};

  constructor(
    supabase: BusymateClient["supabase"],
    name: Name,
    parameters: ChannelParameters<Name>,
  ) {
    this.#supabase = supabase;
    this.#name = name;
    this.#channel = supabase.channel(channelAddress(name, parameters), {
      config: { private: true },
    });
  }

  /** Calls back with every such event; to be said before joining. */
  on<Event extends EventName<Name>>(
    event: Event,
    listener: (payload: EventPayload<Name, Event>) => void,
  ): this {
    const schema = payloadSchema(this.#name, event);
    if (!schema) throw new TypeError(`${this.#name} has no event ${event}`);
    this.#channel.on("broadcast", { event }, ({ payload }) => {
      const parsed = schema.safeParse(payload);
      if (parsed.success) listener(parsed.data as EventPayload<Name, Event>);
      else this.#report({ kind: "fault", event, error: parsed.error });
    });
    return this;
  }

  /** Resolves once joined, rejects when refused; what happens later is reported. */
  async join(onState: (state: ChannelState) => void = () => {}): Promise<this> {
    this.#report = onState;
    // Before the token is there, a private channel would be joined as nobody and refused.
    await this.#supabase.realtime.setAuth();
    await new Promise<void>((resolve, reject) => {
      this.#channel.subscribe((status, error) => {
        if (status === "SUBSCRIBED") {
          this.#report({ kind: "joined" });
          return resolve();
        }
        const reason = error?.message ?? status;
        this.#report({ kind: "lost", reason });
        reject(new Error(`${this.#channel.topic}: ${reason}`, { cause: error }));
      });
    });
    return this;
  }

  async leave(): Promise<void> {
    this.#report = () => {};
    await this.#supabase.removeChannel(this.#channel);
  }
}
