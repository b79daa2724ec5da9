import type { Body } from "./body.ts";

/** An entry as `get_entry` answers it, as far as the two sides of an exchange are concerned. */
export interface StoredEntry {
  id: string;
  ts: string;
  method: string | null;
  url: string | null;
  status: number | null;
  duration_ms: number | null;
  request_size: number | null;
  response_size: number | null;
  error: string | null;
  /** Whether secrets were taken out for the one who reads. */
  redacted: boolean;
  payload: Record<string, unknown>;
}

export interface Header {
  name: string;
  value: string;
}

export interface Message {
  /** In the order sent; a name may occur several times. */
  headers: Header[];
  body: StoredBody;
}

/** A body as it is read: left out altogether when its bytes could not be searched for secrets. */
export type StoredBody = Body | { text: string; encoding: "base64"; omitted: true };

export function requestOf({ payload }: StoredEntry): Message {
  return messageOf(payload["requestHeaders"], payload["requestBody"]);
}

export function responseOf({ payload }: StoredEntry): Message {
  return messageOf(payload["responseHeaders"], payload["responseBody"]);
}

/** The first value of a header; names ignore case. */
export function headerValue({ headers }: Message, name: string): string | undefined {
  return headers.find((header) => header.name.toLowerCase() === name)?.value;
}

/** The media type without its parameters, in lower case; "" when there is none. */
export function mediaTypeOf(message: Message): string {
  return /^[^;]*/.exec(headerValue(message, "content-type") ?? "")![0].trim().toLowerCase();
}

const JSON_TYPE = /^(?:application|text)\/(?:[\w.+-]+\+)?json$/;

export function isJsonType(mediaType: string): boolean {
  return JSON_TYPE.test(mediaType);
}

function messageOf(headers: unknown, body: unknown): Message {
  return { headers: headerList(headers), body: (body ?? null) as StoredBody };
}

/** Headers in any form a payload may have: an object, or a list of [name, value]. */
function headerList(headers: unknown): Header[] {
  if (headers === null || typeof headers !== "object") return [];
  const named = Array.isArray(headers) ? headers as [string, unknown][] : Object.entries(headers);
  return named.flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => ({ name, value: String(one) }))
  );
}
