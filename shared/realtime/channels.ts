import { z } from "zod";

/** Names of the private broadcast channels, and the payloads of their events. */

/** What is captured in a workspace, as it arrives. */
export function workspaceChannel(workspaceId: string): string {
  return `ws:${workspaceId}`;
}

/** The longest path an event carries; the entry itself has the whole. */
export const EVENT_PATH_LENGTH = 256;

/** An entry as events carry it: enough for a list, and never a header or a body. */
export const thinEntrySchema = z.object({
  id: z.guid(),
  request_id: z.string(),
  device_uuid: z.guid(),
  ts: z.string(),
  source: z.string(),
  method: z.string().nullable(),
  host: z.string().nullable(),
  path: z.string().nullable().transform((path) => path?.slice(0, EVENT_PATH_LENGTH) ?? null),
  status: z.number().nullable(),
  duration_ms: z.number().nullable(),
  request_size: z.number().nullable(),
  response_size: z.number().nullable(),
});

/** Event `entries` of a workspace's channel: one statement's rows, at most 100 a message. */
export const entriesEventSchema = z.object({ entries: z.array(thinEntrySchema) });

export type ThinEntry = z.output<typeof thinEntrySchema>;
