import { z } from "zod";
import type { Call } from "./call.ts";
import { found, rowsOf } from "./failure.ts";
import { deviceUuid, domain, id, object, urlPattern } from "./fields.ts";
import { type Operation, operation } from "./operation.ts";
import { anyTable, tableOperations } from "./rows.ts";

const domains = (what: string) => z.array(domain).max(1_000).describe(what);
const patterns = (what: string) => z.array(urlPattern).max(200).describe(what);

/** Every setting; a device's may also be null, which inherits. */
const SETTINGS = {
  inspect_all_requests: z.boolean(),
  mitm_all_hosts: z.boolean(),
  connection_type: z.enum(["vpn", "pac"]),
  ssl_proxying_domains: domains("hosts whose TLS is opened; adds to those of the other levels"),
  ignore_hosts: domains("hosts that are not captured"),
  service_group_ids: z.array(id("a service group")).max(100),
  dns_servers: z.array(z.union([z.ipv4(), z.ipv6()], "give IP addresses")).max(8)
    .describe("IP addresses"),
  external_proxy: object.nullable().describe(
    '{enabled, host, port, …}; {"enabled":false} is "no proxy"',
  ),
  breakpoint_request_patterns: patterns("requests to hold"),
  breakpoint_response_patterns: patterns("responses to hold"),
  paused_domains: domains("hosts whose traffic waits"),
  env: object.describe("values for scripts"),
};
/** Lists that people add to and take from one by one, as the console's pages do. */
const LISTS = [
  { column: "ssl_proxying_domains", noun: "ssl_proxying_domain", item: domain },
  { column: "ignore_hosts", noun: "ignored_host", item: domain },
  { column: "paused_domains", noun: "paused_domain", item: domain },
  { column: "breakpoint_request_patterns", noun: "request_breakpoint", item: urlPattern },
  { column: "breakpoint_response_patterns", noun: "response_breakpoint", item: urlPattern },
] as const;
const inherited = Object.fromEntries(
  Object.entries(SETTINGS).map(([key, type]) => [key, type.isNullable() ? type : type.nullable()]),
);
const common = { toolset: "settings", content: "product" } as const;
const view = { section: "settings", action: "view" } as const;
const edit = { section: "settings", action: "edit" } as const;

export const SETTINGS_OPERATIONS: Operation[] = [
  operation({
    ...common,
    name: "get_effective_settings",
    title: "Get a device's effective settings",
    summary:
      "Every setting of a device merged over global, user and device level, with the level each came from.",
    needs: view,
    effect: "read",
    top: true,
    input: () => z.strictObject({ device_uuid: deviceUuid }),
    async run(call, input) {
      const settings = rowsOf(
        await call.db.rpc("effective_settings_for_device", input).abortSignal(call.signal),
      );
      return found(settings, "device");
    },
  }),
  operation({
    ...common,
    name: "get_global_settings",
    title: "Get the global settings",
    summary: "What holds for every device that does not say otherwise.",
    needs: view,
    effect: "read",
    input: () => z.strictObject({}),
    async run(call) {
      return rowsOf(
        await call.db.from("settings_global").select().abortSignal(call.signal).maybeSingle(),
      );
    },
  }),
  operation({
    ...common,
    name: "update_global_settings",
    title: "Change the global settings",
    summary:
      "Changes what holds for every device; needs global:edit as well. Fields left out stay.",
    needs: { section: "global", action: "edit" },
    effect: "write",
    idempotent: true,
    peopleOnly: true,
    input: () => z.strictObject(partial(SETTINGS)),
    async run(call, input) {
      const row = rowsOf(
        await anyTable(call, "settings_global").update(given(input)).eq("id", 1).select()
          .abortSignal(call.signal).maybeSingle(),
      );
      return found(row, "setting that you may change");
    },
  }),
  ...tableOperations({
    ...common,
    table: "settings_device",
    one: "device_settings",
    many: "device_settings",
    names: { list: "list_device_settings", remove: "clear_device_settings" },
    about: "what single devices have set; null inherits",
    section: "settings",
    key: { device_uuid: deviceUuid },
    order: "updated_at",
    newestFirst: true,
    remove: "The device inherits everything again.",
  }),
  operation({
    ...common,
    name: "update_device_settings",
    title: "Change a device's settings",
    summary:
      "Sets what one device has of its own; null inherits, [] overrides with nothing. Fields left out stay.",
    needs: edit,
    effect: "write",
    idempotent: true,
    input: () => z.strictObject({ device_uuid: deviceUuid, ...partial(inherited) }),
    async run(call, { device_uuid, ...settings }) {
      // Seen by the caller first, so that a foreign device answers as an unknown one.
      const device = rowsOf(
        await call.db.from("devices").select("uuid").eq("uuid", device_uuid)
          .abortSignal(call.signal).maybeSingle(),
      );
      found(device, "device");
      return rowsOf(
        await anyTable(call, "settings_device")
          .upsert({ device_uuid, ...given(settings) }, { onConflict: "device_uuid" }).select()
          .abortSignal(call.signal).single(),
      );
    },
  }),
  ...LISTS.flatMap(listOperations),
  operation({
    ...common,
    name: "get_my_settings",
    title: "Get my settings",
    summary: "What you have set for your own devices: the connection type.",
    needs: null,
    effect: "read",
    input: () => z.strictObject({}),
    async run(call) {
      const user = found(call.rights.userId, "person: a service account has no settings");
      return rowsOf(
        await call.db.from("settings_user").select().eq("user_id", user).abortSignal(call.signal)
          .maybeSingle(),
      );
    },
  }),
  operation({
    ...common,
    name: "update_my_settings",
    title: "Change my settings",
    summary: "Sets the connection type of your own devices; null inherits.",
    needs: null,
    effect: "write",
    idempotent: true,
    input: () => z.strictObject({ connection_type: z.enum(["vpn", "pac"]).nullable() }),
    async run(call, { connection_type }) {
      const user_id = found(call.rights.userId, "person: a service account has no settings");
      return rowsOf(
        await call.db.from("settings_user")
          .upsert({ user_id, connection_type }, { onConflict: "user_id" }).select()
          .abortSignal(call.signal).single(),
      );
    },
  }),
  ...tableOperations({
    ...common,
    table: "redaction_policies",
    one: "redaction_policy",
    many: "redaction_policies",
    about: "how secrets in captured traffic are hidden, by destination",
    section: "settings",
    key: { destination: z.enum(["console", "export", "mcp", "busybro", "telegram"]) },
    order: "destination",
    peopleOnly: true,
  }),
  operation({
    ...common,
    name: "update_redaction_policy",
    title: "Change a redaction policy",
    summary: "Changes how secrets are hidden on the way to a destination; needs global:edit.",
    needs: { section: "global", action: "edit" },
    effect: "write",
    idempotent: true,
    peopleOnly: true,
    input: () =>
      z.strictObject({
        destination: z.enum(["console", "export", "mcp", "busybro", "telegram"]),
        enabled: z.boolean().optional(),
        mode: z.enum(["mask", "strip"]).optional(),
        extra_names: z.array(z.string().max(200)).max(200).optional(),
        extra_patterns: z.array(z.string().max(500)).max(50).optional(),
      }),
    async run(call, { destination, ...policy }) {
      const row = rowsOf(
        await anyTable(call, "redaction_policies").update(given(policy))
          .eq("destination", destination).select().abortSignal(call.signal).maybeSingle(),
      );
      return found(row, "policy that you may change");
    },
  }),
];

/** add_… and remove_… of one item of a device's own list. */
function listOperations({ column, noun, item }: (typeof LISTS)[number]): Operation[] {
  const words = noun.replaceAll("_", " ");
  const change = async (
    call: Call,
    device_uuid: string,
    next: (items: string[]) => string[],
  ): Promise<unknown> => {
    const device = rowsOf(
      await call.db.from("devices").select(`uuid,settings_device(${column})`)
        .eq("uuid", device_uuid).abortSignal(call.signal).maybeSingle(),
    ) as { settings_device: Record<string, string[] | null> | null } | null;
    const items = found(device, "device").settings_device?.[column] ?? [];
    return rowsOf(
      await anyTable(call, "settings_device")
        .upsert({ device_uuid, [column]: next(items) }, { onConflict: "device_uuid" })
        .select(`device_uuid,${column}`).abortSignal(call.signal).single(),
    );
  };
  const shared = { ...common, needs: edit, effect: "write", idempotent: true } as const;
  const input = () => z.strictObject({ device_uuid: deviceUuid, value: item });
  return [
    operation({
      ...shared,
      name: `add_${noun}`,
      title: `Add a ${words}`,
      summary: `Adds one value to a device's own ${column}; one that is there already stays once.`,
      input,
      run: (call, { device_uuid, value }) =>
        change(call, device_uuid, (items) => [...new Set([...items, value])]),
    }),
    operation({
      ...shared,
      name: `remove_${noun}`,
      title: `Remove a ${words}`,
      summary: `Takes one value out of a device's own ${column}; the levels above keep theirs.`,
      input,
      run: (call, { device_uuid, value }) =>
        change(call, device_uuid, (items) => items.filter((one) => one !== value)),
    }),
  ];
}

function partial(shape: z.ZodRawShape): z.ZodRawShape {
  return Object.fromEntries(
    Object.entries(shape).map(([key, type]) => [key, (type as z.ZodType).optional()]),
  );
}

/** What the caller gave; undefined would be sent as nothing and read as "give something". */
function given(input: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}
