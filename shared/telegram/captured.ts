import type { RedactionPolicy } from "../redaction/policy.ts";
import { createRedactor } from "../redaction/redactor.ts";

/** A text that may quote captured traffic, as it may leave for Telegram. */
export type Quote = (text: string) => string;

/** Without secrets, always; the policy may say that more is one. */
export function quoting(policy: RedactionPolicy): Quote {
  return (text) => createRedactor({ ...policy, enabled: true }).text(text);
}
