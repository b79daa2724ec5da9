import type { StoredEntry } from "../entries/exchange.ts";
import type { Call } from "./call.ts";
import { found, rowsOf } from "./failure.ts";

/** Parts of a payload, as get_entry takes them. */
type PayloadPart =
  | "request_headers"
  | "response_headers"
  | "request_body"
  | "response_body"
  | "extra";

/** Entries with their payloads, redacted and audited by the database that answers them. */
export function exchangeReader(call: Call) {
  return {
    async one(id: string, parts?: PayloadPart[]): Promise<StoredEntry> {
      const entry = rowsOf(
        await call.db.rpc("get_entry", { id, ...(parts && { parts }) }).abortSignal(call.signal),
      );
      return found(entry, "entry") as unknown as StoredEntry;
    },
    async many(ids: string[]): Promise<StoredEntry[]> {
      if (ids.length === 0) return [];
      const entries = rowsOf(await call.db.rpc("get_entries", { ids }).abortSignal(call.signal));
      return (entries ?? []) as unknown as StoredEntry[];
    },
  };
}
