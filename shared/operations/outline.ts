import { mediaTypeOf, requestOf, responseOf } from "../entries/exchange.ts";
import type { Message, StoredEntry } from "../entries/exchange.ts";
import { type Slice, sliceOf } from "./paging.ts";

const LEVELS = 6;
const NAMES = 60;

interface BodySlice extends Slice {
  /** Characters of the whole. */
  length: number;
  offset?: number;
  encoding?: unknown;
  [mark: string]: unknown;
}

/** Characters of a stored body from an offset on, and where to read on; null where there is none. */
export function bodySlice(
  body: unknown,
  offset: number,
  length: number,
  room?: number,
): BodySlice | null {
  if (body === null || body === undefined) return null;
  const { text: whole, ...marks } = typeof body === "string"
    ? { text: body }
    : body as { text: string } & Record<string, unknown>;
  const { text, ...rest } = sliceOf(whole, offset, length, room);
  return { text, length: whole.length, ...(offset > 0 && { offset }), ...marks, ...rest };
}

/** The beginnings of both bodies of an exchange, in what room an answer leaves them. */
export function bodySlices(
  { requestBody, responseBody }: StoredEntry["payload"],
  limit: number,
  room: number,
): { request: BodySlice | null; response: BodySlice | null } {
  const request = bodySlice(requestBody, 0, limit, Math.max(0, room / 2));
  const left = room - JSON.stringify(request?.text ?? "").length;
  return { request, response: bodySlice(responseBody, 0, limit, Math.max(0, left)) };
}

/** An exchange without its bulk: what to know before reading any of it. */
export function outlineOf(entry: StoredEntry) {
  const { payload: _, ...line } = entry;
  return {
    ...line,
    request: messageOutline(requestOf(entry)),
    response: messageOutline(responseOf(entry)),
  };
}

function messageOutline(message: Message) {
  const { headers, body } = message;
  const text = typeof body === "string" ? body : body?.text;
  return {
    header_names: [...new Set(headers.map(({ name }) => name.toLowerCase()))],
    body: text === undefined ? null : {
      media_type: mediaTypeOf(message) || null,
      characters: text.length,
      ...(typeof body === "object" && body?.encoding && { encoding: body.encoding }),
      ...shapeOf(text),
    },
  };
}

/** What a JSON text is made of: names and types, with small values of the top two levels left in. */
function shapeOf(text: string): { shape: unknown } | { begins: string } {
  try {
    return { shape: shape(JSON.parse(text), 0) };
  } catch {
    // Not JSON: the first line says more than a guess at a format.
    return { begins: text.slice(0, 120) };
  }
}

function shape(value: unknown, level: number): unknown {
  if (value === null) return "null";
  if (Array.isArray(value)) {
    return { items: value.length, ...(value.length > 0 && { of: shape(value[0], level + 1) }) };
  }
  if (typeof value !== "object") {
    return level <= 2 && String(value).length <= 60 ? value : typeof value;
  }
  if (level >= LEVELS) return "object";
  const names = Object.entries(value);
  return Object.fromEntries([
    ...names.slice(0, NAMES).map(([name, inner]) => [name, shape(inner, level + 1)]),
    ...(names.length > NAMES ? [["…", `${names.length - NAMES} more`]] : []),
  ]);
}
