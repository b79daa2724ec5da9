// Splits the text form into tokens.

import { FilterError } from "./error.ts";

export type Token =
  | { kind: "open" | "close" | "comma" | "end"; at: number }
  | { kind: "op"; op: string; at: number }
  | { kind: "name"; name: string; at: number }
  | { kind: "word"; text: string; quoted: boolean; at: number };

/** Longest first: `>=` is not `>` and a word that begins with `=`. */
const OPERATORS = ["!=", ">=", "<=", "^=", "$=", "*=", "=~", "=", ">", "<", "~", ":"] as const;
export const MOST_CHARACTERS = 8_000;

/** Where an operator may begin: a field has only letters and underscores. */
const FIELD = /[A-Za-z_]+/y;
const BARE = /[^\s()",]+/y;

/**
 * A condition is a field, perhaps a `[name]`, an operator and a value; everything else is a word,
 * a bracket or a comma.
 */
export function tokensOf(text: string): Token[] {
  if (text.length > MOST_CHARACTERS) {
    throw new FilterError(`a filter has at most ${MOST_CHARACTERS} characters`, MOST_CHARACTERS);
  }
  const tokens: Token[] = [];
  let at = 0;
  // After an operator comes a value, in which operators are ordinary characters.
  let valueExpected = false;
  let inList = false;
  while (at < text.length) {
    const character = text[at]!;
    if (/\s/.test(character)) {
      at++;
      continue;
    }
    const punctuation = { "(": "open", ")": "close", ",": "comma" } as const;
    if (character in punctuation) {
      inList = character === "(" ? isIn(tokens.at(-1)) : inList && character === ",";
      tokens.push({ kind: punctuation[character as "("], at });
      at++;
      continue;
    }
    if (character === '"') {
      const { value, end } = quoted(text, at);
      tokens.push({ kind: "word", text: value, quoted: true, at });
      at = end;
      valueExpected = false;
      continue;
    }
    if (valueExpected || inList) {
      const word = match(BARE, text, at)!;
      tokens.push({ kind: "word", text: word, quoted: false, at });
      at += word.length;
      valueExpected = false;
      continue;
    }
    if (character === "[") {
      const end = text.indexOf("]", at);
      if (end < 0) throw new FilterError('"[" has no "]"', at);
      tokens.push({ kind: "name", name: text.slice(at + 1, end), at });
      at = end + 1;
      continue;
    }
    const operator = OPERATORS.find((op) => text.startsWith(op, at));
    if (operator !== undefined) {
      tokens.push({ kind: "op", op: operator, at });
      at += operator.length;
      valueExpected = true;
      continue;
    }
    const word = match(FIELD, text, at) ?? match(BARE, text, at)!;
    tokens.push({ kind: "word", text: word, quoted: false, at });
    at += word.length;
  }
  tokens.push({ kind: "end", at });
  return tokens;
}

function isIn(token: Token | undefined): boolean {
  return token?.kind === "word" && !token.quoted && token.text.toLowerCase() === "in";
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** A JSON string: what the printer writes, and every escape there is. */
function quoted(text: string, at: number): { value: string; end: number } {
  let end = at + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
  if (end >= text.length) throw new FilterError("the quotation mark is not closed", at);
  try {
    return { value: JSON.parse(text.slice(at, end + 1)) as string, end: end + 1 };
  } catch {
    throw new FilterError("not a quoted text: use the escapes of JSON", at);
  }
}
