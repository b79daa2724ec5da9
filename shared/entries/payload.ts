import { z } from "zod";
import { faultOf } from "../http/validate.ts";
import { normaliseBody } from "./body.ts";
import { nestsDeeperThan, storableJson } from "./text.ts";
import type { MarkedBody } from "./body.ts";
import type { Json } from "./text.ts";

export type Payload = { [field: string]: Json };

/** What is wrong with a payload, written for the one who sent it. */
export class PayloadFault extends Error {
  override readonly name = "PayloadFault";
}

/** Postgres refuses jsonb far deeper than this, and then the whole batch with it. */
export const DEPTH_LIMIT = 64;

const markedBody = z.strictObject({
  text: z.string(),
  encoding: z.literal("base64").optional(),
  charset: z.enum(["utf-8", "utf-16le"]).optional(),
  truncated: z.literal(true).optional(),
  size: z.int().nonnegative().optional(),
}).refine((body) => body.encoding || !body.charset, {
  path: ["charset"],
  error: "goes with encoding base64 alone",
});

const text = { holds: (value: Json) => typeof value === "string", fix: "give a text or null" };
const number = { holds: (value: Json) => typeof value === "number", fix: "give a number or null" };
const headers = {
  holds: isHeaders,
  fix: "give an object of name to value (a text or a list of texts), or a list of [name, value]",
};

/** The documented fields whose type matters; what is not here is kept as it came. */
const FIELDS: Record<string, { holds: (value: Json) => boolean; fix: string }> = {
  method: text,
  url: text,
  host: text,
  os: text,
  deviceCountry: text,
  source: text,
  error: text,
  statusCode: number,
  duration: number,
  requestSize: number,
  responseSize: number,
  isSecure: { holds: (value) => typeof value === "boolean", fix: "give true, false or null" },
  requestHeaders: headers,
  responseHeaders: headers,
};
const BODIES = ["requestBody", "responseBody"];

/** The payload as it can be stored, or a PayloadFault. Normalising it again changes nothing. */
export function normalisePayload(payload: Payload): Payload {
  if (nestsDeeperThan(payload, DEPTH_LIMIT)) {
    throw new PayloadFault(`payload: nests deeper than ${DEPTH_LIMIT} levels`);
  }
  for (const [name, { holds, fix }] of Object.entries(FIELDS)) {
    const value = payload[name];
    if (value === undefined || value === null || holds(value)) continue;
    throw new PayloadFault(`payload.${name}: ${fix}`);
  }
  const bodies = BODIES.filter((name) => Object.hasOwn(payload, name));
  const stored = Object.fromEntries(bodies.map((name) => [name, storedBody(name, payload[name])]));
  const rest = Object.entries(payload).filter(([name]) => !BODIES.includes(name));
  return { ...storableJson(Object.fromEntries(rest)) as Payload, ...stored };
}

function storedBody(name: string, value: Json | undefined): Json {
  if (value === undefined || value === null) return null;
  const body = typeof value === "string" ? value : readMarkedBody(name, value);
  const stored = normaliseBody(body);
  if (stored === null) throw new PayloadFault(`payload.${name}.text: is not base64`);
  return stored as Json;
}

function readMarkedBody(name: string, value: Json): MarkedBody {
  const result = markedBody.safeParse(value);
  if (result.success) return result.data as MarkedBody;
  throw new PayloadFault(faultOf(result.error, `payload.${name}`));
}

function isHeaders(value: Json): boolean {
  if (value === null || typeof value !== "object") return false;
  if (Array.isArray(value)) return value.every(isHeaderPair);
  return Object.values(value).every((header) => typeof header === "string" || isTexts(header));
}

function isHeaderPair(pair: Json): boolean {
  return isTexts(pair) && pair.length === 2;
}

function isTexts(value: Json): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
