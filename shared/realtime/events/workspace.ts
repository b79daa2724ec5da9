import { z } from "zod";
import { entriesEventSchema } from "../channels.ts";
import { defineChannel, timestamp, uuid } from "./event.ts";

/** What happened in a workspace. */
export const workspace = defineChannel({
  address: "ws:{workspace_id}",
  summary:
    "What is captured in a workspace, held by its breakpoints, and going on with its devices",
  joinedBy: "People who see the workspace and hold entries:view.",
  presence: "Those who may join.",
  events: {
    entries: {
      summary: "Entries have arrived: those of one statement, at most 100 a message",
      sentBy: "ingest of entries",
      payload: entriesEventSchema,
    },
    breakpoint: {
      summary: "An exchange is held until somebody decides, or for 60 seconds",
      sentBy: "an insert into breakpoint_events by the device",
      payload: z.object({
        id: uuid,
        request_id: z.string(),
        device_uuid: uuid,
        phase: z.enum(["request", "response"]),
        method: z.string().nullable(),
        url: z.string().max(2048).nullable().describe("Cut at 2,048 characters."),
        held_at: timestamp,
        expires_at: timestamp,
      }),
    },
    "breakpoint-resolved": {
      summary: "A held exchange goes on",
      sentBy: "resolve_breakpoint, or the end of the 60 seconds",
      payload: z.object({
        id: uuid,
        request_id: z.string(),
        device_uuid: uuid,
        decision: z.enum(["continue", "edit", "abort", "timeout"]),
      }),
    },
    cleared: {
      summary: "The owner has deleted the entries up to a moment, or a part of them",
      sentBy: "clear_entries",
      payload: z.object({ before: timestamp, deleted: z.int(), complete: z.boolean() }),
    },
    device: {
      summary: "A device of the workspace came, changed or went",
      sentBy: "changes of devices that people see, not heartbeats",
      payload: z.object({ uuid, op: z.enum(["INSERT", "UPDATE", "DELETE"]) }),
    },
    "device-status": {
      summary: "A device went on- or offline, or its tunnel or country changed",
      sentBy: "changes of device_status, not heartbeats",
      payload: z.object({
        uuid,
        online: z.boolean(),
        vpn_state: z.enum(["connected", "connecting", "disconnected"]).nullable(),
        ip_country: z.string().regex(/^[A-Z]{2}$/).nullable(),
      }),
    },
  },
});
