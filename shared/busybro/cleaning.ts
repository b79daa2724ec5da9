import type { RedactionPolicy } from "../redaction/policy.ts";
import { createRedactor } from "../redaction/redactor.ts";

/**
 * Takes secrets out of what a model may see: what carries one by its name or its look is a placeholder
 * that says what it was. The database has already left out what it knows; this is the last door, and no
 * policy opens it. One may say that it hides more.
 */
export interface Cleaner {
  value(value: unknown): unknown;
  /** The same within a text: a URL, a form, JSON that was captured as text, headers as lines. */
  text(text: string): string;
}

export function cleanerFor(policy: RedactionPolicy): Cleaner {
  const on = { ...policy, enabled: true };
  return {
    value: (value) => createRedactor(on).json(value),
    text: (text) => createRedactor(on).text(text),
  };
}
