import { z } from "zod";
import { normalisePayload, PayloadFault } from "./payload.ts";
import type { Payload } from "./payload.ts";
import { storableText } from "./text.ts";

export const SOURCES = ["vpn", "pac", "proxy", "cdp", "har"] as const;

/** An entry as a device sends it. */
export interface IncomingEntry {
  request_id: string;
  /** As sent, not as a Date: that would lose the microseconds, and with them the entry's identity. */
  ts: string;
  payload: Payload;
  device_uuid?: string | null;
  kind?: "event" | null;
  source?: (typeof SOURCES)[number] | null;
}

type Field = keyof IncomingEntry;
export type FaultCode = `invalid_${Field}` | "invalid_entry";
export interface Fault {
  code: FaultCode;
  message: string;
}

/** Each field's shape and what to do about it; the database says the same in the same words. */
const FIELDS: Record<Field, { shape: z.ZodType; fix: string }> = {
  request_id: { shape: z.string().min(1).max(200), fix: "give a text of 1 to 200 characters" },
  ts: {
    // Longer fractions than 6 digits are rounded by Postgres; it refuses texts over 128 characters.
    shape: z.iso.datetime({ offset: true }).max(64),
    fix: "give an ISO 8601 time with its offset, from 1970 to 9999",
  },
  device_uuid: {
    shape: z.guid().nullish(),
    fix: "give a uuid, or leave it out for the credential's own device",
  },
  kind: { shape: z.literal("event").nullish(), fix: 'only "event" is known; leave it out' },
  source: { shape: z.enum(SOURCES).nullish(), fix: `use one of ${SOURCES.join(", ")}` },
  payload: { shape: z.record(z.string(), z.unknown()), fix: "give an object" },
};

/** One element of a batch as it can be stored, or why it cannot. */
export function readEntry(value: unknown): { entry: IncomingEntry } | { fault: Fault } {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    return { fault: { code: "invalid_entry", message: "entry: give an object" } };
  }
  const given = value as Record<Field, unknown>;
  for (const [field, { shape, fix }] of Object.entries(FIELDS) as [Field, typeof FIELDS[Field]][]) {
    if (shape.safeParse(given[field]).success) continue;
    return { fault: { code: `invalid_${field}`, message: `${field}: ${fix}` } };
  }
  return normalised(value as IncomingEntry);
}

function normalised(entry: IncomingEntry): { entry: IncomingEntry } | { fault: Fault } {
  const { request_id, ts, device_uuid, kind, source, payload } = entry;
  try {
    return {
      entry: {
        request_id: storableText(request_id),
        ts,
        payload: normalisePayload(payload),
        ...(device_uuid && { device_uuid }),
        ...(kind && { kind }),
        ...(source && { source }),
      },
    };
  } catch (error) {
    if (!(error instanceof PayloadFault)) throw error;
    return { fault: { code: "invalid_payload", message: error.message } };
  }
}
