import {
  code,
  count,
  type Intent,
  type Known,
  list,
  missing,
  type Row,
  text,
  when,
} from "./intent.ts";

interface Listing {
  name: string;
  asked: RegExp[];
  tool: string;
  args?: Record<string, unknown>;
  one: string;
  many?: string;
  line: (row: Row) => string;
}

/** A question for what there is of something. */
function listing({ name, asked, tool, args, one, many, line }: Listing): Intent {
  return {
    name,
    asked,
    looks: (known) => missing(known, { tool, args: args ?? {} }),
    answer(known) {
      const rows = known.rows(tool);
      const more = known.more(tool);
      return rows.length === 0
        ? `I see no ${many ?? `${one}s`} that you may look at.`
        : `${count(rows.length, one, many)}${more ? " or more" : ""}:\n${list(rows, line, more)}`;
    },
  };
}

const GLOBAL = { tool: "get_global_settings" };

function setting(name: string, asked: RegExp[], answer: (settings: Row) => string): Intent {
  return {
    name,
    asked,
    looks: (known) => missing(known, GLOBAL),
    answer: (known) => answer(known.object("get_global_settings")),
  };
}

const names = (value: unknown): string =>
  Array.isArray(value) && value.length > 0 ? value.map(code).join(", ") : "none";

export const SETTINGS_INTENTS: Intent[] = [
  setting(
    "decrypted hosts",
    [
      /\b(?:ssl|tls|https) proxying\b/,
      /\b(?:which|what) (?:hosts|domains) (?:are|do we|do you|get) (?:decrypt\w*|intercept\w*|mitm\w*)\b/,
      /\b(?:decrypted|intercepted) (?:hosts|domains)\b/,
    ],
    (settings) =>
      settings["mitm_all_hosts"] === true
        ? "Every host is decrypted."
        : `Decrypted for all devices: ${names(settings["ssl_proxying_domains"])}.`,
  ),
  setting(
    "ignored hosts",
    [
      /\b(?:ignored?|excluded|skipped) (?:hosts|domains)\b/,
      /\b(?:which|what) (?:hosts|domains) (?:are|do we) (?:ignor\w*|skip\w*|exclud\w*)\b/,
      /\bnot recorded\b/,
    ],
    (settings) => `Ignored for all devices: ${names(settings["ignore_hosts"])}.`,
  ),
  setting(
    "dns servers",
    [/\bdns(?: servers?)?\b/, /\bname ?servers?\b/, /\bresolvers?\b/],
    (settings) => `DNS servers for all devices: ${names(settings["dns_servers"])}.`,
  ),
  setting(
    "default connection",
    [
      /\b(?:default|global) connection(?: type)?\b/,
      /\b(?:vpn or pac|pac or vpn)\b/,
      /\bhow do devices (?:connect|capture)\b/,
    ],
    (settings) =>
      `Devices connect by ${code(settings["connection_type"])} unless they say otherwise.`,
  ),
  setting(
    "global settings",
    [
      /\b(?:global|default|general|current|fleet|all) settings\b/,
      /\b(?:show|list|what are|which) (?:the |our |my )?settings\b(?! (?:does|has|apply)\b)/,
      /\bsettings (?:of|for) (?:all|every|the fleet|the installation)\b/,
      /^settings\??$/,
    ],
    (settings) => {
      const { id: _, updated_at, updated_by: __, ...rest } = settings;
      return `Settings for all devices, changed ${when(updated_at)}:\n${
        Object.entries(rest).map(([key, value]) => `- ${key}: ${code(JSON.stringify(value))}`).join(
          "\n",
        )
      }`;
    },
  ),
];

export const BREAKPOINT_INTENTS: Intent[] = [
  listing({
    name: "held now",
    asked: [
      /\b(?:held|paused|waiting|stopped|pending) (?:now|right now|at the moment|requests?|responses?|exchanges?)\b/,
      /\b(?:what|which|anything|any|is something) .*\b(?:held|paused|waiting|on hold)\b/,
      /\bwaits? for (?:a|my) decision\b/,
    ],
    tool: "list_held_exchanges",
    one: "exchange waiting for a decision",
    many: "exchanges waiting for a decision",
    line: (row) =>
      `${text(row["phase"])} ${text(row["method"])} ${code(row["url"])}, until ${
        when(row["expires_at"])
      }`,
  }),
  listing({
    name: "breakpoint history",
    asked: [
      /\bbreakpoints? (?:events?|history|hits?|log)\b/,
      /\b(?:recent|last|latest|past) breakpoints?\b/,
      /\b(?:did|has|have) .*\bbreakpoints? (?:hit|fire|fired|trigger)/,
    ],
    tool: "list_breakpoint_events",
    args: { limit: 12 },
    one: "breakpoint event",
    line: (row) =>
      `${when(row["held_at"])} ${text(row["phase"])} ${text(row["method"])} ${code(row["url"])}: ` +
      text(row["decision"] ?? (row["resumed_at"] ? "resumed" : "held")),
  }),
  setting(
    "breakpoint patterns",
    [
      /\bbreakpoints?\b/,
      /\b(?:which|what) (?:requests|urls|hosts) (?:do we |are )?(?:stop|pause|held|paused)\w* at\b/,
      /\bpause patterns?\b/,
    ],
    (settings) =>
      `Breakpoints for all devices: requests ${names(settings["breakpoint_request_patterns"])}; ` +
      `responses ${names(settings["breakpoint_response_patterns"])}.`,
  ),
];

const whoami = (known: Known) => known.object("whoami");

function capabilities(known: Known): string {
  const held = Object.entries((whoami(known)["capabilities"] ?? {}) as Row);
  return held.length === 0
    ? "nothing"
    : held.map(([section, action]) => `${section}:${text(action)}`).join(", ");
}

export const PEOPLE_INTENTS: Intent[] = [
  {
    name: "my rights",
    asked: [
      /\bwhat (?:may|can|could) i (?:do|see|change|edit|access)\b/,
      /\bmy (?:rights|permissions|capabilities|scopes|access)\b/,
      /\b(?:may|can|am) i (?:allowed )?(?:to )?(?:edit|change|see|view|delete|create)\b/,
    ],
    looks: (known) => missing(known, { tool: "whoami" }),
    answer: (known) =>
      `As ${text(whoami(known)["role"])} you may: ${capabilities(known)}. ` +
      `I work with the scopes ${
        text((whoami(known)["scopes"] as string[] | undefined)?.join(", "))
      }.`,
  },
  {
    name: "who am I",
    asked: [
      /\bwho am i\b/,
      /\b(?:what(?:'s| is) )?my (?:role|account|name|e-?mail|profile)\b/,
      /\bas whom am i (?:signed|logged) in\b/,
    ],
    looks: (known) => missing(known, { tool: "whoami" }),
    answer(known) {
      const profile = (whoami(known)["profile"] ?? {}) as Row;
      return `You are ${text(profile["display_name"] || profile["email"])} ` +
        `(${text(profile["email"])}), role ${text(whoami(known)["role"])}.`;
    },
  },
  {
    name: "rights of roles",
    asked: [
      /\bwhat (?:may|can|do|does) (?:an? |the )?(?:admin|member|viewer|role)s?\b/,
      /\b(?:rights|capabilities|permissions) of (?:an? |the |each )?(?:\w+ )?(?:role|admin|member|viewer)s?\b/,
      /\bwho (?:may|can) (?:edit|view|change|see|delete)\b/,
    ],
    looks: (known) => missing(known, { tool: "list_role_capabilities" }),
    answer(known) {
      const asked = /\b(?:admin|member|viewer)/.exec(known.question)?.[0];
      const rows = known.rows("list_role_capabilities")
        .filter((row) => asked === undefined || row["role"] === asked);
      const byRole = new Map<string, string[]>();
      for (const { role, section, action } of rows) {
        byRole.set(text(role), [...byRole.get(text(role)) ?? [], `${section}:${action}`]);
      }
      return [...byRole].map(([role, held]) => `- ${role}: ${held.join(", ")}`).join("\n") ||
        "I see no such role.";
    },
  },
  listing({
    name: "people",
    asked: [
      /\b(?:list|show|which|what|how many|all|who are) (?:the |our |all )*(?:users|people|accounts|persons)\b/,
      /\bwho (?:has|have) (?:an account|access)\b/,
      /\bwho is (?:an? )?(?:admin|member|viewer)\b/,
    ],
    tool: "list_users",
    args: { limit: 200 },
    one: "person",
    many: "people",
    line: (row) =>
      `${text(row["display_name"] || row["email"])} (${text(row["email"])}): ${text(row["role"])}`,
  }),
  listing({
    name: "roles",
    asked: [
      /\b(?:which|what|list|show|all|how many) (?:the )?roles\b/,
      /\broles are there\b/,
      /^roles\??$/,
    ],
    tool: "list_roles",
    one: "role",
    line: (row) => `${text(row["name"])}: ${text(row["description"])}`,
  }),
  listing({
    name: "workspaces",
    asked: [
      /\b(?:which|what|list|show|my|all|how many) (?:the |my )?workspaces?\b/,
      /\bworkspaces? (?:am i in|do i have|are there)\b/,
      /\bretention\b/,
    ],
    tool: "list_workspaces",
    one: "workspace",
    line: (row) => `${code(row["name"])}: keeps ${text(row["retention_days"])} days`,
  }),
  listing({
    name: "who changed what",
    asked: [
      /\bwho (?:changed|edited|deleted|created|did|read|looked)\b/,
      /\baudit(?: log| events?| trail)?\b/,
      /\b(?:recent|latest|last) changes\b/,
    ],
    tool: "list_audit_events",
    args: { limit: 12 },
    one: "event",
    line: (row) =>
      `${when(row["at"])} ${text(row["actor_type"])} ${text(row["action"])} ${code(row["target"])}`,
  }),
];

export const PRODUCT_INTENTS: Intent[] = [
  listing({
    name: "tags",
    asked: [
      /\b(?:which|what|list|show|my|all|how many) (?:the )?tags\b/,
      /\btags are there\b/,
      /^tags\??$/,
    ],
    tool: "list_tags",
    one: "tag",
    line: (row) => `${code(row["name"])} ${text(row["color"])}`,
  }),
  listing({
    name: "service groups",
    asked: [
      /\b(?:service )?groups?\b.*\b(?:there|exist|have|applied|defined)\b/,
      /\b(?:which|what|list|show|all|how many) (?:the )?(?:service )?groups\b/,
      /^service groups\??$/,
    ],
    tool: "list_service_groups",
    one: "service group",
    line: (row) => `${code(row["name"])} ${row["description"] ? `: ${row["description"]}` : ""}`,
  }),
  listing({
    name: "services",
    asked: [
      /\b(?:which|what|list|show|all|how many) (?:the |known )?services\b/,
      /\bservices (?:are there|do we|exist)\b/,
      /^services\??$/,
    ],
    tool: "list_services",
    one: "service",
    line: (row) => `${code(row["name"])}${row["description"] ? `: ${row["description"]}` : ""}`,
  }),
  listing({
    name: "scripts",
    asked: [
      /\b(?:which|what|list|show|my|all|how many) (?:the |active )?scripts\b/,
      /\bscripts (?:are|do we|run)\b/,
      /\brewrit\w+ (?:rules|scripts)\b/,
    ],
    tool: "list_scripts",
    one: "script",
    line: (row) =>
      `${code(row["name"])}: ${text(row["phase"])} ${code(row["url_pattern"])}, ${
        row["enabled"] ? "on" : "off"
      }`,
  }),
  listing({
    name: "upstream proxies",
    asked: [
      /\b(?:upstream )?prox(?:y|ies) (?:pool|list|are there|do we)\b/,
      /\b(?:which|what|list|show|all|how many) (?:the )?(?:upstream )?proxies\b/,
      /\bupstream prox(?:y|ies)\b/,
    ],
    tool: "list_upstream_proxies",
    one: "upstream proxy",
    many: "upstream proxies",
    line: (row) =>
      `${code(row["name"])}: ${text(row["protocol"])} ${code(row["host"])}:${text(row["port"])}, ${
        row["enabled"] ? "on" : "off"
      }`,
  }),
  listing({
    name: "alerts",
    asked: [
      /\b(?:which|what|list|show|my|all) (?:the )?alerts?\b/,
      /\balert rules?\b/,
      /\bnotif(?:y|ications?)\b/,
    ],
    tool: "list_alert_rules",
    one: "alert",
    line: (row) => `${text(row["kind"])}: ${row["enabled"] ? "on" : "off"}`,
  }),
  listing({
    name: "saved filters",
    asked: [
      /\bsaved (?:filters?|searches)\b/,
      /\b(?:which|what|list|show|my|all) (?:the )?filters\b/,
      /\bfilters (?:are|do) (?:there|i have)\b/,
    ],
    tool: "list_saved_filters",
    one: "saved filter",
    line: (row) => `${code(row["name"])}: ${code(row["text"])}`,
  }),
];
