import { type Heard, isOnline as isHeard } from "../../devices/online.ts";
import {
  code,
  count,
  type Intent,
  type Known,
  list,
  missing,
  mix,
  type Row,
  text,
  when,
} from "./intent.ts";
import { namedIn } from "./slots.ts";

const LIST = { tool: "list_devices", args: { limit: 200 } };

const isOnline = (device: Row) => isHeard(device as unknown as Heard);

const line = (device: Row) =>
  `${code(device["name"])}: ${text(device["os"])}, ${isOnline(device) ? "online" : "offline"}, ` +
  `last heard ${when(device["last_seen_at"])}`;

const devices = (known: Known) => known.rows("list_devices");
const more = (known: Known) => known.more("list_devices");

/** A question about all devices: one look, then the answer from it. */
function overAll(
  name: string,
  asked: RegExp[],
  answer: (rows: Row[], more: boolean) => string,
): Intent {
  return {
    name,
    asked,
    looks: (known) => missing(known, LIST),
    answer: (known) =>
      devices(known).length === 0
        ? "I see no devices that you may look at."
        : answer(devices(known), more(known)),
  };
}

/** A question about one device, which it names. */
function ofOne(
  name: string,
  asked: RegExp[],
  looks: (uuid: unknown) => { tool: string; args: Record<string, unknown> }[],
  answer: (device: Row, known: Known) => string,
): Intent {
  const device = (known: Known) => namedIn(known.question, devices(known));
  return {
    name,
    asked,
    looks(known) {
      if (!known.has("list_devices")) return [LIST];
      const one = device(known);
      return one ? missing(known, ...looks(one["uuid"])) : [];
    },
    answer(known) {
      const one = device(known);
      if (one) return answer(one, known);
      return devices(known).length === 0
        ? "I see no devices that you may look at."
        : `Which device do you mean?\n${list(devices(known), line, more(known))}`;
    },
  };
}

export const DEVICE_INTENTS: Intent[] = [
  ofOne(
    "device settings",
    [
      /\b(?:effective )?settings? (?:of|for|on) (?!all|every|the fleet|the installation)\S/,
      /\bwhat (?:is|are) .+ configured\b/,
      /\bhow is .+ (?:configured|set up)\b/,
      /\bwhich settings (?:does|has|apply)\b/,
    ],
    (device_uuid) => [{ tool: "get_effective_settings", args: { device_uuid } }],
    ({ name }, known) => {
      const { sources, ...settings } = known.object("get_effective_settings");
      const from = (sources ?? {}) as Row;
      const lines = Object.entries(settings).map(([key, value]) => ({ key, value }));
      return `Settings of ${code(name)}:\n${
        lines.map(({ key, value }) =>
          `- ${key}: ${code(JSON.stringify(value))}${from[key] ? ` (${text(from[key])})` : ""}`
        ).join("\n")
      }`;
    },
  ),
  ofOne(
    "last seen",
    [
      /\bwhen (?:was|did|has) .+ (?:last|seen|heard|online|connect)/,
      /\blast (?:seen|heard|heartbeat|contact)\b/,
      /\bhow long (?:is|has) .+ (?:offline|gone|away)\b/,
    ],
    () => [],
    (device) =>
      `${code(device["name"])} was last heard ${when(device["last_seen_at"])} and is ` +
      `${isOnline(device) ? "online" : "offline"} now.`,
  ),
  ofOne(
    "one device",
    [
      /\b(?:tell me about|details? (?:of|on|for|about)|describe|show me) (?:the )?(?:device|phone|client)\b/,
      /\bis (?:the )?(?:device|phone) .+ (?:online|offline|up|connected)\b/,
      /\bwhat (?:kind of )?(?:device|phone) is\b/,
      /\b(?:model|app version|country) of\b/,
    ],
    () => [],
    (device) =>
      `${line(device)}.\n- Model: ${text(device["model"])}\n- App: ${
        text(device["app_version"])
      }\n` +
      `- Connection: ${text(device["connection_type"])}\n- Country: ${text(device["country"])}`,
  ),
  overAll(
    "devices offline",
    [
      /\b(?:devices?|phones?|clients?) .*\b(?:offline|gone|silent|disconnected|not connected)\b/,
      /\b(?:offline|silent|disconnected) (?:devices?|phones?|clients?)\b/,
      /\b(?:who|what|which|anything|anyone|any) .*\boffline\b/,
    ],
    (rows, more) => {
      const off = rows.filter((row) => !isOnline(row));
      return off.length === 0
        ? "Every device is online."
        : `${count(off.length, "device")} offline:\n${list(off, line, more)}`;
    },
  ),
  overAll(
    "devices online",
    [
      /\b(?:devices?|phones?|clients?) .*\b(?:online|connected|active|live|alive)\b/,
      /\b(?:online|connected|active|live) (?:devices?|phones?|clients?)\b/,
      /\b(?:who|what|which) .*\b(?:is|are) online\b/,
    ],
    (rows, more) => {
      const on = rows.filter(isOnline);
      return on.length === 0
        ? `None of ${count(rows.length, "device")} is online.`
        : `${count(on.length, "device")} of ${rows.length} online:\n${list(on, line, more)}`;
    },
  ),
  overAll(
    "devices by system",
    [
      /\b(?:devices?|phones?) (?:by|per) (?:os|system|platform|operating system)\b/,
      /\bhow many (?:ios|android|macos|windows|linux) (?:devices?|phones?|clients?)\b/,
      /\b(?:which|what) (?:operating )?systems? (?:do|are|run)\b/,
      /\bos (?:mix|distribution|breakdown)\b/,
    ],
    (rows, more) => {
      const by = new Map<string, number>();
      for (const { os } of rows) by.set(text(os), (by.get(text(os)) ?? 0) + 1);
      return `${count(rows.length, "device")}${more ? " or more" : ""} by system: ${
        mix(Object.fromEntries(by))
      }.`;
    },
  ),
  overAll(
    "devices by connection",
    [
      /\b(?:devices?|phones?) (?:by|per) connection\b/,
      /\b(?:which|what|how many) (?:devices?|phones?) (?:use|are on|run on|go through) (?:the )?(?:vpn|pac)\b/,
      /\bconnection types?(?: mix| of (?:the )?devices)?\b(?!.*setting)/,
    ],
    (rows, more) => {
      const by = new Map<string, number>();
      for (const { connection_type: type } of rows) {
        by.set(text(type), (by.get(text(type)) ?? 0) + 1);
      }
      return `${count(rows.length, "device")}${more ? " or more" : ""} by connection: ${
        mix(Object.fromEntries(by))
      }.`;
    },
  ),
  overAll(
    "how many devices",
    [
      /\bhow many (?:devices?|phones?|clients?)\b/,
      /\b(?:number|count) of (?:devices?|phones?|clients?)\b/,
      /\bcount (?:the |my |all )?(?:devices?|phones?|clients?)\b/,
    ],
    (rows, more) =>
      `${count(rows.length, "device")}${more ? " or more" : ""}, ${
        rows.filter(isOnline).length
      } online.`,
  ),
  overAll(
    "devices",
    [
      /\b(?:list|show|which|what|name|give me|see)\b.*\b(?:devices|phones|clients)\b/,
      /\bmy (?:devices|phones|clients)\b/,
      /^(?:devices|phones)\??$/,
    ],
    (rows, more) =>
      `${count(rows.length, "device")}${more ? " or more" : ""}:\n${list(rows, line, more)}`,
  ),
];
