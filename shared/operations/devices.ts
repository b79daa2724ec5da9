import { z } from "zod";
import { AppError } from "../http/errors.ts";
import { found, rowsOf } from "./failure.ts";
import { deviceUuid, id, name, object, workspaceId } from "./fields.ts";
import { type Operation, operation } from "./operation.ts";
import { tableOperations } from "./rows.ts";

const connectionType = z.enum(["vpn", "pac"]);
const device = {
  name: name(120),
  workspace_id: workspaceId,
  os: z.string().max(60).nullable(),
  model: z.string().max(120).nullable(),
  app_version: z.string().max(60).nullable(),
  connection_type: connectionType.nullable(),
  country: z.string().regex(/^[A-Z]{2}$/, "give two capital letters").nullable(),
  pac_port: z.int().min(1).max(65_535).nullable(),
};
const { name: deviceName, workspace_id: deviceWorkspace, ...details } = device;
const { workspace_id: _, ...changeable } = device;
const common = { toolset: "devices", content: "captured" } as const;
const edit = { section: "devices", action: "edit" } as const;
const idempotencyKey = z.string().min(1).max(255).optional()
  .describe("the same key is the same command, however often it is sent");

/** The devices' rows and state; what they are made to do is in commands.ts. */
export const DEVICE_OPERATIONS: Operation[] = [
  ...tableOperations({
    ...common,
    table: "devices",
    one: "device",
    many: "devices",
    about:
      "capture clients with their workspace, system and when they were last heard; silent for 90 seconds is offline",
    section: "devices",
    key: { uuid: deviceUuid },
    filters: {
      workspace_id: workspaceId,
      name: deviceName,
      os: z.string(),
      connection_type: connectionType,
    },
    order: "last_seen_at",
    newestFirst: true,
    select: "uuid,name,workspace_id,owner_user_id,os,model,app_version,connection_type,country," +
      "pac_port,last_seen_at,created_at,device_status(online,vpn_state,ip_country,last_heartbeat_at)",
    create: {
      uuid: deviceUuid,
      name: deviceName,
      workspace_id: deviceWorkspace,
      ...Object.fromEntries(Object.entries(details).map(([key, type]) => [key, type.optional()])),
    },
    update: changeable,
    remove: "Its captures and credentials go with it; unpair_device keeps the captures.",
  }).map((one) =>
    ["list_devices", "get_device"].includes(one.name) ? { ...one, top: true as const } : one
  ),
  ...tableOperations({
    ...common,
    table: "device_status",
    one: "device_status",
    many: "device_statuses",
    about: "whether each device is online, and its last heartbeat",
    section: "devices",
    key: { device_uuid: deviceUuid },
    filters: { online: z.boolean() },
    order: "last_heartbeat_at",
    newestFirst: true,
  }),
  ...tableOperations({
    ...common,
    content: "product",
    table: "device_jwts",
    one: "device_credential",
    many: "device_credentials",
    about: "credentials of devices, without the token itself",
    section: "devices",
    key: { id: id("a credential") },
    filters: { device_uuid: deviceUuid },
    order: "created_at",
    newestFirst: true,
  }),
  operation({
    ...common,
    content: "product",
    name: "create_pairing_code",
    title: "Get a pairing code",
    summary: "A code to type into a new device: 8 characters, 10 minutes, once.",
    needs: null,
    effect: "write",
    input: () => z.strictObject({ workspace_id: workspaceId.optional() }),
    run: (call, body) => call.edge("device-pair/codes", { method: "POST", body }),
  }),
  operation({
    ...common,
    content: "product",
    name: "unpair_device",
    title: "Unpair a device",
    summary:
      "Takes a device's credentials away within a second; its captures stay until they expire.",
    needs: edit,
    effect: "destructive",
    input: () => z.strictObject({ device_uuid: deviceUuid }),
    async run(call, { device_uuid }) {
      await call.edge(`device-pair/${device_uuid}`, { method: "DELETE" });
      return { unpaired: device_uuid };
    },
  }),
  ...tableOperations({
    ...common,
    table: "device_commands",
    one: "device_command",
    many: "device_commands",
    about: "what devices were told to do, and what came of it",
    section: "devices",
    key: { id: id("a command") },
    filters: {
      device_uuid: deviceUuid,
      name: z.string(),
      status: z.enum(["sent", "done", "failed"]),
    },
    order: "created_at",
    newestFirst: true,
  }),
  operation({
    ...common,
    name: "send_device_command",
    title: "Send a command to a device",
    summary:
      "Asks a device to do something it knows by name; get_device_command tells what came of it.",
    needs: edit,
    effect: "write",
    openWorld: true,
    input: () =>
      z.strictObject({
        device_uuid: deviceUuid,
        name: z.string().regex(
          /^[a-z][a-z0-9-]{0,59}$/,
          "use lower-case letters, digits and hyphens",
        ),
        args: object.default({}),
        idempotency_key: idempotencyKey,
      }),
    async run(call, { idempotency_key, args, ...command }) {
      const sent = rowsOf(
        await call.db.rpc("send_device_command", {
          ...command,
          args: args as never,
          ...(idempotency_key !== undefined && { idempotency_key }),
        }).abortSignal(call.signal),
      );
      return found(sent, "device");
    },
  }),
  ...tableOperations({
    ...common,
    content: "product",
    table: "device_live_activity_message",
    one: "live_activity_message",
    many: "live_activity_messages",
    names: { remove: "clear_live_activity_message" },
    about: "the text on a phone's lock screen while it captures",
    section: "devices",
    key: { device_uuid: deviceUuid },
    order: "updated_at",
    newestFirst: true,
    remove: "The phone shows its own text again.",
  }),
  operation({
    ...common,
    content: "product",
    name: "set_live_activity_message",
    title: "Set the live-activity message",
    summary: "Puts a text on a phone's lock screen while it captures.",
    needs: edit,
    effect: "write",
    idempotent: true,
    openWorld: true,
    input: () => z.strictObject({ device_uuid: deviceUuid, message: z.string().min(1).max(500) }),
    async run(call, input) {
      const updated = rowsOf(
        await call.db.from("device_live_activity_message").update({ message: input.message })
          .eq("device_uuid", input.device_uuid).select().abortSignal(call.signal).maybeSingle(),
      );
      if (updated) return updated;
      const answer = await call.db.from("device_live_activity_message").insert(input).select()
        .abortSignal(call.signal).single();
      // Row security refuses a device of others and one that does not exist in the same words.
      if (answer.status === 403) {
        throw new AppError(
          "not_found",
          "There is no such device, or it is not yours to see or change.",
        );
      }
      return rowsOf(answer);
    },
  }),
];
