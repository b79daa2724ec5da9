import { code, type Intent, type Known, list, missing, type Row, text, when } from "./intent.ts";
import { hostIn, methodIn, namedIn, sinceIn, spoken, statusIn } from "./slots.ts";

const line = (row: Row) =>
  `${when(row["ts"])} ${text(row["method"])} ${code(row["url"] ?? row["host"])} → ` +
  `${text(row["status"] ?? row["error"])}${
    row["duration_ms"] === undefined ? "" : ` in ${text(row["duration_ms"])} ms`
  }`;

/** What a question narrows traffic by, as text of the filter language. */
function narrowing(question: string, ...more: string[]): string {
  const [host, method, since] = [hostIn(question), methodIn(question), sinceIn(question)];
  return [
    ...more,
    ...(host ? [`host:${host}`] : []),
    ...(method ? [`method:${method}`] : []),
    ...(since ? [`since:${since}`] : []),
  ].join(" ");
}

/** How the narrowing is said back. */
function about(question: string): string {
  const host = hostIn(question);
  return `${host ? ` with ${code(host)}` : ""}${spoken(sinceIn(question))}`;
}

function search(
  name: string,
  asked: RegExp[],
  filter: (question: string) => string,
  title: (question: string) => string,
  nothing: (question: string) => string,
  limit = 12,
): Intent {
  return {
    name,
    asked,
    looks: (known) =>
      missing(known, { tool: "search_entries", args: { filter: filter(known.question), limit } }),
    answer(known) {
      const rows = known.rows("search_entries");
      return rows.length === 0
        ? nothing(known.question)
        : `${title(known.question)}:\n${list(rows, line, known.more("search_entries"))}`;
    },
  };
}

const REQUESTS = "(?:requests?|entries|calls|exchanges|traffic|captures?)";

export const ERROR_INTENTS: Intent[] = [
  search(
    "status code",
    [
      new RegExp(`\\b(?:${REQUESTS}|responses|answers|errors?) .*\\b[1-5]\\d\\d\\b`),
      /\b(?:any|show|list|which|who|what|how many|all|find)\b.*\b[1-5]\d\ds?\b/,
      /\bstatus(?: code)? [1-5]\d\d\b/,
    ],
    (question) => narrowing(question, `status=${statusIn(question)}`),
    (question) => `Requests answered ${statusIn(question)}${about(question)}, newest first`,
    (question) => `Nothing was answered ${statusIn(question)}${about(question)}.`,
  ),
  search(
    "server errors",
    [
      /\b(?:server|backend) (?:errors?|failures?|faults?)\b/,
      /\b5xx\b/,
      /\binternal server errors?\b/,
    ],
    (question) => narrowing(question, "status>=500"),
    (question) => `Server errors${about(question)}, newest first`,
    (question) => `No server errors${about(question)}.`,
  ),
  search(
    "client errors",
    [/\bclient errors?\b/, /\b4xx\b/, /\b(?:rejected|refused|denied|bad) requests?\b/],
    (question) => narrowing(question, "status>=400", "status<500"),
    (question) => `Requests that servers refused${about(question)}, newest first`,
    (question) => `No client errors${about(question)}.`,
  ),
  search(
    "broken connections",
    [
      /\b(?:connection|network|tls|ssl|dns) (?:errors?|failures?|problems?)\b/,
      /\b(?:requests?|connections?) .*\b(?:without|never got) (?:an? )?(?:answer|response)\b/,
      /\b(?:timed? ?out|timeouts?|unreachable)\b/,
    ],
    (question) => narrowing(question, "error:*"),
    (question) => `Requests that got no answer${about(question)}, newest first`,
    (question) => `Every request got an answer${about(question)}.`,
  ),
  search(
    "errors",
    [
      /\berrors?\b/,
      /\b(?:failed|failing|broken|unsuccessful) (?:requests?|calls?|logins?|traffic|entries)\b/,
      /\b(?:what|which|anything|something|why) .*\b(?:fail(?:s|ed|ing)?|wrong|broken?|broke)\b/,
    ],
    (question) => narrowing(question, "status>=400"),
    (question) => `Failed requests${about(question)}, newest first`,
    (question) => `No request failed${about(question)}.`,
  ),
];

export const TRAFFIC_INTENTS: Intent[] = [
  {
    name: "traffic of a device",
    asked: [
      new RegExp(`\\b${REQUESTS} (?:of|from|by) (?:the )?(?:device|phone|client)\\b`),
      /\bwhat (?:did|does|has|is) (?:the )?(?:device|phone) .+ (?:send|sent|do|doing|request|call)/,
      /\b(?:device|phone) .+'s (?:traffic|requests)\b/,
    ],
    looks(known: Known) {
      if (!known.has("list_devices")) return [{ tool: "list_devices", args: { limit: 200 } }];
      const device = namedIn(known.question, known.rows("list_devices"));
      const filter = { field: "device", op: "eq", value: device?.["uuid"] };
      return device ? missing(known, { tool: "search_entries", args: { filter, limit: 12 } }) : [];
    },
    answer(known) {
      const device = namedIn(known.question, known.rows("list_devices"));
      if (!device) return "I find no device of that name that you may look at.";
      const rows = known.rows("search_entries");
      return rows.length === 0
        ? `${code(device["name"])} has sent nothing that is still kept.`
        : `Newest requests of ${code(device["name"])}:\n${
          list(rows, line, known.more("search_entries"))
        }`;
    },
  },
  {
    name: "how many requests",
    asked: [
      new RegExp(`\\bhow (?:many|much) (?:\\w+ )?${REQUESTS}\\b`),
      new RegExp(`\\b(?:number|count|amount|volume) of (?:\\w+ )?${REQUESTS}\\b`),
      new RegExp(`\\bcount (?:the |all |my )?${REQUESTS}\\b`),
    ],
    looks: (known) =>
      missing(known, { tool: "count_entries", args: { filter: narrowing(known.question) } }),
    answer(known) {
      const { count, kind } = known.object("count_entries");
      const exact = kind === "exact" ? "" : kind === "capped" ? "at least " : "about ";
      return `I count ${exact}${text(count)} requests${about(known.question)}.`;
    },
  },
  {
    name: "slow requests",
    asked: [
      /\bslow(?:est)?\b/,
      /\b(?:longest|highest) (?:running|latency|duration|requests?)\b/,
      /\b(?:which|what) .*\b(?:takes?|took) (?:so |the )?(?:long|longest|much time)\b/,
    ],
    looks: (known) =>
      missing(known, {
        tool: "search_entries",
        args: { filter: narrowing(known.question, "duration>=500"), limit: 100 },
      }),
    answer(known) {
      const rows = known.rows("search_entries")
        .toSorted((a, b) => Number(b["duration_ms"]) - Number(a["duration_ms"]));
      return rows.length === 0
        ? `No request took half a second or longer${about(known.question)}.`
        : `Slowest of the newest ${rows.length} that took half a second or longer${
          about(known.question)
        }:\n${list(rows, line)}`;
    },
  },
  {
    name: "inspect a host",
    asked: [
      /\binspect\b.*\.[a-z]/,
      /\b(?:headers|bod(?:y|ies)) .*\b(?:of|from|to|at) (?:\S+ )*\S+\.[a-z]/,
      /\bhow does .*\.[a-z]{2,}.* (?:work|look|answer|log)/,
    ],
    looks: (known) => {
      const host = hostIn(known.question);
      return host ? missing(known, { tool: "inspect_requests", args: { host, limit: 3 } }) : [];
    },
    answer(known) {
      const host = hostIn(known.question);
      if (!host) return "Give the full host name, such as `api.example.com`.";
      const requests = known.object("inspect_requests")["requests"];
      const rows = Array.isArray(requests) ? requests as Row[] : [];
      return rows.length === 0
        ? `I see no requests with ${code(host)}.`
        : `Newest requests with ${code(host)}, secrets left out:\n${
          list(rows, (row) => `${line(row)}\n\`\`\`json\n${details(row)}\n\`\`\``)
        }`;
    },
  },
  search(
    "big answers",
    [
      /\b(?:biggest|largest|heaviest) (?:answers?|responses?|requests?|bod(?:y|ies)|downloads?)\b/,
      /\b(?:big|large|huge) (?:answers?|responses?|downloads?)\b/,
      /\bwhat (?:uses|eats|takes) .*\b(?:bandwidth|data|space)\b/,
    ],
    (question) => narrowing(question, "response_size>=100000"),
    (question) => `Answers of 100 kB or more${about(question)}, newest first`,
    (question) => `No answer had 100 kB or more${about(question)}.`,
  ),
  search(
    "insecure requests",
    [
      /\b(?:insecure|unencrypted|plain ?text|cleartext|plain http)\b/,
      /\b(?:not|without) (?:encrypted|encryption|tls|ssl|https)\b/,
      /\bhttp (?:only|instead of https)\b/,
    ],
    (question) => narrowing(question, "secure:false"),
    (question) => `Requests without encryption${about(question)}, newest first`,
    (question) => `Every request was encrypted${about(question)}.`,
  ),
  search(
    "traffic of a host",
    [
      new RegExp(
        `\\b${REQUESTS} .*\\b(?:to|from|with|of|for|on|at) (?:the host )?\\S+\\.[a-z]{2,}`,
      ),
      /\b(?:anything|what) .*\b(?:to|from|with|at) \S+\.[a-z]{2,}/,
      /\bhost \S+\.[a-z]{2,}/,
    ],
    (question) => narrowing(question),
    (question) => `Requests${about(question)}, newest first`,
    (question) => `I see no requests${about(question)}.`,
  ),
  search(
    "requests by method",
    [
      /\b(?:get|post|put|patch|delete|head|options) (?:requests?|calls?|traffic|entries)\b/,
      /\b(?:requests?|calls?) (?:with|using|by) (?:method )?(?:get|post|put|patch|delete)\b/,
    ],
    (question) => narrowing(question),
    (question) => `${methodIn(question) ?? "All"} requests${about(question)}, newest first`,
    (question) => `I see no such requests${about(question)}.`,
  ),
  search(
    "recent traffic",
    [
      new RegExp(`\\b(?:latest|newest|recent|last|new|current|live) (?:\\d+ )?${REQUESTS}\\b`),
      new RegExp(`\\b(?:show|list|see|give me|any|what)\\b.*\\b${REQUESTS}\\b`),
      /\bwhat(?:'s| is| was) (?:going on|happening|captured)\b/,
    ],
    (question) => narrowing(question),
    (question) => `Newest requests${about(question)}`,
    (question) => `I see no requests${about(question)}.`,
  ),
];

const DETAILS_LIMIT = 1_500;

function details({ request_headers, request_body, response_headers, response_body }: Row): string {
  const json = JSON.stringify(
    { request_headers, request_body, response_headers, response_body },
    null,
    1,
  );
  return json.length > DETAILS_LIMIT ? `${json.slice(0, DETAILS_LIMIT)}…` : json;
}
