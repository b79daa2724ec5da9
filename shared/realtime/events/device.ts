import { z } from "zod";
import { defineChannel, timestamp, uuid } from "./event.ts";

/** Any JSON value. */
const json = z.union([
  z.record(z.string(), z.unknown()),
  z.array(z.unknown()),
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
]);

/** What a device is to do, and what came of it. */
export const device = defineChannel({
  address: "device:{device_uuid}",
  summary: "What a device is told, and what it reports",
  joinedBy: "The device, a shared proxy that writes for it, and people who may edit it.",
  presence: "Those who may join.",
  events: {
    UPDATE: {
      summary: "The device's row has changed: a hint to read it again",
      sentBy: "changes of the row in devices that people see",
      payload: z.object({ uuid }),
    },
    settings: {
      summary: "Settings of the device or of its owner have changed: a hint to read them again",
      sentBy: "changes of settings_device and settings_user",
      payload: z.object({ scope: z.enum(["user", "device"]) }),
    },
    "breakpoint-continue": {
      summary: "A held exchange goes on; edited bytes are read from breakpoint_events",
      sentBy: "resolve_breakpoint, or the end of the 60 seconds",
      payload: z.object({
        id: uuid,
        request_id: z.string(),
        decision: z.enum(["continue", "edit", "abort", "timeout"]),
      }),
    },
    resend: {
      summary: "A captured request is to be sent again; get_resend_request has the bytes",
      sentBy: "resend_entry",
      payload: z.object({ id: uuid, entry_id: uuid, request_id: z.string() }),
    },
    command: {
      summary: "The device is asked to do something",
      sentBy: "send_device_command",
      payload: z.object({
        id: uuid,
        name: z.string(),
        args: z.record(z.string(), z.unknown()).nullable()
          .describe("Null when too large for a message: read the row of device_commands."),
      }),
    },
    "command-result": {
      summary: "The device has reported on a command",
      sentBy: "report_command_result",
      payload: z.object({
        id: uuid,
        name: z.string(),
        status: z.enum(["done", "failed"]),
        result: json.describe("Null also when too large for a message."),
      }),
    },
    "live-activity-message": {
      summary: "The message shown in the device's live activity",
      sentBy: "changes of device_live_activity_message",
      payload: z.object({
        device_uuid: uuid,
        message: z.string().nullable().describe("Null when it was taken away."),
        updated_at: timestamp.nullable(),
      }),
    },
  },
});

/** What concerns those who capture for many devices. */
export const proxies = defineChannel({
  address: "proxy-control",
  summary: "Decisions on held exchanges, for proxies that capture for several devices",
  joinedBy: "Credentials that write for more than one device.",
  events: {
    "breakpoint-continue": {
      summary: "A held exchange of some device goes on",
      sentBy: "resolve_breakpoint, or the end of the 60 seconds",
      payload: device.events["breakpoint-continue"].payload.extend({ device_uuid: uuid }),
    },
  },
});
