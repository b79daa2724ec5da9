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

const timestamp = z.iso.datetime({ offset: true }).max(64);
const uuid = z.guid();

/** Each field's shape and what to do about it; the database says the same in the same words. */
const FIELDS: Record<Field, { holds: (value: unknown) => boolean; fix: string }> = {
  request_id: {
    holds: (value) => typeof value === "string" && value.length >= 1 && value.length <= 200,
    fix: "give a text of 1 to 200 characters",
  },
  ts: {
    // Postgres rounds fractions of more than 6 digits, and refuses texts over 128 characters.
    holds: (value) => timestamp.safeParse(value).success,
    fix: "give an ISO 8601 time with its offset, from 1970 to 9999",
  },
  device_uuid: {
    holds: (value) => isAbsent(value) || uuid.safeParse(value).success,
    fix: "give a uuid, or leave it out for the credential's own device",
  },
  kind: {
    holds: (value) => isAbsent(value) || value === "event",
    fix: 'only "event" is known; leave it out',
  },
  source: {
    holds: (value) => isAbsent(value) || SOURCES.some((source) => source === value),
    fix: `use one of ${SOURCES.join(", ")}`,
  },
  payload: { holds: isObject, fix: "give an object" },
};
const FIELD_NAMES = Object.keys(FIELDS) as Field[];

/** One element of a batch as it can be stored, or why it cannot. */
export function readEntry(value: unknown): { entry: IncomingEntry } | { fault: Fault } {
  if (!isObject(value)) {
    return { fault: { code: "invalid_entry", message: "entry: give an object" } };
  }
  const wrong = FIELD_NAMES.find((field) => !FIELDS[field].holds(value[field]));
  if (wrong) {
    return { fault: { code: `invalid_${wrong}`, message: `${wrong}: ${FIELDS[wrong].fix}` } };
  }
  return normalised(value as unknown as IncomingEntry);
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

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
