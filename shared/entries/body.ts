import { base64Size, canonicalBase64, cutBase64, fromBase64, toBase64 } from "./base64.ts";
import { isStorable } from "./text.ts";

/** What is kept of one captured body: 1 MiB. */
export const BODY_LIMIT = 1_048_576;

/** A body with what has to be remembered of it. */
export interface MarkedBody {
  text: string;
  /** `text` is base64 of the raw bytes, or of a text in `charset` that Postgres cannot hold. */
  encoding?: "base64";
  charset?: Charset;
  /** `text` is the beginning only; `size` is the whole's in bytes. */
  truncated?: true;
  size?: number;
}
export type Charset = "utf-8" | "utf-16le";
export type Body = string | MarkedBody | null;

type Extent = Pick<MarkedBody, "truncated" | "size">;

/**
 * The body in the form it is stored in: at most 1 MiB, never with text that Postgres cannot hold.
 * Normalising it again changes nothing. `null` for base64 that is none.
 */
export function normaliseBody(body: Exclude<Body, null>): Exclude<Body, null> | null {
  if (typeof body === "string") return textBody(body);
  const { text, encoding, charset, ...extent } = body;
  if (!encoding) return textBody(text, extent);
  const base64 = canonicalBase64(text);
  return base64 === null ? null : base64Body(base64, charset, extent);
}

/** A body that is text: as it is, or as base64 in a charset when Postgres cannot hold it. */
export function textBody(text: string, extent: Extent = {}): Exclude<Body, null> {
  // A lone surrogate has no UTF-8; UTF-16 keeps any sequence of code units.
  if (!text.isWellFormed()) return base64Body(toBase64(utf16(text)), "utf-16le", extent);
  const kept = cutText(text);
  const marks = kept === text ? extent : cutExtent(extent, new TextEncoder().encode(text).length);
  if (!isStorable(kept)) {
    const base64 = toBase64(new TextEncoder().encode(kept));
    return { text: base64, encoding: "base64", charset: "utf-8", ...marks };
  }
  return Object.keys(marks).length === 0 ? kept : { text: kept, ...marks };
}

/** A body that is bytes: text when it is text, otherwise base64 without a charset. */
export function bytesBody(bytes: Uint8Array): Exclude<Body, null> {
  const text = decodeUtf8(bytes);
  if (text !== null && isStorable(text)) return textBody(text);
  return base64Body(toBase64(bytes), undefined, {});
}

/** What the body was: text, or bytes where it never was text. */
export function decodeBody(body: Exclude<Body, null>): string | Uint8Array {
  if (typeof body === "string") return body;
  if (!body.encoding) return body.text;
  const bytes = fromBase64(body.text);
  if (body.charset === "utf-16le") return fromUtf16(bytes);
  return body.charset === "utf-8"
    ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)
    : bytes;
}

function base64Body(text: string, charset: Charset | undefined, extent: Extent): MarkedBody {
  const size = base64Size(text);
  return {
    text: cutBase64(text, BODY_LIMIT),
    encoding: "base64",
    ...(charset && { charset }),
    ...(size > BODY_LIMIT ? cutExtent(extent, size) : extent),
  };
}

/** A client that cut the body before us knew its real size. */
function cutExtent(extent: Extent, size: number): Extent {
  return { truncated: true, size: extent.size ?? size };
}

function cutText(text: string): string {
  // UTF-8 takes at most three bytes for a code unit.
  if (text.length * 3 <= BODY_LIMIT) return text;
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(BODY_LIMIT));
  return text.slice(0, read);
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    // ignoreBOM keeps the mark: a decoder that drops it would change the body.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function utf16(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < text.length; at++) view.setUint16(at * 2, text.charCodeAt(at), true);
  return bytes;
}

/** Not a TextDecoder: that would replace lone surrogates, for whose sake the charset is used. */
function fromUtf16(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = "";
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    text += String.fromCharCode(view.getUint16(at, true));
  }
  return text;
}
