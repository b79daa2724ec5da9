import { base64Size } from "../entries/base64.ts";
import { type Body, decodeBody } from "../entries/body.ts";
import type { StoredEntry } from "../entries/exchange.ts";
import { toHarBody } from "./body.ts";

/** What of an entry goes into a file; sizes and errors are told by what is in it. */
export type ExportedEntry = Omit<StoredEntry, "request_size" | "response_size" | "error">;

/** Who wrote the file (`log.creator`). */
export interface HarCreator {
  name: string;
  version: string;
}

type Json = Record<string, unknown>;

/** A HAR 1.2 file as a stream of text, so that an export needs the memory of one entry. */
export async function* harChunks(
  entries: AsyncIterable<ExportedEntry> | Iterable<ExportedEntry>,
  creator: HarCreator,
): AsyncGenerator<string> {
  const pages = new Map<string, Json>();
  yield `{"log":{"version":"1.2","creator":${JSON.stringify(creator)},"entries":[`;
  let separator = "\n";
  for await (const stored of entries) {
    const entry = toHarEntry(stored);
    const page = entry.pageref;
    if (typeof page === "string" && !pages.has(page)) {
      pages.set(page, {
        startedDateTime: entry.startedDateTime,
        id: page,
        title: page,
        pageTimings: {},
      });
    }
    yield separator + JSON.stringify(entry);
    separator = ",\n";
  }
  // Members of an object have no order: pages come last, when it is known which are referred to.
  yield `\n],"pages":${JSON.stringify([...pages.values()])}}}\n`;
}

/** One entry of `log.entries`: as it was imported, or made from what was captured. */
export function toHarEntry(stored: ExportedEntry): Json {
  const { payload } = stored;
  const imported = importedPart(payload.har);
  return imported ? rebuilt(stored, imported) : fresh(stored);
}

/** The part of an imported entry that the documented fields of the payload do not hold. */
function importedPart(har: unknown): Json | null {
  const part: unknown = typeof har === "string" ? JSON.parse(har) : har;
  return isObject(part) && isObject(part.request) && isObject(part.response) ? part : null;
}

function rebuilt({ payload, method, url }: ExportedEntry, imported: Json): Json {
  const { postData, ...request } = imported.request as Json;
  const { content, ...response } = imported.response as Json;
  return {
    ...imported,
    request: {
      method: payload.method ?? method,
      url: payload.url ?? url,
      ...headersOf(payload.requestHeaders),
      ...request,
      ...(isObject(postData) ? { postData: { ...postData, ...textOf(payload.requestBody) } } : {}),
    },
    response: {
      ...headersOf(payload.responseHeaders),
      ...response,
      ...(isObject(content) ? { content: { ...content, ...textOf(payload.responseBody) } } : {}),
    },
  };
}

function headersOf(headers: unknown): Json {
  return headers === undefined ? {} : { headers: headerList(headers) };
}

function fresh(stored: ExportedEntry): Json {
  const { payload } = stored;
  const url = String(payload.url ?? stored.url ?? "");
  const requestHeaders = headerList(payload.requestHeaders);
  const responseHeaders = headerList(payload.responseHeaders);
  const sent = textOf(payload.requestBody);
  const received = textOf(payload.responseBody);
  const httpVersion = payload.httpVersion ?? "";
  const time = Number(payload.duration ?? stored.duration_ms ?? 0);
  return {
    startedDateTime: payload.timestamp ?? stored.ts,
    time,
    request: {
      method: payload.method ?? stored.method ?? "",
      url,
      httpVersion,
      cookies: [],
      headers: requestHeaders,
      queryString: queryString(url),
      headersSize: -1,
      bodySize: Number(payload.requestSize ?? -1),
      ...(sent
        ? { postData: { mimeType: header(requestHeaders, "content-type"), params: [], ...sent } }
        : {}),
    },
    response: {
      status: Number(payload.statusCode ?? stored.status ?? 0),
      statusText: payload.statusMessage ?? "",
      httpVersion,
      cookies: [],
      headers: responseHeaders,
      content: {
        size: contentSize(payload.responseBody as Body | undefined),
        mimeType: header(responseHeaders, "content-type"),
        ...received,
      },
      redirectURL: header(responseHeaders, "location"),
      headersSize: -1,
      bodySize: Number(payload.responseSize ?? -1),
      ...(payload.error ? { _error: payload.error } : {}),
    },
    cache: {},
    timings: { send: 0, wait: time, receive: 0 },
    ...(payload.os ? { _os: payload.os } : {}),
  };
}

/** Headers in any of the forms a payload may have: an object, or a list of name and value. */
function headerList(headers: unknown): { name: string; value: string }[] {
  const named = Array.isArray(headers)
    ? headers as [string, unknown][]
    : isObject(headers)
    ? Object.entries(headers)
    : [];
  return named.flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => ({ name, value: String(one) }))
  );
}

function header(headers: { name: string; value: string }[], name: string): string {
  return headers.find((one) => one.name.toLowerCase() === name)?.value ?? "";
}

function queryString(url: string): { name: string; value: string }[] {
  if (!URL.canParse(url)) return [];
  return Array.from(new URL(url).searchParams, ([name, value]) => ({ name, value }));
}

/** What HAR says of a body, with a field of our own (they begin with "_") where it was cut. */
function textOf(body: unknown): Json | null {
  const text = toHarBody(body as Body | undefined);
  return text && isObject(body) && body.truncated === true
    ? { ...text, _truncated: true }
    : text && { ...text };
}

/** Of the body before it was cut, decoded, in bytes. */
function contentSize(body: Body | undefined): number {
  if (body === null || body === undefined) return 0;
  if (typeof body !== "string" && body.size !== undefined) return body.size;
  if (typeof body !== "string" && body.encoding && !body.charset) return base64Size(body.text);
  const content = decodeBody(body);
  return typeof content === "string" ? new TextEncoder().encode(content).length : content.length;
}

function isObject(value: unknown): value is Json {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
