import { nestsDeeper } from "../http/json-depth.ts";
import { base64Size } from "./base64.ts";
import { decodeBody } from "./body.ts";
import { isJsonType, mediaTypeOf } from "./exchange.ts";
import type { Message } from "./exchange.ts";
import type { Json } from "./text.ts";

/** Deeper JSON is handled as text: walking it would take the stack. */
const DEPTH_LIMIT = 100;
const FORM_TYPE = "application/x-www-form-urlencoded";

/** What a body holds, as far as it can be read. */
export type Content =
  | { kind: "none" }
  | { kind: "omitted" }
  | { kind: "json"; value: Json; text: string }
  | { kind: "form"; fields: [name: string, value: string][]; text: string }
  | { kind: "text"; text: string }
  | { kind: "binary"; bytes: Uint8Array };

export function contentOf(message: Message): Content {
  const { body } = message;
  if (body === null) return { kind: "none" };
  if (typeof body !== "string" && "omitted" in body) return { kind: "omitted" };
  const content = decodeBody(body);
  if (typeof content !== "string") return { kind: "binary", bytes: content };
  if (isTruncated(message)) return { kind: "text", text: content };
  const mediaType = mediaTypeOf(message);
  if (mediaType === FORM_TYPE) {
    return { kind: "form", fields: [...new URLSearchParams(content)], text: content };
  }
  if (!isJsonType(mediaType) && !/^\s*[[{]/.test(content)) return { kind: "text", text: content };
  const value = parseJson(content);
  return value === undefined
    ? { kind: "text", text: content }
    : { kind: "json", value, text: content };
}

export function isTruncated({ body }: Message): boolean {
  return body !== null && typeof body !== "string" && "truncated" in body;
}

/** Of the whole body, in bytes, also where only its beginning was kept. */
export function bodySize({ body }: Message): number {
  if (body === null) return 0;
  if (typeof body === "string") return new TextEncoder().encode(body).length;
  if ("omitted" in body) return 0;
  if (body.size !== undefined) return body.size;
  if (body.encoding && !body.charset) return base64Size(body.text);
  return new TextEncoder().encode(decodeBody(body) as string).length;
}

function parseJson(text: string): Json | undefined {
  if (nestsDeeper(text, DEPTH_LIMIT)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
