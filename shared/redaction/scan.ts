// Secrets in a text of any kind: JSON (also cut off, escaped within JSON, or several in a row), forms,
// URLs, headers, multipart, XML, GraphQL, source code. The text is not parsed as a whole: a pass finds
// words that names of secrets hold, and only around those is looked for a name and the value it has.
// That costs less than JSON.parse, works on what no parser takes, and keeps the spelling of the rest.

import { elementValues, entityTag, isTag, isTagName, namedElement } from "./markup.ts";
import { isCountName, isLinkName, isSecretSegment } from "./names.ts";
import { labelOf } from "./placeholders.ts";
import { siblingValue } from "./siblings.ts";
import { type Found, isKeyLike } from "./values.ts";

/** A named value; a bare number in JSON takes quotes of its own when it is replaced. */
export interface Named extends Found {
  quotes?: string;
}

/**
 * What names of secrets hold, and those of links that let in. Three letters of each are looked for first:
 * where its beginning is that of many words, a rarer part of it stands here.
 */
export const WORDS = [
  ..."token secret pass pwd key sess auth cookie csrf xsrf sig credential jwt assertion saml".split(
    " ",
  ),
  ..."nnection rif code card cvv cvc otp pin sid rer hmac hrase mnemonic".split(" "),
  ..."eset cover irm vat nvi gic cket".split(" "),
];
/** What of a word is known at least where it was sieved out. */
const SIEVED = 3;

const NAME_LIMIT = 64;
const [SPACE, TAB] = [32, 9];
const ENDS_NAME = Uint8Array.from(
  { length: 128 },
  (_, code) => "]\\\"'=:>/%<&\r\n".includes(String.fromCharCode(code)) ? 1 : 0,
);
/** `"token" : `, `\"token\":`, `'token' => `. */
const QUOTED_KEY = /\]{0,3}(\\*)["']\s{0,20}(?::|=>|=)\s{0,20}/y;
/** HAR's `{"name":"token","value":…}` and XML's `key="token" value=`. */
const NAME_AND_VALUE = /\\*["']\s{0,20},?\s{0,20}\\*["']?value\\*["']?\s{0,20}[:=]\s{0,20}/y;
/** Of multipart/form-data, before and after the name. */
const PART_BEGIN = /form-data;[^\r\n]{0,200}\bname="?[\w.[-]{0,200}$/i;
const PART_HEAD = /\]{0,3}"?(?:;[^\r\n]{0,200})?\r?\n(?:[^\r\n]{1,200}\r?\n){0,4}\r?\n/y;
const PART_REACH = 480;
const ASSIGNMENT = /(?:\]|%5[Dd]){0,3}(?:=(?![=>])|%(?:25)?3[Dd]|\\u003[dD])/y;
const SPACED = /\]{0,3}(?:[ \t]{0,4}:(?![:/])[ \t]{0,4}|[ \t]{1,4}=[ \t]{1,4})/y;
const ENCODED_KEY =
  /(?:%(?:25)?5[Cc])*%(?:25)?22(?:%(?:25)?20|\+)*%(?:25)?3[Aa](?:%(?:25)?20|\+)*/y;
const ENCODED_QUOTE = /(?:%(?:25)?5[Cc])*%(?:25)?22/y;
const ENTITY = "&(?:quot|apos|#0?3[49]|#x2[27]);";
const ENTITY_KEY = new RegExp(`${ENTITY}\\s{0,20}:\\s{0,20}(${ENTITY})?`, "iy");
const OPENING = /(\\*)(["'`])/y;
const COLON = /\s{0,20}:/y;
const BACKSLASHES = /\\+/y;
const NUMBER = /-?\d[\d.eE+-]{0,40}/y;
const LITERAL = /(?:true|false|null|undefined|none)(?![\w-])/iy;
const SCHEME =
  /(?:bearer|basic|digest|token|negotiate|dpop|hmac|apikey|aws4-hmac-sha256)\s{1,9}(?=\S)/iy;
/** A mark of the database has brackets. */
const BARE = /\[redacted:[0-9a-f]{8}\]|[^\s,;&"'<>(){}[\]\\]{1,4096}/y;
const ENCODED = /(?:(?!%(?:25)?(?:26|22|5[Cc]|2[Cc]|7[Dd]))[^\s&"'<>\\]){1,4096}/y;
/** A line of a header to its end; within a text of a language to the escaped end. */
const LINE = /(?:[^\r\n\\]|\\(?![rn])){1,8192}/y;
const CREDENTIALS_LINE = /^(?:proxy-)?authorization$/i;
const COOKIE_LINE = /^cookie$/i;
/** `Digest username="ada", response=…`, `sid=…; theme=dark`: more than one word. */
const PARAMETERS = /[A-Za-z][\w-]{0,40}[ \t]{1,4}(?=[\w-]{1,40}=)/y;
const COOKIES = /(?=[\w!#$%&'*+.^`|~-]{1,100}=)/y;
/** Codes of OAuth, keys of an API, tickets of CAS: in a query alone, and when the value reads like one. */
const WEAK_NAME = /^(?:code|key|api|auth|ticket)$/i;
/** What a schema says of a value is none. */
const SCHEMA =
  /\{\s{0,200}\\*"(?:type\\*"\s{0,20}:\s{0,20}\\*"(?:string|number|integer|boolean|object|array|null|apiKey|http|oauth2|openIdConnect)\\*"|\$ref\\*")/y;
const SEGMENT = /[^/?#\s"'<>&\\]{1,512}/y;
/** Code, not a value: `this.token`, `getToken(`, a type. */
const EXPRESSION =
  /^(?:[A-Za-z_$]|void|[A-Za-z_$][A-Za-z_$]*(?:[.?!][A-Za-z_$.?!]*)|string|number|boolean|any|unknown|str|int|bytes|object|[A-Z][a-z]+[A-Za-z]*|await|async|new|function|this|self|self\.\w+|\$\w*|process\S*|os\S*)$/;

/** Values that names give away, in order and without overlaps. Candidates are parts of names. */
export function namedSecrets(
  text: string,
  candidates: readonly number[],
  isSecret: (name: string) => boolean,
): Named[] {
  const found: Named[] = [];
  const mayHaveTags = text.includes("<");
  let seen = 0;
  let next = 0;
  for (const at of candidates) {
    if (at < next) continue;
    const end = nameEnd(text, at + SIEVED);
    next = end;
    if (!mayPrecedeValue(text, end, mayHaveTags)) continue;
    const start = nameStart(text, at, seen);
    const name = text.slice(start, end);
    if (!isSecret(name)) seen = Math.max(seen, inAddress(text, start, end, name, found));
    else seen = valuesOf(text, start, end, name, found);
    next = Math.max(next, seen);
  }
  for (const alias of variablesFor(text, isSecret)) variableValues(text, alias, found);
  return found;
}

/** `?code=4/0Ab…`, `/reset/9fA…`: names that elsewhere say nothing. */
function inAddress(text: string, start: number, end: number, name: string, found: Named[]): number {
  const isQuery = WEAK_NAME.test(name) && text[end] === "=" && /[?&;#]/.test(text[start - 1] ?? "");
  const isLink = isLinkName(name) && text[end] === "/" && isSegment(text, start);
  if (!isQuery && !isLink) return end;
  const value = matchAt(isQuery ? BARE : SEGMENT, text, end + 1)?.[0];
  if (value === undefined || !isKeyLike(value.replace(/%[0-9A-F]{2}/gi, "_"))) return end;
  const until = end + 1 + value.length;
  found.push({ start: end + 1, end: until, label: labelOf(name) });
  return until;
}

/** How GraphQL's documents call what they pass as a secret: `password: $pw`. */
const VARIABLE = /([\w.-]{2,64})\s{0,4}:\s{0,4}\$(\w{1,64})/g;
const MOST_VARIABLES = 20;

function variablesFor(text: string, isSecret: (name: string) => boolean): Set<string> {
  const found = new Set<string>();
  if (!text.includes(": $") && !text.includes(":$")) return found;
  for (const [, argument, variable] of text.matchAll(VARIABLE)) {
    if (isSecret(argument!)) found.add(variable!);
    if (found.size >= MOST_VARIABLES) break;
  }
  return found;
}

function variableValues(text: string, name: string, found: Named[]): void {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + name.length)) {
    if (text[at - 1] !== '"') continue;
    const quoted = matchAt(QUOTED_KEY, text, at + name.length);
    if (quoted) {
      values(text, at + name.length + quoted[0].length, quoted[1]!, name, labelOf(name), found);
    }
  }
}

function nameEnd(text: string, from: number): number {
  let end = from;
  while (end - from < NAME_LIMIT && isNameCode(text.charCodeAt(end))) end++;
  return end;
}

/** Without the rest of an escape before the name: `\nkey`, `%22key`, `\u0026key`. */
function nameStart(text: string, from: number, floor: number): number {
  let start = from;
  const lowest = Math.max(floor, from - NAME_LIMIT);
  while (start > lowest && isNameCode(text.charCodeAt(start - 1))) start--;
  const before = text[start - 1];
  const escape = before === "%"
    ? /^(?:25)*[0-9A-Fa-f]{2}/
    : before === "\\"
    ? /^(?:u[0-9A-Fa-f]{4}|[nrt])/
    : null;
  const length = escape?.exec(text.slice(start, start + 8))?.[0].length ?? 0;
  return Math.min(start + length, from);
}

/** Cheap, since most words are followed by other words. */
function mayPrecedeValue(text: string, end: number, mayHaveTags: boolean): boolean {
  const code = text.charCodeAt(end);
  if (code !== SPACE && code !== TAB) return code < 128 && ENDS_NAME[code] === 1;
  // An element with attributes.
  if (mayHaveTags && isTagName(text, end)) return true;
  const after = text.charCodeAt(end + 1);
  return after === SPACE || after === TAB || (after < 128 && ENDS_NAME[after] === 1);
}

/** A host is none. */
function isSegment(text: string, start: number): boolean {
  return text[start - 1] === "/" && text[start - 2] !== "/";
}

/** Adds the values of a name; where what was looked at ends. */
function valuesOf(
  text: string,
  start: number,
  end: number,
  name: string,
  found: Named[],
): number {
  const label = labelOf(name);
  const quoted = matchAt(QUOTED_KEY, text, end);
  if (quoted) return values(text, end + quoted[0].length, quoted[1]!, name, label, found);
  const pair = matchAt(NAME_AND_VALUE, text, end);
  if (pair) return values(text, end + pair[0].length, "", name, label, found);
  const entity = matchAt(ENTITY_KEY, text, end);
  if (entity) return entityValue(text, end + entity[0].length, entity[1], label, found);
  const assigned = matchAt(ASSIGNMENT, text, end);
  if (assigned) return assignedValue(text, end + assigned[0].length, label, assigned[0], found);
  const encoded = matchAt(ENCODED_KEY, text, end);
  if (encoded) return encodedValue(text, end + encoded[0].length, label, found);
  if (text[end] === "/" && isSegment(text, start)) return segment(text, end + 1, name, found);
  if (isTag(text, start)) {
    const inner = elementValues(text, end, name, label);
    if (inner) return addAll(inner, found);
  }
  const beside = namedElement(text, start, end, label) ?? entityTag(text, start, end, label);
  if (beside) return addAll([beside], found);
  const head = matchAt(PART_HEAD, text, end);
  if (head && PART_BEGIN.test(text.slice(Math.max(0, start - PART_REACH), start))) {
    return upTo(text, end + head[0].length, "\n--", label, found);
  }
  if (text[end] === '"' || text[end] === "'" || text[end] === "\\") {
    const value = siblingValue(text, start, end);
    // What is before the name was passed already.
    if (value >= 0) return Math.max(end, values(text, value, "", name, label, found));
  }
  const spaced = matchAt(SPACED, text, end);
  return spaced ? spacedValue(text, end + spaced[0].length, start, name, found) : end;
}

/** A value of JSON or of a language like it: a text, a number, or all texts and numbers within. */
function values(
  text: string,
  at: number,
  escape: string,
  name: string,
  label: string,
  found: Named[],
): number {
  const opening = matchAt(OPENING, text, at);
  if (opening) return string(text, at, opening, label, found);
  if (text[at] === "{" || text[at] === "[") {
    return matchAt(SCHEMA, text, at) ? at : structure(text, at, label, found);
  }
  const number = matchAt(NUMBER, text, at);
  if (!number || isCountName(name)) return at;
  const end = at + number[0].length;
  found.push({ start: at, end, label, quotes: `${escape}"` });
  return end;
}

function string(
  text: string,
  at: number,
  [mark, escape, quote]: RegExpExecArray,
  label: string,
  found: Named[],
): number {
  const start = at + mark!.length;
  const end = closingQuote(text, start, escape!.length, quote!);
  found.push(...secretOf(text, start, end, label));
  return Math.min(text.length, end + mark!.length);
}

/** The value without the scheme of an Authorization header. */
function secretOf(text: string, start: number, end: number, label: string): Named[] {
  if (start >= end || LITERALS.has(text.slice(start, Math.min(end, start + 10)).toLowerCase())) {
    return [];
  }
  const scheme = matchAt(SCHEME, text, start)?.[0] ?? "";
  if (scheme === "" || start + scheme.length >= end) return [{ start, end, label }];
  return [{ start: start + scheme.length, end, label: schemeLabel(scheme.trim()) }];
}

const LITERALS = new Set(["true", "false", "null", "undefined", "none"]);

export function schemeLabel(scheme: string): string {
  return scheme.toLowerCase() === "bearer" ? "access_token" : "credentials";
}

/**
 * A quote ends the text when as many backslashes stand before it as before the one that began it. With
 * more, it is within: JSON in JSON doubles them each time.
 */
function closingQuote(text: string, from: number, escapes: number, quote: string): number {
  const period = 2 * (escapes + 1);
  for (let at = text.indexOf(quote, from); at >= 0; at = text.indexOf(quote, at + 1)) {
    let backslashes = 0;
    while (at - backslashes > from && text[at - backslashes - 1] === "\\") backslashes++;
    if (backslashes % period === escapes) return at - escapes;
  }
  return text.length;
}

/** Every text and number within an object or list that a secret's name has. */
function structure(text: string, from: number, label: string, found: Named[]): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const char = text[at]!;
    if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
    if (depth === 0) return at;
    const opening = char === '"' || char === "\\" ? matchAt(OPENING, text, at) : null;
    const number = char === "-" || (char >= "0" && char <= "9") ? matchAt(NUMBER, text, at) : null;
    if (opening) {
      const before = found.length;
      at = string(text, at, opening, label, found);
      if (matchAt(COLON, text, at)) found.length = before;
    } else if (number) {
      const end = at + number[0].length;
      found.push({ start: at, end, label, quotes: '"' });
      at = end;
    } else at += matchAt(BACKSLASHES, text, at)?.[0].length ?? 1;
  }
  return at;
}

function assignedValue(
  text: string,
  at: number,
  label: string,
  sign: string,
  found: Named[],
): number {
  if (sign.includes("%")) return encodedValue(text, at, label, found);
  const opening = matchAt(OPENING, text, at);
  if (opening) return string(text, at, opening, label, found);
  const bare = sign.includes("u003") ? matchAt(ENCODED, text, at) : matchAt(BARE, text, at);
  const end = at + (bare?.[0].length ?? 0);
  if (!bare || EXPRESSION.test(bare[0]) || text[end] === "(") return at;
  found.push(...secretOf(text, at, end, label));
  return end;
}

function encodedValue(text: string, at: number, label: string, found: Named[]): number {
  const quote = matchAt(ENCODED_QUOTE, text, at);
  const start = at + (quote?.[0].length ?? 0);
  const value = matchAt(ENCODED, text, start);
  const end = start + (value?.[0].length ?? 0);
  found.push(...secretOf(text, start, end, label));
  return end;
}

function segment(text: string, at: number, name: string, found: Named[]): number {
  const value = matchAt(SEGMENT, text, at)?.[0];
  if (value === undefined || !isSecretSegment(value, name) || EXPRESSION.test(value)) return at;
  const end = at + value.length;
  found.push({ start: at, end, label: labelOf(name) });
  return end;
}

/** JSON in an attribute of HTML. */
function entityValue(
  text: string,
  start: number,
  quote: string | undefined,
  label: string,
  found: Named[],
): number {
  if (quote !== undefined) return upTo(text, start, quote, label, found);
  const number = matchAt(NUMBER, text, start)?.[0] ?? "";
  if (number !== "") found.push({ start, end: start + number.length, label });
  return start + number.length;
}

function addAll(more: readonly Named[], found: Named[]): number {
  found.push(...more);
  return more.at(-1)!.end;
}

function upTo(text: string, start: number, mark: string, label: string, found: Named[]): number {
  const next = text.indexOf(mark, start);
  let end = next < 0 ? text.length : next;
  if (text[end - 1] === "\r") end--;
  if (end > start && text.slice(start, end).trim() !== "") {
    found.push(...secretOf(text, start, end, label));
  }
  return end;
}

/** `X-Api-Key: abc`, `password = abc`: a line of a header or of a configuration, or source code. */
function spacedValue(
  text: string,
  at: number,
  nameStart: number,
  name: string,
  found: Named[],
): number {
  const label = labelOf(name);
  const opening = matchAt(OPENING, text, at);
  if (opening) return string(text, at, opening, label, found);
  const line = headerLine(text, at, nameStart, name);
  if (line) return addAll([line], found);
  const scheme = matchAt(SCHEME, text, at)?.[0] ?? "";
  const start = at + scheme.length;
  const bare = matchAt(BARE, text, start)?.[0];
  if (bare === undefined || matchAt(LITERAL, text, start)) return at;
  const end = start + bare.length;
  if (EXPRESSION.test(bare) || text[end] === "(" || text[end] === "[") return at;
  // A word of prose, unless the line is nothing but a name and it.
  const isWord = /^[a-z]+[.!?]?$/i.test(bare);
  const startsLine = nameStart === 0 || /[\n\s"'-]/.test(text[nameStart - 1]!);
  const endsLine = end >= text.length || /[\r\n"'\\]/.test(text[end]!);
  if (isWord && scheme === "" && !(startsLine && endsLine)) return at;
  found.push({ start, end, label: scheme === "" ? label : schemeLabel(scheme.trim()) });
  return end;
}

/** A header of several parts is one secret: what of it is not cannot be told by its name. */
function headerLine(text: string, at: number, nameStart: number, name: string): Named | null {
  const isCookie = COOKIE_LINE.test(name);
  const lead = isCookie
    ? matchAt(COOKIES, text, at)
    : CREDENTIALS_LINE.test(name)
    ? matchAt(PARAMETERS, text, at)
    : null;
  const line = lead && matchAt(LINE, text, at)?.[0];
  if (!line) return null;
  // Within a quoted argument, as of curl, the line ends with its quote.
  const quote = text[nameStart - 1];
  const closing = quote === "'" || quote === '"' ? line.indexOf(quote) : -1;
  const end = at + (closing < 0 ? line.length : closing);
  return {
    start: at + lead[0].length,
    end,
    label: isCookie ? "cookie" : schemeLabel(lead[0].trim()),
  };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Letters, digits, underscore, hyphen and dot. */
function isNameCode(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) ||
    code === 95 || code === 45 || code === 46;
}
