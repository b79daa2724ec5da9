import { z } from "zod";

/** An event of a private channel: declared here, and everything else is made from that. */
export interface EventDefinition<Payload extends z.ZodObject = z.ZodObject> {
  /** What it tells, in a sentence. */
  summary: string;
  /** What makes the database send it. */
  sentBy: string;
  payload: Payload;
}

/** A private channel, or one for each of what its name ends with. */
export interface ChannelDefinition<
  Address extends string = string,
  Events extends Record<string, EventDefinition> = Record<string, EventDefinition>,
> {
  /** The name, with what varies in braces. */
  address: Address;
  summary: string;
  /** Who may join, in a sentence. The policies on realtime.messages decide. */
  joinedBy: string;
  /** Who may announce itself there and see who did; nobody where it is left out. */
  presence?: string;
  events: Events;
}

/** Keeps the address, the names of the events and those of their fields in the type. */
export const defineChannel = <
  const Address extends string,
  Events extends Record<string, EventDefinition>,
>(channel: ChannelDefinition<Address, Events>): ChannelDefinition<Address, Events> => channel;

export const uuid = z.guid();
/** As Postgres writes it in JSON: to the microsecond, with an offset. */
export const timestamp = z.iso.datetime({ offset: true });

/** The smallest thing to say: this has changed, read it again. */
export const deviceHint = z.object({ uuid, workspace_id: uuid });
