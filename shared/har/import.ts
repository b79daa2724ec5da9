import { z } from "zod";
import { type Body } from "../entries/body.ts";
import { isStorable, type Json, nestsDeeperThan, storableText } from "../entries/text.ts";
import { fromHarBody, isBase64 } from "./body.ts";
import { instant } from "./instant.ts";
import { describeFault, entryTexts } from "./salvage.ts";
import { type HarEntry, harEntrySchema, harFileSchema, type HarHeader } from "./schema.ts";

/** An entry as ingest takes it. */
export interface IngestEntry {
  request_id: string;
  ts: string;
  source: string;
  payload: Record<string, unknown>;
}

/** What became of one element of `log.entries`; `index` counts from 0. */
export type ImportItem =
  | { index: number; entry: IngestEntry }
  | { index: number; fault: string };

/** The file as a whole is not a HAR; the message says where and why. */
export class HarError extends Error {
  override name = "HarError";
}

/** Fields of an entry besides its bodies: more than this would not fit a request to ingest. */
const REST_LIMIT = 1024 * 1024;

/** Deeper than this, ingest refuses a payload. */
const REST_DEPTH = 60;
const METHOD_LENGTH = 64;

const BYTE_ORDER_MARK = /^\uFEFF/;

/**
 * Reads a HAR file. Good entries come as ingest takes them, in the order of the file; bad ones as a
 * fault that names what is wrong. Throws a HarError when the file as a whole is not a HAR.
 */
export async function* importHar(file: string): AsyncGenerator<ImportItem> {
  const text = file.replace(BYTE_ORDER_MARK, "");
  const seen = new Map<string, number>();
  let index = 0;
  for (const parsed of entriesOf(text)) {
    if (parsed instanceof HarError) yield { index, fault: parsed.message };
    else yield await importEntry(parsed.value, index, seen);
    index += 1;
  }
}

function* entriesOf(text: string): Generator<{ value: unknown } | HarError> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    yield* salvage(text);
    return;
  }
  const file = harFileSchema.safeParse(json);
  if (!file.success) throw new HarError(`This is JSON but not a HAR: ${faultOf(file.error)}.`);
  for (const value of file.data.log.entries) yield { value };
}

/** The entries before the place where the text stops being JSON: of a file that was cut, nearly all. */
function* salvage(text: string): Generator<{ value: unknown } | HarError> {
  const error = new HarError(describeFault(text));
  let kept = 0;
  for (const element of entryTexts(text)) {
    let value: unknown;
    try {
      value = JSON.parse(element);
    } catch {
      // What follows cannot be told apart from the broken part.
      break;
    }
    yield { value };
    kept += 1;
  }
  if (kept === 0) throw error;
  yield error;
}

async function importEntry(
  value: unknown,
  index: number,
  seen: Map<string, number>,
): Promise<ImportItem> {
  const parsed = harEntrySchema.safeParse(value);
  if (!parsed.success) return { index, fault: `${faultOf(parsed.error)}.` };
  const ts = instant(parsed.data.startedDateTime);
  if (ts === null) {
    const found = JSON.stringify(parsed.data.startedDateTime.slice(0, 40));
    return { index, fault: `startedDateTime must be a date and time (ISO 8601), found ${found}.` };
  }
  const payload = toPayload(parsed.data);
  const { requestBody: _request, responseBody: _response, ...rest } = payload;
  const size = new TextEncoder().encode(JSON.stringify(rest)).length;
  if (size > REST_LIMIT) {
    return { index, fault: `the entry has ${size} bytes besides its bodies, more than 1 MiB.` };
  }
  const content = canonical(parsed.data);
  const occurrence = (seen.get(content) ?? 0) + 1;
  seen.set(content, occurrence);
  return {
    index,
    entry: { request_id: await requestId(content, occurrence), ts, source: "har", payload },
  };
}

/**
 * The documented fields of a payload, and in `har` whatever they do not say exactly, so that an
 * export can rebuild the entry.
 */
function toPayload(entry: HarEntry): Record<string, unknown> {
  const { request, response } = entry;
  const { method, url, headers: requestHeaders, postData, ...requestRest } = request;
  const { headers: responseHeaders, content, ...responseRest } = response;
  const sent = body(postData);
  const received = body(content);
  const address = URL.canParse(url) ? new URL(url) : null;

  const har = {
    ...entry,
    request: {
      ...requestRest,
      ...(isStorable(method) && method.length <= METHOD_LENGTH ? {} : { method }),
      ...(isStorable(url) ? {} : { url }),
      ...(arePairs(requestHeaders) ? {} : { headers: requestHeaders }),
      ...(postData ? { postData: sent.rest } : {}),
    },
    response: {
      ...responseRest,
      ...(arePairs(responseHeaders) ? {} : { headers: responseHeaders }),
      ...(content ? { content: received.rest } : {}),
    },
  };
  const json = JSON.stringify(har);
  return {
    timestamp: entry.startedDateTime,
    method: storableText(method),
    url: storableText(url),
    statusCode: response.status,
    ...(typeof entry.time === "number" ? { duration: entry.time } : {}),
    ...size("requestSize", request.bodySize),
    ...size("responseSize", response.bodySize, content?.size),
    isSecure: address?.protocol === "https:" || address?.protocol === "wss:",
    host: address?.host ?? "",
    ...(requestHeaders ? { requestHeaders: pairs(requestHeaders) } : {}),
    ...(responseHeaders ? { responseHeaders: pairs(responseHeaders) } : {}),
    requestBody: sent.body,
    responseBody: received.body,
    source: "har",
    // As a string where jsonb cannot hold it: JSON spells NUL and lone surrogates with escapes.
    har: /\\u(?:0000|d[89a-f])/.test(json) || nestsDeeperThan(har as Json, REST_DEPTH) ? json : har,
  };
}

/** The first size that is known: HAR says -1 where it is not, and 0 for an answer from a cache. */
function size(field: string, ...sizes: (number | null | undefined)[]): Record<string, number> {
  const known = sizes.filter((one) => typeof one === "number" && one >= 0);
  const first = known.find((one) => one !== 0) ?? known[0];
  return typeof first === "number" ? { [field]: first } : {};
}

/** A body, and what its object says besides. */
function body(of: HarEntry["request"]["postData"]): { body: Body; rest?: unknown } {
  if (typeof of?.text !== "string") return { body: null, rest: of };
  const { text, encoding, ...rest } = of;
  if (encoding === "base64" && isBase64(text)) {
    return { body: fromHarBody({ text, encoding }), rest };
  }
  return {
    body: fromHarBody({ text }),
    rest: encoding === undefined ? rest : { ...rest, encoding },
  };
}

/** Whether a list of name and value, as the payload has it, says all there is to the headers. */
function arePairs(headers: HarHeader[] | null | undefined): boolean {
  return Array.isArray(headers) &&
    headers.every((header) =>
      Object.keys(header).length === 2 && typeof header.value === "string" &&
      isStorable(header.name) && isStorable(header.value)
    );
}

function pairs(headers: HarHeader[]): [string, string][] {
  return headers.map(({ name, value }) => [
    storableText(name),
    storableText(typeof value === "string" ? value : JSON.stringify(value) ?? ""),
  ]);
}

/** JSON with sorted keys: the same entry gives the same text whoever wrote the file. */
function canonical(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, part: unknown) =>
      part !== null && typeof part === "object" && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
  );
}

/**
 * A UUID of version 8 (RFC 9562 section 5.8) made of the entry's content, and of its number among
 * equal entries of the file: importing a file again adds nothing, and twins are both kept.
 */
async function requestId(content: string, occurrence: number): Promise<string> {
  const bytes = new TextEncoder().encode(`${occurrence}:${content}`);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).slice(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function faultOf(error: z.ZodError): string {
  const issue = error.issues[0];
  if (!issue) return "not as HAR wants it";
  const path = issue.path.join(".") || "the value";
  const missing = issue.code === "invalid_type" && issue.input === undefined &&
    issue.message.endsWith("undefined");
  return missing ? `${path} is missing` : `${path}: ${issue.message}`;
}
