import type { SupabaseClient } from "@supabase/supabase-js";
import { type ChannelName, CHANNELS } from "../../../shared/realtime/events/catalogue.ts";
import { stack } from "../../support/stack.ts";
import {
  database,
  type Device,
  enrol,
  newDevice,
  newPerson,
  type Person,
} from "../../support/world.ts";
import { Clients } from "./client.ts";
import type { Target } from "./target.ts";

/** Every kind of caller there is. */
export const CALLERS = [
  "anonymous",
  "viewer",
  "member",
  "stranger",
  "admin",
  "device",
  "proxy",
  "revoked",
] as const;
export type Caller = (typeof CALLERS)[number];

export const channelNames = Object.keys(CHANNELS) as ChannelName[];

/** All of the member's workspace, but the stranger. The proxy writes for itself and the device. */
export interface Cast {
  member: Person;
  viewer: Person;
  stranger: Person;
  admin: Person;
  device: Device;
  proxy: Device;
  tokens: Record<Exclude<Caller, "anonymous">, string>;
  /** A new connection: supabase-js ends one with its last channel, and shares channels by name. */
  connect(caller: Caller): Promise<SupabaseClient>;
  /** The name of a channel of the member's workspace, of the device, or of the viewer. */
  addressOf(channel: ChannelName): string;
  close(): Promise<void>;
}

export async function assembleCast(): Promise<Cast> {
  const [member, viewer, stranger, admin, gone] = await Promise.all([
    newPerson(),
    newPerson("viewer"),
    newPerson(),
    newPerson("admin"),
    newPerson("admin"),
  ]) as [Person, Person, Person, Person, Person];
  await enrol(member.workspaceId, viewer);
  const [device, proxy] = await Promise.all([newDevice(member), newDevice(member)]);
  const sql = database();
  await sql`
    update public.device_jwts set device_uuids = array[${proxy.uuid}, ${device.uuid}]::uuid[]
    where device_uuid = ${proxy.uuid}`;
  await sql`update public.api_tokens set revoked_at = now() where user_id = ${gone.id}`;
  const tokens = {
    viewer: viewer.token,
    member: member.token,
    stranger: stranger.token,
    admin: admin.token,
    device: device.token,
    proxy: proxy.token,
    revoked: gone.token,
  };
  const { url, publishable_key: publishableKey } = stack();
  const sockets = new Clients({ url, publishableKey } as Target, "2.0.0");
  return {
    member,
    viewer,
    stranger,
    admin,
    device,
    proxy,
    tokens,
    connect: (caller) =>
      sockets.connect(
        caller === "anonymous" ? undefined : () => Promise.resolve(tokens[caller]),
      ),
    addressOf: (channel) =>
      CHANNELS[channel].address
        .replace("{workspace_id}", member.workspaceId)
        .replace("{device_uuid}", device.uuid)
        .replace("{user_id}", viewer.id),
    close: () => sockets.close(),
  };
}
