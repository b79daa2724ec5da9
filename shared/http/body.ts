import { AppError } from "./errors.ts";
import { nestsDeeper } from "./json-depth.ts";
import { jsonFault } from "./json-fault.ts";

const JSON_MEDIA_TYPE = /^application\/(?:[\w.-]+\+)?json$/;
/** DEFLATE expands up to 1032 times, and an engine inflates a whole chunk at once: 4 KiB → 4 MiB. */
const COMPRESSED_SLICE = 4_096;

/** Far beyond any document of ours; payloads of entries have a limit of their own below it. */
export const DEPTH_LIMIT = 128;

/** Where a body comes from: a request, or an answer to one of ours. */
export type BodySource = Pick<Request, "headers" | "body" | "signal">;

export interface BodyRules {
  /** Bytes, counted after decompression. */
  limit: number;
}

/** The JSON body, read within its limit; an empty body is undefined. Every fault is a 4xx that names it. */
export async function readJson(request: BodySource, rules: BodyRules): Promise<unknown> {
  const bytes = await readBytes(request, rules);
  if (bytes.byteLength === 0) return undefined;
  requireJson(request.headers);
  const text = decodeUtf8(bytes);
  if (nestsDeeper(text, DEPTH_LIMIT)) {
    throw new AppError("invalid_json", `The body nests deeper than ${DEPTH_LIMIT} levels.`);
  }
  try {
    return JSON.parse(text);
  } catch {
    const position = jsonFault(text);
    throw new AppError("invalid_json", `The body is not JSON: fault at position ${position}.`, {
      details: { position },
    });
  }
}

/** The body's bytes, decompressed; stops reading at the limit whatever a length header promises. */
export async function readBytes(
  request: BodySource,
  { limit }: BodyRules,
): Promise<Uint8Array> {
  const { headers, body } = request;
  const decompress = contentDecoder(headers);
  if (Number(headers.get("content-length")) > limit) throw tooLarge(limit);
  if (!body) return new Uint8Array();
  if (!decompress) return await collect(body, limit, aborted);
  const inflated = body.pipeThrough(sliced(COMPRESSED_SLICE)).pipeThrough(decompress);
  return await collect(
    inflated,
    limit,
    (cause) =>
      request.signal.aborted ? aborted(cause) : new AppError(
        "invalid_compression",
        "The body is not valid gzip although Content-Encoding says so.",
        { cause },
      ),
  );
}

function contentDecoder(headers: Headers) {
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() || "identity";
  if (encoding === "identity") return null;
  if (encoding === "gzip" || encoding === "x-gzip") return new DecompressionStream("gzip");
  throw new AppError("unsupported_encoding", "Content-Encoding must be gzip or absent.", {
    // RFC 9110 section 12.5.3: a 415 for the coding says which ones are taken.
    headers: { "Accept-Encoding": "gzip, identity" },
  });
}

function requireJson(headers: Headers): void {
  const [type = "", ...parameters] = (headers.get("content-type") ?? "").toLowerCase().split(";");
  const charset = parameters.map((p) => p.trim()).find((p) => p.startsWith("charset="));
  if (!JSON_MEDIA_TYPE.test(type.trim())) {
    throw new AppError("unsupported_media_type", "Content-Type must be application/json.");
  }
  if (charset && !/^charset="?utf-?8"?$/.test(charset)) {
    throw new AppError("unsupported_media_type", "The charset of a JSON body must be utf-8.");
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AppError("invalid_utf8", "The body is not valid UTF-8.", { cause });
  }
}

async function collect(
  stream: ReadableStream<Uint8Array>,
  limit: number,
  onFault: (cause: unknown) => AppError,
): Promise<Uint8Array> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((cause) => {
      throw onFault(cause);
    });
    if (done) break;
    length += value.byteLength;
    if (length > limit) {
      // Not awaited: the source may be a socket that only ends when the answer is out.
      reader.cancel().catch(() => {});
      throw tooLarge(limit);
    }
    chunks.push(value);
  }
  return concatenate(chunks, length);
}

function concatenate(chunks: Uint8Array[], length: number): Uint8Array {
  const [only] = chunks;
  if (only && chunks.length === 1) return only;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

/** Bytes in memory of their own; hosted functions' TypeScript has no Uint8Array<ArrayBuffer>. */
type Bytes = ReturnType<typeof Uint8Array.of>;

function sliced(size: number): TransformStream<Bytes, Bytes> {
  return new TransformStream({
    transform(chunk, controller) {
      for (let at = 0; at < chunk.byteLength; at += size) {
        controller.enqueue(chunk.subarray(at, at + size));
      }
    },
  });
}

function tooLarge(limit: number): AppError {
  return new AppError(
    "body_too_large",
    `The body is over the limit of ${limit} bytes (after decompression); send less at once.`,
    { details: { limit } },
  );
}

function aborted(cause: unknown): AppError {
  return new AppError("request_aborted", "The body ended before it was complete.", { cause });
}
