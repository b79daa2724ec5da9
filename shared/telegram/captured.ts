import { replaceSecrets } from "../redaction/values.ts";

const PLACEHOLDER = "<secret>";

/** A text that may quote captured traffic, as it may leave for Telegram: without what looks secret. */
export function forTelegram(text: string): string {
  return replaceSecrets(text, PLACEHOLDER);
}
