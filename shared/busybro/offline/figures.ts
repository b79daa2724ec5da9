import {
  code,
  type Intent,
  type Known,
  list,
  missing,
  mix,
  type Row,
  text,
  when,
} from "./intent.ts";

const SPACES = { tool: "whoami" };

/** Statistics of all that the caller sees: the fleet where they may, else their own workspace. */
function stats(name: string, asked: RegExp[], answer: (snapshot: Row) => string): Intent {
  return {
    name,
    asked,
    looks(known) {
      if (!known.has("whoami")) return [SPACES];
      const { capabilities } = known.object("whoami") as { capabilities?: Row };
      if (capabilities?.["stats"] && capabilities["global"]) {
        return missing(known, { tool: "get_stats", args: {} });
      }
      if (!known.has("list_workspaces")) {
        return [{ tool: "list_workspaces", args: { personal: true } }];
      }
      const [own] = known.rows("list_workspaces");
      return own ? missing(known, { tool: "get_stats", args: { workspace_id: own["id"] } }) : [];
    },
    answer(known) {
      if (!known.has("get_stats")) return "I see no workspace whose statistics you may look at.";
      const scope = known.has("list_workspaces") ? "Your workspace" : "All workspaces";
      return `${scope}: ${answer(known.object("get_stats"))}`;
    },
  };
}

const rows = (value: unknown): Row[] => Array.isArray(value) ? value as Row[] : [];
const part = (snapshot: Row, key: string): Row => (snapshot[key] ?? {}) as Row;
const sum = (value: unknown) =>
  (Array.isArray(value) ? value as number[] : []).reduce((total, n) => total + Number(n), 0);

export const STATS_INTENTS: Intent[] = [
  stats(
    "busiest hosts",
    [
      /\b(?:top|busiest|most (?:used|frequent|active|called|visited)|popular) (?:\d+ )?(?:hosts?|domains?|sites?|servers?)\b/,
      /\b(?:which|what) (?:hosts?|domains?|sites?)\b/,
      /\b(?:list|show) (?:the |all |my )?(?:hosts?|domains?)\b/,
    ],
    (snapshot) => {
      const top = rows(snapshot["top_domains"]);
      return top.length === 0
        ? "no traffic yet."
        : `busiest hosts\n${
          list(top, (row) => `${code(row["host"] ?? row["domain"])}: ${text(row["count"])}`)
        }`;
    },
  ),
  stats(
    "busiest devices",
    [
      /\b(?:top|busiest|most active|loudest|chattiest) (?:\d+ )?(?:devices?|phones?|clients?)\b/,
      /\b(?:which|what) (?:device|phone|client) (?:sends|sent|makes|has|produces) (?:the )?most\b/,
      /\bmost (?:traffic|requests) (?:by|per|from) (?:device|phone)\b/,
    ],
    (snapshot) => {
      const top = rows(snapshot["top_devices"]);
      return top.length === 0 ? "no traffic yet." : `busiest devices\n${
        list(
          top,
          (row) =>
            `${code(row["name"] ?? row["uuid"] ?? row["device_uuid"])}: ${text(row["count"])}`,
        )
      }`;
    },
  ),
  stats(
    "status mix",
    [
      /\bstatus(?: code)? (?:mix|distribution|breakdown|codes)\b/,
      /\b(?:error|success|failure) rate\b/,
      /\bhow (?:many|much) .*\b(?:succeed|succeeded|successful)\b/,
    ],
    (snapshot) => `answers by status: ${mix(snapshot["status_mix"])}.`,
  ),
  stats(
    "sources",
    [
      /\bsources? (?:mix|of (?:the )?traffic|distribution)\b/,
      /\bwhere does (?:the |my )?traffic come from\b/,
      /\btraffic by source\b/,
    ],
    (snapshot) => `requests by source: ${mix(snapshot["source_mix"])}.`,
  ),
  stats(
    "throughput",
    [
      /\bthroughput\b/,
      /\b(?:requests?|entries|traffic) (?:per|a|an|each) (?:minute|hour|second)\b/,
      /\bhow (?:busy|loaded) (?:is|are)\b/,
    ],
    (snapshot) => {
      const { per_minute, per_hour } = part(snapshot, "throughput");
      const entries = part(snapshot, "entries");
      return `${text(entries["last_minute"])} requests in the last minute, ${
        sum(per_minute)
      } in the ` +
        `last hour by minutes, ${sum(per_hour)} in the last 24 hours by hours.`;
    },
  ),
  stats(
    "statistics",
    [
      /\bstat(?:istic)?s\b/,
      /\b(?:overview|summary|summari[sz]e|numbers|figures)\b/,
      /\bhow (?:is|are) (?:things|everything|it) going\b/,
    ],
    (snapshot) => {
      const [devices, entries] = [part(snapshot, "devices"), part(snapshot, "entries")];
      return `${text(devices["total"])} devices (${text(devices["online"])} online); ` +
        `${text(entries["total"])} requests kept, ${
          text(entries["last_24h"])
        } in the last 24 hours, ` +
        `${text(entries["last_hour"])} in the last hour. By status: ${
          mix(snapshot["status_mix"])
        }. ` +
        `As of ${when(snapshot["generated_at"])}.`;
    },
  ),
];

const STATUS = { tool: "get_status" };
const status = (known: Known) => known.object("get_status");
const components = (known: Known) => rows(status(known)["components"]);

export const STATUS_INTENTS: Intent[] = [
  {
    name: "host figures",
    asked: [
      /\b(?:cpu|memory|ram|load average|uptime)\b/,
      /\b(?:host|machine|server) (?:load|health|figures|resources|usage)\b/,
      /\bhow (?:long|much) .*\b(?:running|up|memory)\b/,
    ],
    looks: (known) => missing(known, STATUS),
    answer(known) {
      const host = status(known)["host"] as Row | undefined;
      if (!host) return "The host's figures need the capability status:view.";
      const memory = (host["memory"] ?? {}) as Row;
      return `CPU ${text(host["cpu_percent"])} %, load ${
        JSON.stringify(host["load"] ?? [])
      }, memory ` +
        `${text(memory["used"])} of ${text(memory["total"])}, up ${text(host["uptime_s"])} s.`;
    },
  },
  {
    name: "versions",
    asked: [
      /\b(?:which|what) (?:version|build|release)\b/,
      /\b(?:version|build number|release)s? (?:of|do|are|is)\b/,
      /^versions?\??$/,
    ],
    looks: (known) => missing(known, { tool: "get_version" }),
    answer(known) {
      const { name, version, build, components } = known.object("get_version");
      const parts = Object.values((components ?? {}) as Record<string, Row>);
      return `${text(name)} ${text(version)}, build ${text(build)}.\n${
        list(
          parts,
          (one) => `${text(one["label"])}: ${text(one["version"])} (${text(one["build"])})`,
        )
      }`;
    },
  },
  {
    name: "status",
    asked: [
      /\b(?:is|are) (?:everything|all|the system|the service|it|things|busymate|components?)\b.*\b(?:up|ok|okay|fine|working|healthy|running|down)\b/,
      /\b(?:system|service|component|overall|health) status\b/,
      /\b(?:outages?|degraded|incidents?|components?)\b/,
      /\bwhat(?:'s| is) (?:down|up|the status)\b/,
      /^status\??$/,
    ],
    looks: (known) => missing(known, STATUS),
    answer(known) {
      const all = components(known);
      const down = all.filter((one) => one["up"] !== true);
      const stale = status(known)["stale"] === true
        ? " This is stale: nothing was reported lately."
        : "";
      if (all.length === 0) return `No component has reported yet.${stale}`;
      return down.length === 0
        ? `All ${all.length} components are up.${stale}`
        : `${down.length} of ${all.length} components are down:\n${
          list(down, (one) => `${text(one["label"] ?? one["key"])}${one["core"] ? " (core)" : ""}`)
        }${stale}`;
    },
  },
];
