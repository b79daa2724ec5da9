// A name of a secret that stands as a value itself, with the secret beside it: a field of a form, a
// header of HAR, `<meta content="…" name="csrf-token">`, `["X-Api-Key", "…"]`.

import { isKeyLike } from "./values.ts";

const REACH = 1_024;
const NAMED_AS = /(?:^|[\s{,<"'\\])(?:name|key|id|k|field)\\*["']?\s{0,20}[:=]\s{0,20}\\*["']$/i;
const VALUE_OF_OBJECT = /["'{,\s](?:value|val|v)\\*["']?\s{0,20}[:=]\s{0,20}/i;
const VALUE_OF_TAG = /[\s"'](value|content)\s{0,20}=\s{0,20}(?=(["'])(.{0,4096}?)\2)/i;
const FIRST_OF_PAIR = /\[\s{0,20}\\*["']$/;
const BETWEEN = /\\*["']\s{0,20},\s{0,20}(?=(\\*["'])([^"'\\]{1,4096})\1\s{0,20}\])/y;
const WORDS_ALONE = /^[A-Za-z_ ]*$/;
/** The longest of what may stand between a bracket and the name. */
const LEAD = 64;

/** Where the value of a name at [start, end) begins that is beside it, before or after; else -1. */
export function siblingValue(text: string, start: number, end: number): number {
  const lead = text.slice(Math.max(0, start - LEAD), start);
  if (FIRST_OF_PAIR.test(lead)) return secondOfPair(text, end);
  if (!NAMED_AS.test(lead)) return -1;
  const before = text.slice(Math.max(0, start - REACH), start);
  const open = Math.max(before.lastIndexOf("{"), before.lastIndexOf("<"));
  if (open < 0) return -1;
  const isTag = before[open] === "<";
  const after = text.slice(end, end + REACH);
  const close = after.indexOf(isTag ? ">" : "}");
  const from = start - before.length + open;
  const within = text.slice(from, close < 0 ? end + REACH : end + close);
  const match = (isTag ? VALUE_OF_TAG : VALUE_OF_OBJECT).exec(within);
  if (!match) return -1;
  // What a page says about itself is words: <meta name="csrf-header" content="X-CSRF-TOKEN">.
  if (match[1]?.toLowerCase() === "content" && !isKeyLike(match[3]!)) return -1;
  return from + match.index + match[0].length;
}

/** A list of two words is one of names. */
function secondOfPair(text: string, end: number): number {
  BETWEEN.lastIndex = end;
  const match = BETWEEN.exec(text);
  return match && !WORDS_ALONE.test(match[2]!) ? end + match[0].length : -1;
}
