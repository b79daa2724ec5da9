import type { Limit } from "../../token/guard.ts";

/** Reads of one or two entries. */
export const READ_LIMIT: Limit = { bucket: "entries", capacity: 120, perSeconds: 60 };
/** Reads of thousands. */
export const BULK_LIMIT: Limit = { bucket: "entries-bulk", capacity: 10, perSeconds: 60 };
/** The answers hold captured data. */
export const PRIVATE = { "Cache-Control": "no-store" };
