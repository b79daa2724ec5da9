import type { AbortedRequest, CompletedBody, CompletedRequest, CompletedResponse } from "mockttp";
import { type Body, bytesBody } from "../../shared/entries/body.ts";

/** An entry as the proxy hands it to the uploader. */
export interface CapturedEntry {
  request_id: string;
  ts: string;
  source: "proxy";
  payload: Record<string, unknown>;
}

/** Bodies above this pass through unrecorded: the proxy would have to hold them in memory. */
export const RECORDED_BODY_LIMIT = 16 * 1024 * 1024;

/** A request and its answer as an entry. */
export async function exchangeEntry(
  request: CompletedRequest,
  response: CompletedResponse,
): Promise<CapturedEntry> {
  const failure = failureOf([...request.tags, ...response.tags]);
  return entryOf(request, {
    requestBody: await bodyOf(request.body, request.rawHeaders),
    requestSize: wireSize(request.body, request.rawHeaders),
    statusCode: response.statusCode,
    statusMessage: response.statusMessage,
    responseHeaders: response.rawHeaders,
    responseBody: await bodyOf(response.body, response.rawHeaders),
    responseSize: wireSize(response.body, response.rawHeaders),
    ...(failure === null ? {} : { error: failure }),
  }, response.timingEvents.responseSentTimestamp);
}

/** A request that never got its answer. */
export function abortedEntry(request: AbortedRequest): CapturedEntry {
  const failure = request.error?.message ?? failureOf(request.tags) ?? "aborted by the client";
  return entryOf(request, { statusCode: 0, error: failure }, request.timingEvents.abortedTimestamp);
}

/** A connection that became a WebSocket. */
export function upgradeEntry(
  request: CompletedRequest,
  response: Pick<CompletedResponse, "statusCode" | "statusMessage" | "rawHeaders">,
): CapturedEntry {
  return entryOf(request, {
    statusCode: response.statusCode,
    statusMessage: response.statusMessage,
    responseHeaders: response.rawHeaders,
  }, request.timingEvents.wsAcceptedTimestamp);
}

function entryOf(
  request: CompletedRequest | AbortedRequest,
  rest: Record<string, unknown>,
  endedAt: number | undefined,
): CapturedEntry {
  const { startTime, startTimestamp } = request.timingEvents;
  const timestamp = new Date(startTime).toISOString();
  const url = new URL(request.url);
  return {
    request_id: request.id,
    ts: timestamp,
    source: "proxy",
    payload: {
      timestamp,
      method: request.method,
      url: request.url,
      isSecure: url.protocol === "https:" || url.protocol === "wss:",
      host: url.host,
      httpVersion: `HTTP/${request.httpVersion}`,
      requestHeaders: request.rawHeaders,
      ...(endedAt === undefined
        ? {}
        : { duration: Math.round((endedAt - startTimestamp) * 10) / 10 }),
      source: "proxy",
      ...rest,
    },
  };
}

async function bodyOf(body: CompletedBody, headers: [string, string][]): Promise<Body> {
  const declared = contentLength(headers);
  if (body.buffer.length === 0 && declared > RECORDED_BODY_LIMIT) {
    return { text: "", truncated: true, size: declared };
  }
  // A body that claims an encoding it does not have is kept as it came.
  const decoded = await body.getDecodedBuffer().catch(() => undefined);
  const { buffer, byteOffset, byteLength } = decoded ?? body.buffer;
  return byteLength === 0 ? null : bytesBody(new Uint8Array(buffer, byteOffset, byteLength));
}

/** Bytes on the wire, that is before any content encoding was taken off. */
function wireSize(body: CompletedBody, headers: [string, string][]): number {
  return body.buffer.length > 0 ? body.buffer.length : contentLength(headers);
}

function contentLength(headers: [string, string][]): number {
  const value = headers.find(([name]) => name.toLowerCase() === "content-length")?.[1];
  return Math.max(0, Number(value ?? 0)) || 0;
}

/** Mockttp tells of failures on the way to the destination by tags. */
function failureOf(tags: string[]): string | null {
  const prefix = "passthrough-error:";
  const tag = tags.find((one) => one.startsWith(prefix));
  return tag === undefined ? null : tag.slice(prefix.length);
}
