import type { StoredEntry } from "../entries/exchange.ts";
import { entryRedactor } from "../redaction/entries.ts";
import { readPolicy } from "../redaction/policy.ts";
import type { Destination } from "../redaction/policy.ts";
import type { Call } from "./call.ts";
import { found, rowsOf } from "./failure.ts";

/** Parts of a payload, as get_entry takes them. */
type PayloadPart =
  | "request_headers"
  | "response_headers"
  | "request_body"
  | "response_body"
  | "extra";

/**
 * Entries with their payloads, audited by the database that answers them. Secrets are hidden as the
 * destination's policy says, and from whom the database hides them already, by their look as well;
 * equal ones keep equal placeholders within the answer.
 */
export function exchangeReader(call: Call, destination: Destination = call.destination) {
  let redact: Promise<ReturnType<typeof entryRedactor>> | undefined;
  const shown = () => redact ??= readPolicy(call.db, destination, call.signal).then(entryRedactor);
  return {
    async one(id: string, parts?: PayloadPart[]): Promise<StoredEntry> {
      const entry = rowsOf(
        await call.db.rpc("get_entry", { id, ...(parts && { parts }) }).abortSignal(call.signal),
      );
      return (await shown())(found(entry, "entry") as unknown as StoredEntry);
    },
    async many(ids: string[]): Promise<StoredEntry[]> {
      if (ids.length === 0) return [];
      const entries = rowsOf(await call.db.rpc("get_entries", { ids }).abortSignal(call.signal));
      return ((entries ?? []) as unknown as StoredEntry[]).map(await shown());
    },
  };
}
