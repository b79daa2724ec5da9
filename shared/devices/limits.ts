import type { Limit } from "../token/guard.ts";

/** Guessing a code: 10 tries a minute against 40 bits that last 10 minutes. */
export const PAIRING_LIMIT: Limit = { bucket: "pairing", capacity: 10, perSeconds: 60 };
/** What people and devices do with a credential in hand. */
export const DEVICE_LIMIT: Limit = { bucket: "device-pair", capacity: 60, perSeconds: 60 };
export const BODY_LIMIT = 16_384;
