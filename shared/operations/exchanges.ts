import type { StoredEntry } from "../entries/exchange.ts";
import type { Destination } from "../redaction/policy.ts";
import type { Call } from "./call.ts";
import { found, rowsOf } from "./failure.ts";
import { redactorOf } from "./redacting.ts";

/** Parts of a payload, as get_entry takes them. */
type PayloadPart =
  | "request_headers"
  | "response_headers"
  | "request_body"
  | "response_body"
  | "extra";

/**
 * Entries with their payloads, audited by the database that answers them. From whom it hides secrets
 * they are hidden here by their look as well, as the destination's policy says; equal ones keep equal
 * placeholders within the answer.
 */
export function exchangeReader(call: Call, destination: Destination = "mcp") {
  const shown = async (entry: StoredEntry): Promise<StoredEntry> =>
    entry.redacted ? (await redactorOf(call, destination)).entry(entry) : entry;
  return {
    async one(id: string, parts?: PayloadPart[]): Promise<StoredEntry> {
      const entry = rowsOf(
        await call.db.rpc("get_entry", { id, ...(parts && { parts }) }).abortSignal(call.signal),
      );
      return await shown(found(entry, "entry") as unknown as StoredEntry);
    },
    async many(ids: string[]): Promise<StoredEntry[]> {
      if (ids.length === 0) return [];
      const entries = rowsOf(await call.db.rpc("get_entries", { ids }).abortSignal(call.signal));
      return await Promise.all(((entries ?? []) as unknown as StoredEntry[]).map(shown));
    },
  };
}
