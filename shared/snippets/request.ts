import { toBase64 } from "../entries/base64.ts";
import { contentOf, isTruncated } from "../entries/content.ts";
import { headerValue, requestOf } from "../entries/exchange.ts";
import type { Header, Message, StoredEntry } from "../entries/exchange.ts";
import { EVERYTHING } from "../redaction/policy.ts";
import { createRedactor, type Redactor } from "../redaction/redactor.ts";
import { REDACTED } from "../redaction/values.ts";

/** A request as a snippet sends it. */
export interface SnippetRequest {
  method: string;
  url: string;
  headers: Header[];
  body: string | Uint8Array | null;
  /** What the snippet does not do as the captured request did. */
  notes: string[];
}

/** A request that no client can be told to send again. */
export class UnsendableRequest extends Error {
  override readonly name = "UnsendableRequest";
}

/** RFC 9110 section 5.6.2: a token. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// deno-lint-ignore no-control-regex
const UNSENDABLE_VALUE = /[\0-\x08\x0a-\x1f\x7f]/;
/** Every client sets them itself, from the connection and the body. */
const CONNECTION_HEADERS = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What to send again, secrets as placeholders unless told. */
export function snippetRequest(entry: StoredEntry, secrets: boolean): SnippetRequest {
  const method = entry.method ?? "";
  if (!TOKEN.test(method) || method === "CONNECT") {
    throw new UnsendableRequest(`method: ${JSON.stringify(method)} cannot be sent again.`);
  }
  if (entry.url === null || !/^https?:\/\//i.test(entry.url) || !URL.canParse(entry.url)) {
    throw new UnsendableRequest("url: this entry has no http or https URL that can be sent again.");
  }
  const notes: string[] = [];
  const message = requestOf(entry);
  const target = targetOf(entry.url);
  const redactor = createRedactor({ ...EVERYTHING, enabled: !secrets });
  const url = redactor.url(target.url);
  const headers = [...headersOf(message, new URL(entry.url).host, notes)];
  if (target.userinfo !== null && !headers.some(({ name }) => /^authorization$/i.test(name))) {
    const credentials = toBase64(new TextEncoder().encode(target.userinfo));
    headers.push({ name: "Authorization", value: `Basic ${credentials}` });
  }
  const shown = headers.map(({ name, value }) => ({ name, value: redactor.header(name, value) }));
  const body = bodyOf(message, redactor, notes);
  if (url !== target.url || shown.some(({ value }, at) => value !== headers[at]!.value)) {
    notes.push("Secrets are placeholders in angle brackets; put your own in.");
  }
  if (secrets && JSON.stringify([url, shown, body]).includes(REDACTED.slice(0, -1))) {
    notes.push(`Secrets are redacted for you; they read ${REDACTED}.`);
  }
  return { method, url, headers: shown, body, notes };
}

/** Clients refuse a name and password in a URL; they mean Basic authentication (RFC 7617). */
function targetOf(captured: string): { url: string; userinfo: string | null } {
  const parts = new URL(captured);
  const spelled = captured.replace(/#.*$/s, "");
  if (!parts.username && !parts.password) return { url: spelled, userinfo: null };
  const userinfo = `${decoded(parts.username)}:${decoded(parts.password)}`;
  parts.username = parts.password = parts.hash = "";
  return { url: parts.href, userinfo };
}

function* headersOf({ headers }: Message, host: string, notes: string[]): Generator<Header> {
  for (const { name, value } of headers) {
    const lower = name.toLowerCase();
    if (name.startsWith(":") || CONNECTION_HEADERS.has(lower)) continue;
    if (lower === "host" && value.toLowerCase() === host) continue;
    if (TOKEN.test(name) && !UNSENDABLE_VALUE.test(value)) yield { name, value: value.trim() };
    else {notes.push(
        `A header that cannot be sent is left out: ${JSON.stringify(name.slice(0, 80))}.`,
      );}
  }
}

function bodyOf(message: Message, redactor: Redactor, notes: string[]): SnippetRequest["body"] {
  const content = contentOf(message);
  if (isTruncated(message)) {
    notes.push("The body was cut when it was captured; this sends its beginning.");
  }
  switch (content.kind) {
    case "none":
      return null;
    case "omitted":
      notes.push("The body is left out: only those who may see secrets may see its bytes.");
      return null;
    case "binary":
      return content.bytes.length > 0 ? content.bytes : null;
    default:
      return content.text === "" ? null : shownBody(content.text, message, redactor, notes);
  }
}

function shownBody(text: string, message: Message, redactor: Redactor, notes: string[]): string {
  const shown = redactor.content(text, headerValue(message, "content-type"));
  if (shown !== text) notes.push("Secrets in the body are placeholders; put your own in.");
  return shown;
}

/** Percent-decoded; as it is where that cannot be. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
