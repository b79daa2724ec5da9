export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const REPLACEMENT = "\u{fffd}";

/** Whether Postgres can hold the text: neither text nor jsonb takes NUL or a lone surrogate. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

/** The text with U+FFFD for what Postgres cannot hold. */
export function storableText(text: string): string {
  return isStorable(text) ? text : text.toWellFormed().replaceAll("\0", REPLACEMENT);
}

/** A JSON value with every text in it, names included, made storable. Shares what needs no change. */
export function storableJson(value: Json): Json {
  if (typeof value === "string") return storableText(value);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) {
    const items = value.map(storableJson);
    return items.every((item, at) => item === value[at]) ? value : items;
  }
  const members = Object.entries(value).map(([name, member]) =>
    [storableText(name), storableJson(member)] as const
  );
  const same = members.every(([name, member]) =>
    Object.hasOwn(value, name) && value[name] === member
  );
  // fromEntries defines own members: a member named __proto__ stays one.
  return same ? value : Object.fromEntries(members);
}

/** Whether arrays and objects nest deeper than `limit`; looks no deeper than that itself. */
export function nestsDeeperThan(value: Json, limit: number): boolean {
  if (value === null || typeof value !== "object") return false;
  if (limit === 0) return true;
  return Object.values(value).some((member) => nestsDeeperThan(member, limit - 1));
}
