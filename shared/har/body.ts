import { canonicalBase64, toBase64 } from "../entries/base64.ts";
import { type Body, decodeBody, normaliseBody, textBody } from "../entries/body.ts";

/** What HAR says of a body: a text, or base64 of bytes. */
export interface HarBody {
  text: string;
  encoding?: "base64";
}

/** A body of a HAR as a payload carries it: cut to its limit, and small enough in JSON. */
export function fromHarBody({ text, encoding }: HarBody): Exclude<Body, null> {
  const body = encoding === undefined ? textBody(text) : normaliseBody({ text, encoding });
  if (body === null) throw new RangeError("a body with encoding base64 must be base64");
  return compactInJson(body);
}

/** The same backwards; null when there is none. */
export function toHarBody(body: Body | undefined): HarBody | null {
  if (body === null || body === undefined) return null;
  if (typeof body !== "string" && body.encoding && !body.charset) {
    return { text: body.text, encoding: "base64" };
  }
  return { text: decodeBody(body) as string };
}

/**
 * Whether the text is base64 as a payload carries it. What is said to be base64 and is not (line
 * breaks, no padding, anything else) stays the text that it was.
 */
export function isBase64(text: string): boolean {
  return canonicalBase64(text) === text;
}

/**
 * Control characters take six bytes each in JSON, and two bodies at their limit would not fit one
 * request then; as base64 they always do.
 */
function compactInJson(body: Exclude<Body, null>): Exclude<Body, null> {
  const marked = typeof body === "string" ? { text: body } : body;
  if (marked.encoding) return body;
  const escapes = JSON.stringify(marked.text).length - marked.text.length - 2;
  const bytes = new TextEncoder().encode(marked.text);
  if (escapes <= bytes.length / 3) return body;
  return { ...marked, text: toBase64(bytes), encoding: "base64", charset: "utf-8" };
}
