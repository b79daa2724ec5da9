// What secrets look like, whatever their names. Every rule begins at a literal that a sieve finds, may
// begin only where a word does, and never gives back what it has taken: time grows with the text.

import { Sieve } from "./candidates.ts";

/** What the database puts in the place of a secret for those who may not see it. */
export const REDACTED = "[redacted]";
/** The same with eight digits that are equal for equal secrets of an answer. */
const DATABASE_MARK = /\[redacted:[0-9a-f]{8}\]/y;

/** Whether this is such a mark: it becomes a placeholder that says what it stands for. */
export function isDatabaseMark(value: string): boolean {
  DATABASE_MARK.lastIndex = 0;
  return DATABASE_MARK.test(value) && DATABASE_MARK.lastIndex === value.length;
}

/** Part of a text that is a secret, and what to call it. */
export interface Found {
  start: number;
  end: number;
  label: string;
}

interface Shape {
  label: string;
  /** Sticky, at the trigger. */
  pattern: RegExp;
  /** What no pattern can tell. */
  holds?: (match: string) => boolean;
}

/** Beginning with these letters: the prefixes that providers give their keys so that scanners find them. */
const PREFIXED: [prefixes: string, label: string, rest: string][] = [
  ["sk_live_ sk_test_ rk_live_ rk_test_ pk_live_ pk_test_", "stripe_key", "\\w{10,}"],
  ["whsec_", "webhook_secret", "[\\w+/=]{16,}"],
  ["sb_secret_", "supabase_key", "\\w{10,}"],
  ["ghp_ gho_ ghs_ ghr_ ghu_", "github_token", "\\w{20,}"],
  ["github_pat_", "github_token", "\\w{20,}"],
  ["glpat- glrt- gldt-", "gitlab_token", "[\\w-]{16,}"],
  ["xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs- xapp-", "slack_token", "[\\w-]{10,}"],
  ["AKIA ASIA", "aws_access_key", "[A-Z0-9]{16}(?![A-Za-z0-9])"],
  ["AIza", "google_api_key", "[\\w-]{30,}"],
  ["GOCSPX-", "google_client_secret", "[\\w-]{20,}"],
  ["ya29.", "google_access_token", "[\\w-]{20,}"],
  ["sk-ant-", "anthropic_key", "[\\w-]{20,}"],
  ["sk-", "api_key", "(?=[\\w-]{0,80}\\d)[\\w-]{20,}"],
  ["npm_", "npm_token", "[A-Za-z0-9]{30,}"],
  ["pypi-", "pypi_token", "[\\w-]{40,}"],
  ["SG.", "sendgrid_key", "[\\w-]{16,}\\.[\\w-]{16,}"],
  ["shpat_ shpss_ shpca_ shppa_", "shopify_token", "[A-Fa-f0-9]{32,}"],
  ["dop_v1_ doo_v1_ dor_v1_", "digitalocean_token", "[a-f0-9]{40,}"],
  ["hf_", "huggingface_token", "[A-Za-z0-9]{30,}"],
  ["hvs. hvb.", "vault_token", "[\\w-]{20,}"],
  ["dapi", "databricks_token", "[a-f0-9]{32}(?![A-Za-z0-9])"],
  ["lin_api_", "linear_key", "[A-Za-z0-9]{32,}"],
  ["sq0atp- sq0csp-", "square_token", "[\\w-]{20,}"],
  ["PMAK-", "postman_key", "[A-Za-z0-9-]{40,}"],
  ["ATATT3", "atlassian_token", "[\\w=-]{40,}"],
  ["AGE-SECRET-KEY-1", "age_key", "[A-Z0-9]{40,}"],
];

const SHAPES = new Map<string, Shape[]>();
for (const [prefixes, label, rest] of PREFIXED) {
  for (const prefix of prefixes.split(" ")) {
    SHAPES.set(prefix, [{ label, pattern: new RegExp(`${escaped(prefix)}${rest}`, "y") }]);
  }
}
// A JWT or JWE: its first part is base64url of a JSON object, and so begins with eyJ.
SHAPES.set("eyJ", [{ label: "jwt", pattern: /eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*(?:\.[\w-]*){0,2}/y }]);
const SCHEMES: Shape[] = [
  // One word is prose: "bearer certificates", "Bearer authentication".
  {
    label: "access_token",
    pattern: /(?<=bearer\s{1,9})(?!authenti|authori[sz]|credential)[\w.~+/=-]{8,}(?!")/iy,
    holds: (run) => run.length >= 24 || /[^a-z]/.test(run),
  },
  { label: "credentials", pattern: /(?<=basic\s{1,9})[\w+/=-]{8,}/iy, holds: isBasic },
];

/** What secrets without a prefix of their own begin with or after. */
const SIGNS = [
  "-----BEGIN ",
  ":AA",
  "%3AAA",
  "hooks.slack.com/services/",
  "api/webhooks/",
  "://",
  "-u ",
  "--user ",
  "[redacted:",
];
/** Longer prefixes first, since the first that fits is taken. */
const PREFIXES = [...SHAPES.keys()].sort((a, b) => b.length - a.length);
/** Where what looks like a secret may begin. */
export const BEGINNINGS = [...PREFIXES, ...SIGNS, "earer", "asic"];
const SIEVE = new Sieve(BEGINNINGS);
const TRIGGER = new RegExp(
  [...PREFIXES, ...SIGNS].map(escaped).join("|") +
    "|(?:earer|EARER|asic|ASIC)\\s{1,9}",
  "y",
);
const CARD =
  /(?<![\w.+-])(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|3[47]\d\d|6011|65\d\d)[ -]?\d{4,6}[ -]?\d{4}/g;

/** Where a word begins: also after an escaped line break, or a percent-encoded character. */
const WORD_START = /(?:(?<![\w-])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))/y;
const PEM_BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y;
const CARD_NUMBER =
  /\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}(?![\w-]|\.\d)|3[47]\d\d([ -]?)\d{6}\2\d{5}(?![\w-])/y;
const TELEGRAM_TOKEN = /[\w-]{32,}/y;
const WEBHOOK = /[\w-]{4,}\/[\w/-]{16,}/y;
const USERINFO = /([^/?#\s"'<>@\\:]{0,512})(?::([^/?#\s"'<>@\\]{0,512}))?@(?=[\w[])/y;
const CURL_USER = /["']?[^\s:"'\\]{1,100}:(?=([^\s"'\\]{1,300}))/y;
/** How far before its option the word curl may be. */
const CURL_REACH = 300;

/** Every secret in a text that its look gives away; cards last. Candidates are where one may begin. */
export function shapedSecrets(
  text: string,
  candidates: readonly number[] = SIEVE.sift(text)[0]!,
): Found[] {
  const found: Found[] = [];
  let next = 0;
  for (const at of candidates) {
    if (at < next) continue;
    TRIGGER.lastIndex = at;
    const trigger = TRIGGER.exec(text)?.[0];
    const secret = trigger === undefined ? null : secretAt(text, at, trigger);
    if (!secret) continue;
    found.push(secret);
    next = secret.end;
  }
  for (const { index } of text.matchAll(CARD)) {
    const card = taken(CARD_NUMBER, text, index, "card_number");
    if (card && passesLuhn(text.slice(card.start, card.end))) found.push(card);
  }
  return found;
}

/** Whether a value is a secret by its own look, whatever its name. */
export function looksSecret(value: string): boolean {
  return value.includes(REDACTED.slice(0, -1)) || shapedSecrets(value).length > 0;
}

function secretAt(text: string, at: number, trigger: string): Found | null {
  const shapes = SHAPES.get(trigger);
  if (shapes) return startsWord(text, at) ? matching(text, at, shapes) : null;
  if (trigger === "[redacted:") return taken(DATABASE_MARK, text, at, "redacted");
  if (trigger === "://") return userinfo(text, at + 3);
  if (trigger === "-u " || trigger === "--user ") return curlUser(text, at, trigger);
  if (trigger.endsWith("AA")) return telegramToken(text, at, trigger);
  if (trigger === "-----BEGIN ") return privateKey(text, at);
  if (trigger.endsWith("/")) return taken(WEBHOOK, text, at + trigger.length, "webhook_secret");
  return matching(text, at + trigger.length, SCHEMES);
}

function matching(text: string, at: number, shapes: Shape[]): Found | null {
  for (const { label, pattern, holds } of shapes) {
    const secret = taken(pattern, text, at, label);
    if (secret && (!holds || holds(text.slice(secret.start, secret.end)))) return secret;
  }
  return null;
}

function taken(pattern: RegExp, text: string, at: number, label: string): Found | null {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  return match && { start: at, end: at + match[0].length, label };
}

/** `ada:password@`; whoever has a token puts it in the place of the name: `token@`, `token:x-oauth-basic@`. */
function userinfo(text: string, at: number): Found | null {
  USERINFO.lastIndex = at;
  const match = USERINFO.exec(text);
  if (!match) return null;
  const [all, name, password] = match;
  const end = at + all.length - 1;
  if (isKeyLike(name!)) return { start: at, end, label: "credentials" };
  return password ? { start: end - password.length, end, label: "password" } : null;
}

/** `curl -u ada:password`. */
function curlUser(text: string, at: number, option: string): Found | null {
  if (!/^(?:.*\s)?$/s.test(text.slice(Math.max(0, at - 1), at))) return null;
  if (!text.slice(Math.max(0, at - CURL_REACH), at).includes("curl")) return null;
  CURL_USER.lastIndex = at + option.length;
  const match = CURL_USER.exec(text);
  if (!match) return null;
  const start = CURL_USER.lastIndex;
  return { start, end: start + match[1]!.length, label: "password" };
}

function startsWord(text: string, at: number): boolean {
  WORD_START.lastIndex = at;
  return WORD_START.test(text);
}

/** `123456789:AA…`: the bot's number is not secret, and is taken along. */
function telegramToken(text: string, at: number, colon: string): Found | null {
  let start = at;
  while (at - start < 12 && isDigit(text.charCodeAt(start - 1))) start--;
  const secret = at + colon.length - 2;
  const token = at - start < 6 ? null : taken(TELEGRAM_TOKEN, text, secret, "telegram_token");
  return token && { ...token, start };
}

/** To its end; to the end of the text where that was cut off. */
function privateKey(text: string, at: number): Found | null {
  if (!taken(PEM_BEGIN, text, at, "private_key")) return null;
  const end = text.indexOf("-----END ", at);
  const last = end < 0 ? -1 : text.indexOf("-----", end + 9);
  return { start: at, end: last < 0 ? text.length : last + 5, label: "private_key" };
}

/** Basic credentials (RFC 7617) are base64 of a name, a colon and a password. */
function isBasic(run: string): boolean {
  try {
    return atob(run.replace(/[.~-]+$/, "")).includes(":");
  } catch {
    return false;
  }
}

function passesLuhn(spelled: string): boolean {
  const digits = spelled.replace(/\D/g, "");
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at]) * (at % 2 === 0 ? 1 : 2);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** As it is in a regular expression. */
export function escaped(literal: string): string {
  return literal.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

const OPAQUE = /^[\w~+/=-]{20,}$/;

/** Whether a value reads like a random key: long, of one piece, digits among letters of both cases. */
export function looksRandom(value: string): boolean {
  if (!OPAQUE.test(value)) return false;
  return /[a-z]/.test(value) && /[A-Z]/.test(value) && /\d/.test(value);
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Of one piece, with letters and digits: no word, no path, no number. */
export function isKeyLike(value: string): boolean {
  return looksRandom(value) || (/^[\w~.-]{20,}$/.test(value) && /\d/.test(value) &&
    /[a-z]/i.test(value) && !UUID.test(value) && !/\.[a-z]{2,5}$/i.test(value));
}
