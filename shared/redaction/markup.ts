// Secrets in XML, SOAP, HTML and property lists: what is between tags.

import type { Found } from "./values.ts";

/** A search for an element's end goes no further: its own name is told by the tag before. */
const REACH = 4_096;
const NAME_REACH = 64;
const ELEMENT = /(?:\s[^<>]{0,512})?>/y;
const CDATA = "<![CDATA[";
/** A list's element of names: what comes after its end is the value. */
const NAME_CLOSES =
  /<\/(?:[\w.-]{1,20}:)?(?:key|name|k|n)>\s{0,80}<[\w.:-]{1,60}>\s{0,80}(?:<[\w.:-]{1,60}>\s{0,80})?(?=[^<\s])/iy;
const TEXT = />([^<]{1,4096})/g;

/** Whether a name begins a tag: `<password`, `<ns:password`. */
export function isTag(text: string, start: number): boolean {
  return text[start - 1] === "<" ||
    (text[start - 1] === ":" && /<[\w.-]{1,40}:$/.test(text.slice(Math.max(0, start - 42), start)));
}

/** Whether what ends here is the name of a tag, so that attributes may follow. */
export function isTagName(text: string, end: number): boolean {
  const open = text.lastIndexOf("<", end);
  return open >= 0 && end - open <= NAME_REACH && /^<[\w.:-]+$/.test(text.slice(open, end));
}

/**
 * What an element holds whose name ends at `nameEnd`: its text, or all texts within. `<password>` may
 * also be a placeholder: an element ends with its own name.
 */
export function elementValues(
  text: string,
  nameEnd: number,
  name: string,
  label: string,
): Found[] | null {
  ELEMENT.lastIndex = nameEnd;
  const rest = ELEMENT.exec(text)?.[0];
  if (rest === undefined || rest.endsWith("/>")) return null;
  const start = nameEnd + rest.length;
  const within = text.slice(start, start + REACH);
  const closing = new RegExp(`</(?:[\\w.-]{1,40}:)?${name.replaceAll(".", "\\.")}\\s*>`);
  const end = within.search(closing);
  const found: Found[] = [];
  if (end < 0) {
    // Too long for the search, or cut off: its first text is what it holds.
    const next = within.indexOf("<");
    if (next >= 0 || within.length < REACH) return null;
    const far = text.indexOf(`</`, start);
    return far < 0 || !closing.test(text.slice(far, far + 2 * NAME_REACH))
      ? null
      : [{ start, end: far, label }];
  }
  // Its own tag's bracket first, so that what follows it is like what follows the others.
  for (const match of `>${within.slice(0, end)}`.matchAll(TEXT)) add(match[1]!, match.index, found);
  const cdata = within.slice(0, end).indexOf(CDATA);
  if (cdata >= 0) {
    const from = start + cdata + CDATA.length;
    const until = text.indexOf("]]>", from);
    found.push({ start: from, end: until < 0 ? text.length : until, label });
  }
  found.sort((a, b) => a.start - b.start);
  return found.length > 0 ? found : null;

  function add(inner: string, index: number, found: Found[]): void {
    const trimmed = inner.trim();
    // Braces are an expression of JSX.
    if (trimmed === "" || trimmed.startsWith("{")) return;
    const from = start + index + inner.indexOf(trimmed);
    found.push({ start: from, end: from + trimmed.length, label });
  }
}

/** `<key>password</key><string>…`, `<name>password</name><value><string>…`. */
export function namedElement(
  text: string,
  start: number,
  end: number,
  label: string,
): Found | null {
  if (text[start - 1] !== ">" || text[end] !== "<") return null;
  NAME_CLOSES.lastIndex = end;
  const match = NAME_CLOSES.exec(text)?.[0];
  if (match === undefined) return null;
  return untilNext(text, end + match.length, "<", label);
}

/** `&lt;password&gt;…`: XML as a text of XML. */
export function entityTag(text: string, start: number, end: number, label: string): Found | null {
  if (!text.startsWith("&gt;", end)) return null;
  if (!/&lt;(?:[\w.-]{1,40}:)?$/.test(text.slice(Math.max(0, start - 46), start))) return null;
  return untilNext(text, end + 4, "&lt;", label);
}

function untilNext(text: string, start: number, mark: string, label: string): Found | null {
  const next = text.indexOf(mark, start);
  const end = next < 0 ? text.length : next;
  return text.slice(start, Math.min(end, start + REACH)).trim() === ""
    ? null
    : { start, end, label };
}
