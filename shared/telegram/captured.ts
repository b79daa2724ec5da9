import { EVERYTHING } from "../redaction/policy.ts";
import { createRedactor } from "../redaction/redactor.ts";

/** A text that may quote captured traffic, as it may leave for Telegram: without secrets, always. */
export function forTelegram(text: string): string {
  return createRedactor(EVERYTHING).text(text);
}
