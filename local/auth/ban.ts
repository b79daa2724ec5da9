// How long a ban lasts, as the admin API writes it.

import { AuthError } from "./errors.ts";

const UNIT_MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

// Far enough for "for ever" and still a timestamp that Postgres and JavaScript can both hold.
const LONGEST_HOURS = 1_000_000;

/** When a ban ends: now plus a duration as Go writes it ("24h", "1h30m"); "none" is no ban. */
export function banEnd(duration: string, now: number): Date | null {
  if (duration === "none") return null;
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const milliseconds = parts.reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (UNIT_MILLISECONDS[unit ?? ""] ?? NaN),
    0,
  );
  const understood = parts.length > 0 && parts.map(([part]) => part).join("") === duration;
  if (!understood || milliseconds > LONGEST_HOURS * 3_600_000) {
    throw new AuthError(
      400,
      "validation_failed",
      `invalid format for ban duration: "${duration}" (write "24h", "1h30m" or "none")`,
    );
  }
  return new Date(now + milliseconds);
}
