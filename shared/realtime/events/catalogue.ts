import type { z } from "zod";
import { device, proxies } from "./device.ts";
import { devices, deviceStatus, person, profiles } from "./fleet.ts";
import { iosBuild, settings } from "./settings.ts";
import { workspace } from "./workspace.ts";

/** Every private channel, by a name of its own. */
export const CHANNELS = {
  workspace,
  device,
  person,
  devices,
  deviceStatus,
  profiles,
  settings,
  proxies,
  iosBuild,
};

export type ChannelName = keyof typeof CHANNELS;

export type EventName<Channel extends ChannelName> =
  & keyof (typeof CHANNELS)[Channel]["events"]
  & string;

/** What an event carries; as sent it has also `id`, the message's own unless the payload has one. */
export type EventPayload<Channel extends ChannelName, Event extends EventName<Channel>> =
  (typeof CHANNELS)[Channel]["events"][Event] extends { payload: infer Payload extends z.ZodType }
    ? z.output<Payload>
    : never;

/** What varies in an address: `ws:{workspace_id}` takes a workspace_id. */
type ParametersOf<Address extends string> = Address extends `${string}{${infer Name}}${infer Rest}`
  ? Record<Name, string> & ParametersOf<Rest>
  : unknown;

/** What the name of a channel is made of; `{}` where there is only one of it. */
export type ChannelParameters<Channel extends ChannelName> =
  & ParametersOf<(typeof CHANNELS)[Channel]["address"]>
  & object;

/** The name of a channel, as it is joined. */
export function channelAddress<Channel extends ChannelName>(
  channel: Channel,
  parameters: ChannelParameters<Channel>,
): string {
  const given = new Map<string, string>(Object.entries(parameters));
  return CHANNELS[channel].address.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = given.get(name);
    if (value === undefined) throw new TypeError(`${channel} is told by its ${name}`);
    return value;
  });
}

/** The schema of an event on a channel of that address; undefined for what is no event of ours. */
export function payloadSchema(channel: ChannelName, event: string): z.ZodObject | undefined {
  const events: Record<string, { payload: z.ZodObject }> = CHANNELS[channel].events;
  return Object.hasOwn(events, event) ? events[event]!.payload : undefined;
}
