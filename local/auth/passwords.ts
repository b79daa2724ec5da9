// What a new password must satisfy: Supabase's defaults, and bcrypt's own bound.

import { AuthError } from "./errors.ts";

export const MIN_PASSWORD_LENGTH = 6;

/** bcrypt ignores everything after 72 bytes, so a longer password would be weaker than it looks. */
export const MAX_PASSWORD_BYTES = 72;

/** Refuses a password that is too short or too long to be hashed whole. */
export function checkNewPassword(password: string): void {
  if (new TextEncoder().encode(password).length > MAX_PASSWORD_BYTES) {
    throw new AuthError(
      400,
      "validation_failed",
      `Password cannot be longer than ${MAX_PASSWORD_BYTES} characters`,
    );
  }
  if (password.length < MIN_PASSWORD_LENGTH) {
    throw new AuthError(
      422,
      "weak_password",
      `Password should be at least ${MIN_PASSWORD_LENGTH} characters.`,
      { details: { weak_password: { reasons: ["length"] } } },
    );
  }
}
