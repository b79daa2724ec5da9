import { EVERYTHING } from "../redaction/policy.ts";
import { createRedactor } from "../redaction/redactor.ts";

/**
 * A value as a model may see it: what carries a secret by its name or its look is a placeholder that
 * says what it was. The database has already left out what it knows; this is the last door, and no
 * policy opens it.
 */
export function cleaned(value: unknown): unknown {
  return createRedactor(EVERYTHING).json(value);
}

/** The same within a text: a URL, a form, JSON that was captured as text, headers as lines. */
export function cleanedText(text: string): string {
  return createRedactor(EVERYTHING).text(text);
}
