// Every limit an integrator can meet, with the number that the code or the database goes by.

import { RATE as ASK_RATE } from "../../shared/busybro/app.ts";
import { CONTEXT_LIMIT, HISTORY_TURNS, QUESTION_LIMIT } from "../../shared/busybro/turn.ts";
import { DEVICE_LIMIT, PAIRING_LIMIT } from "../../shared/devices/limits.ts";
import { RATE as INGEST_RATE, REQUEST_LIMIT as INGEST_BYTES } from "../../shared/entries/app.ts";
import { BATCH_LIMIT } from "../../shared/entries/batch.ts";
import { BODY_LIMIT as CAPTURED_BYTES } from "../../shared/entries/body.ts";
import { DEPTH_LIMIT as PAYLOAD_DEPTH } from "../../shared/entries/payload.ts";
import { BULK_LIMIT, READ_LIMIT } from "../../shared/entries/routes/limits.ts";
import { MOST_ENTRIES } from "../../shared/entries/routes/openapi.ts";
import { MOST_CHARACTERS } from "../../shared/filter/tokens.ts";
import { DEPTH_LIMIT } from "../../shared/http/body.ts";
import { BODY_LIMIT as MCP_BYTES } from "../../shared/mcp/limits.ts";
import { BODY_LIMIT as FORM_BYTES } from "../../shared/oauth/form.ts";
import { SIZE_LIMIT } from "../../shared/oauth/documents.ts";
import { REDIRECT_URI_LIMIT } from "../../shared/oauth/redirect-uri.ts";
import { MCP_LIMIT } from "../../shared/oauth/resource-server.ts";
import {
  AUTHORIZATION_LIMIT,
  INTROSPECTION_LIMIT,
  REGISTRATION_LIMIT,
  TOKEN_LIMIT,
} from "../../shared/oauth/server.ts";
import { ANSWER_LIMIT } from "../../shared/operations/answer.ts";
import { EVENT_PATH_LENGTH } from "../../shared/realtime/channels.ts";
import { RATE as STATS_RATE } from "../../shared/stats/app.ts";
import { COMPONENT_LIMIT } from "../../shared/stats/status.ts";
import { RATE as DELIVERY_RATE } from "../../shared/telegram/delivery.ts";
import type { Limit } from "../../shared/token/guard.ts";
import { METRICS_LIMIT } from "../../shared/version/app.ts";
import { table } from "./parts.ts";
import { found, type Sources } from "./sources.ts";

const who = { caller: "the caller", address: "the address" } as const;

/** Every bucket of the functions; a test looks through shared/ for one that is missing here. */
export const RATES: readonly { limit: Limit; of: string; by: keyof typeof who }[] = [
  { limit: INGEST_RATE, of: "`ingest`", by: "caller" },
  { limit: MCP_LIMIT, of: "`mcp`: MCP requests", by: "caller" },
  { limit: ASK_RATE, of: "`ask`: questions and confirmations", by: "caller" },
  { limit: READ_LIMIT, of: "`entries/<id>/snippet`, `entries/diff`", by: "caller" },
  { limit: BULK_LIMIT, of: "`entries/openapi`", by: "caller" },
  { limit: STATS_RATE, of: "`stats`, every route", by: "caller" },
  { limit: METRICS_LIMIT, of: "`api/metrics`", by: "caller" },
  { limit: DEVICE_LIMIT, of: "`device-pair`: codes, renewing, unpairing", by: "caller" },
  { limit: PAIRING_LIMIT, of: "`device-pair`: turning in a code", by: "address" },
  { limit: TOKEN_LIMIT, of: "`/token`, `/revoke`, `/first-party-token` together", by: "address" },
  { limit: REGISTRATION_LIMIT, of: "`/register`, fetching a client document", by: "address" },
  { limit: AUTHORIZATION_LIMIT, of: "`/authorize`, `/consent`, the decision", by: "address" },
  { limit: INTROSPECTION_LIMIT, of: "`/introspect`", by: "address" },
  { limit: DELIVERY_RATE, of: "`telegram-bot/deliver`", by: "address" },
];

const grouped = (value: number | string) => Number(value).toLocaleString("en");

/** The part of docs/errors-and-limits.md about requests in a time. */
export function ratesTable(sources: Sources): string {
  const chat = found(sources, "internal.telegram_begin", /private\.take\([^,]*, (\d+), 60/);
  const wrongCodes = found(
    sources,
    "private.telegram_request",
    /address_bucket, (\d+), 60, 1\)/,
  );
  return table(["What", "Requests", "In", "Counted for"], [
    ...RATES.map(({ limit, of, by }) => [
      of,
      grouped(limit.capacity),
      `${limit.perSeconds} s`,
      who[by],
    ]),
    ["messages to the Telegram bot", chat, "60 s", "the chat"],
    ["wrong codes of a Telegram link", wrongCodes, "60 s", who.address],
  ]);
}

function bytes(count: number): string {
  if (count % 1_048_576 === 0) return `${count / 1_048_576} MiB`;
  return count % 1_024 === 0 ? `${count / 1_024} KiB` : `${grouped(count)} bytes`;
}

/** The part about how much there may be of something. */
export function sizesTable(sources: Sources): string {
  const inSql = (name: string, pattern: RegExp) => grouped(found(sources, name, pattern));
  const page = /between 1 and (\d+)/;
  return table(["What", "At most"], [
    ["`ingest`: entries in a request", grouped(BATCH_LIMIT)],
    ["`ingest`: the request, after decompression", bytes(INGEST_BYTES)],
    ["a captured body; longer ones are cut and marked `truncated`", bytes(CAPTURED_BYTES)],
    ["a captured payload's depth", `${PAYLOAD_DEPTH} levels`],
    ["any JSON body's depth", `${DEPTH_LIMIT} levels`],
    ["`mcp`: the request", bytes(MCP_BYTES)],
    ["`mcp`: a tool's answer", `${grouped(ANSWER_LIMIT)} characters`],
    ["OAuth: a form or registration", bytes(FORM_BYTES)],
    ["OAuth: a client document", bytes(SIZE_LIMIT)],
    ["OAuth: a redirect URI", `${grouped(REDIRECT_URI_LIMIT)} characters`],
    ["`ask`: the question", `${grouped(QUESTION_LIMIT)} characters`],
    ["`ask`: the context; the rest is cut", `${grouped(CONTEXT_LIMIT)} characters`],
    ["`ask`: turns of the history; older ones are left out", grouped(HISTORY_TURNS)],
    ["`entries/openapi`: entries looked at", grouped(MOST_ENTRIES)],
    ["`stats/status`: components", grouped(COMPONENT_LIMIT)],
    ["a filter's text", `${grouped(MOST_CHARACTERS)} characters`],
    [
      "a value in a filter",
      `${inSql("private.filter_text", /char_length\(given\) > (\d+)/)} characters`,
    ],
    ["`entries_filtered_list`: `page_size`", inSql("private.list_entries", page)],
    ["`entries_search`: `page_size`", inSql("private.search_entries", page)],
    [
      "`entries_search`: candidates looked at in a call",
      inSql("private.search_entries", /most_candidates constant integer := (\d+)/),
    ],
    ["`entries_changes`: `page_size`", inSql("public.entries_changes", page)],
    [
      "`entries_filtered_count`: counted exactly",
      inSql("public.entries_filtered_count", /counted <= (\d+)/),
    ],
    [
      "`clear_entries`: entries a call",
      inSql("private.clear_entries", /batch constant integer := (\d+)/),
    ],
    [
      "a live message: entries",
      inSql("private.announce_entries", /- 1\) \/ (\d+) as part/),
    ],
    ["a live message: a path's length", `${grouped(EVENT_PATH_LENGTH)} characters`],
  ]);
}

/** The part of docs/oauth.md about how long things last. */
export function lifetimesTable(sources: Sources): string {
  const inSql = (name: string, pattern: RegExp) => found(sources, name, pattern);
  const rpc = (name: string, pattern: RegExp) => inSql(`internal.${name}`, pattern);
  const expiry = (tableName: string) =>
    inSql(`private.${tableName}.expires_at`, /'([^']+)'::interval/);
  return table(["What", "Lasts"], [
    [
      "an authorization request, until the person has decided",
      clock(expiry("authorization_requests")),
    ],
    ["an authorization code", clock(expiry("authorization_codes"))],
    [
      "an access token",
      inSql("private.issue_token", /interval '(60 minutes)'/),
    ],
    ["a refresh token that is not used", expiry("refresh_tokens")],
    [
      "a refresh token after it was used: it still gives an access token",
      rpc("oauth_rotate_refresh", /interval '([^']+)'/),
    ],
    ["a connection, however often it is refreshed", rpc("oauth_decide", /interval '([^']+)'/)],
    ["a registration that nobody uses", rpc("oauth_register", /interval '([^']+)'/)],
    ["a pairing code", rpc("create_pairing_code", /interval '([^']+)'/)],
    ["a device's credential", rpc("redeem_pairing_code", /interval '([^']+)'/)],
    [
      "the same, before it can be renewed",
      rpc("renew_device_credential", /renewed_at < now\(\) - interval '([^']+)'/),
    ],
  ]);
}

/** Postgres writes an interval of hours and minutes as a time. */
function clock(interval: string): string {
  const [, hours, minutes] = /^(\d\d):(\d\d):00$/.exec(interval) ?? [];
  if (hours === undefined) return interval;
  const all = Number(hours) * 60 + Number(minutes);
  return `${all} minute${all === 1 ? "" : "s"}`;
}
