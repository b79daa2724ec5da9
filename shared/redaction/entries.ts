import type { RedactionPolicy } from "./policy.ts";
import { hiding } from "./policy.ts";
import { createRedactor, type ReadableEntry, type Redactor } from "./redactor.ts";

/**
 * Entries as they may go where a policy is for: what the database hid from their reader is hidden by its
 * look as well. Equal secrets keep equal placeholders in all of them.
 */
export function entryRedactor(policy: RedactionPolicy): <E extends ReadableEntry>(entry: E) => E {
  let redactor: Redactor | undefined;
  return (entry) => {
    const held = hiding(policy, !entry.redacted);
    if (!held.enabled) return entry;
    redactor ??= createRedactor(held);
    return redactor.entry(entry);
  };
}
