const DATE_TIME =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:[.,](\d+))?\s*(Z|[+-]\d{2}:?\d{2}|[+-]\d{2})?$/i;

/**
 * A captured date and time as an instant in UTC with microseconds, the precision of the database;
 * null when it is none. Finer digits are cut, never rounded, so that order survives. A time without
 * zone counts as UTC.
 */
export function instant(text: string): string | null {
  const match = DATE_TIME.exec(text.trim());
  if (!match) return null;
  const [, date, time, fraction = "", zone = "Z"] = match;
  const offset = zone.length === 3
    ? `${zone}:00`
    : zone.length === 5
    ? `${zone.slice(0, 3)}:${zone.slice(3)}`
    : zone.toUpperCase();
  const seconds = new Date(`${date}T${time}${offset}`);
  if (Number.isNaN(seconds.getTime())) return null;
  return seconds.toISOString().replace(".000Z", `.${fraction.slice(0, 6).padEnd(6, "0")}Z`);
}
