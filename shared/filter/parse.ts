// From the text form to the filter:
//   host:*.example.com status>=400 (method:POST or method:PUT) not path:/health*
//   header[authorization]~Bearer body~"timeout" since:1h status in (500, 502) has:error

import { type Condition, type Filter, type Value } from "./ast.ts";
import { checkFilter } from "./ast.ts";
import { FilterError } from "./error.ts";
import { type Field, FIELDS, isField, type Op } from "./fields.ts";
import { type Token, tokensOf } from "./tokens.ts";

const OPS_BY_SIGN: Record<string, Op> = {
  "=": "eq",
  "!=": "neq",
  "~": "contains",
  "^=": "prefix",
  "$=": "suffix",
  "*=": "glob",
  "=~": "regex",
  ">": "gt",
  ">=": "gte",
  "<": "lt",
  "<=": "lte",
};
const UNITS = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 } as const;
const AGE = /^(\d{1,6})([smhd])$/;
const MOST_LEVELS = 20;

/**
 * Reads the text form. Conditions side by side are joined by "and", which binds tighter than "or".
 * `since:1h` and `until:10m` count back from `now`.
 * @throws FilterError with the offset in the text, and nothing else.
 */
export function parseFilter(text: string, now: Date = new Date()): Filter {
  const parser = new Parser(tokensOf(text), now);
  const filter = parser.whole();
  try {
    return checkFilter(filter);
  } catch (error) {
    // What the grammar lets through and the language does not, e.g. too many values.
    if (error instanceof FilterError) throw new FilterError(error.message, 0);
    throw error;
  }
}

class Parser {
  readonly #tokens: Token[];
  readonly #now: Date;
  #next = 0;

  constructor(tokens: Token[], now: Date) {
    this.#tokens = tokens;
    this.#now = now;
  }

  whole(): Filter {
    if (this.#peek().kind === "end") return {};
    const filter = this.#or(0);
    const rest = this.#peek();
    if (rest.kind !== "end") throw new FilterError(`${nameOf(rest)} does not belong here`, rest.at);
    return filter;
  }

  #or(level: number): Filter {
    const parts = [this.#and(level)];
    while (this.#keyword("or")) parts.push(this.#and(level));
    return parts.length === 1 ? parts[0]! : { or: parts };
  }

  #and(level: number): Filter {
    const parts = [this.#not(level)];
    while (this.#keyword("and") || this.#startsOperand()) parts.push(this.#not(level));
    return parts.length === 1 ? parts[0]! : { and: parts };
  }

  #not(level: number): Filter {
    if (level > MOST_LEVELS) {
      throw new FilterError(`nested deeper than ${MOST_LEVELS} levels`, this.#peek().at);
    }
    if (this.#keyword("not")) return { not: this.#not(level + 1) };
    const token = this.#peek();
    if (token.kind !== "open") return this.#condition();
    this.#next++;
    // `()` is what nothing narrows.
    if (this.#peek().kind === "close") {
      this.#next++;
      return {};
    }
    const inner = this.#or(level + 1);
    const close = this.#take();
    if (close.kind !== "close") throw new FilterError('")" is missing', close.at);
    return inner;
  }

  #condition(): Filter {
    const token = this.#take();
    if (token.kind !== "word" || token.quoted) {
      throw new FilterError(`a field is expected here, not ${nameOf(token)}`, token.at);
    }
    const word = token.text.toLowerCase();
    if (word === "has" || word === "missing") return this.#existence(word === "has");
    if (word === "since" || word === "until") return this.#age(word);
    const { field, name } = this.#field(word, token.at);
    const sign = this.#take();
    if (sign.kind === "word" && !sign.quoted && sign.text.toLowerCase() === "in") {
      return condition(field, name, "in", this.#list(field));
    }
    if (sign.kind !== "op") {
      throw new FilterError(`an operator is expected after ${word}, not ${nameOf(sign)}`, sign.at);
    }
    const value = this.#word("a value");
    return condition(field, name, opOf(field, sign.op, value, sign.at), valueOf(field, value));
  }

  #field(word: string, at: number): { field: Field; name?: string } {
    if (!isField(word)) {
      throw new FilterError(
        `unknown field ${JSON.stringify(word)}; use ${Object.keys(FIELDS).join(" ")}`,
        at,
      );
    }
    const bracket = this.#peek();
    if (word === "header") {
      if (bracket.kind !== "name" || bracket.name === "") {
        throw new FilterError("a header is named in brackets: header[content-type]", bracket.at);
      }
      this.#next++;
      return { field: word, name: bracket.name };
    }
    if (bracket.kind === "name") throw new FilterError(`${word} takes no name`, bracket.at);
    return { field: word };
  }

  #existence(value: boolean): Filter {
    const colon = this.#take();
    if (colon.kind !== "op" || colon.op !== ":") {
      throw new FilterError('":" and a field are expected here', colon.at);
    }
    const token = this.#word("a field");
    const bracket = token.quoted ? null : /^header\[([^\]]+)\]$/i.exec(token.text);
    if (bracket !== null) return condition("header", bracket[1], "exists", value);
    const { field, name } = this.#field(token.text.toLowerCase(), token.at);
    return condition(field, name, "exists", value);
  }

  #age(word: "since" | "until"): Filter {
    const colon = this.#take();
    if (colon.kind !== "op" || colon.op !== ":") {
      throw new FilterError('":" and an age (90s 10m 1h 7d) or a time are expected here', colon.at);
    }
    const token = this.#word("an age or a time");
    const age = AGE.exec(token.text);
    const time = age === null
      ? Date.parse(token.text)
      : this.#now.getTime() - Number(age[1]) * UNITS[age[2] as keyof typeof UNITS];
    if (Number.isNaN(time) || Math.abs(time) > 8.64e15) {
      throw new FilterError(
        "an age (90s 10m 1h 7d) or an ISO 8601 time is expected here",
        token.at,
      );
    }
    const value = age === null ? token.text : new Date(time).toISOString();
    return condition("ts", undefined, word === "since" ? "gte" : "lt", value);
  }

  #list(field: Field): Value[] {
    const open = this.#take();
    if (open.kind !== "open") throw new FilterError('"(" is expected after in', open.at);
    const values: Value[] = [];
    for (;;) {
      values.push(valueOf(field, this.#word("a value")));
      const token = this.#take();
      if (token.kind === "close") return values;
      if (token.kind !== "comma") throw new FilterError('"," or ")" is expected here', token.at);
    }
  }

  #word(what: string): Extract<Token, { kind: "word" }> {
    const token = this.#take();
    if (token.kind !== "word") {
      throw new FilterError(`${what} is expected here, not ${nameOf(token)}`, token.at);
    }
    return token;
  }

  #startsOperand(): boolean {
    const token = this.#peek();
    return token.kind === "open" ||
      token.kind === "word" && (token.quoted || token.text.toLowerCase() !== "or");
  }

  #keyword(word: "and" | "or" | "not"): boolean {
    const token = this.#peek();
    if (token.kind !== "word" || token.quoted || token.text.toLowerCase() !== word) return false;
    this.#next++;
    return true;
  }

  #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  #take(): Token {
    const token = this.#peek();
    if (token.kind !== "end") this.#next++;
    return token;
  }
}

function condition(
  field: Field,
  name: string | undefined,
  op: Op,
  value: Value | Value[],
): Condition {
  return name === undefined ? { field, op, value } : { field, name, op, value };
}

/** ":" is what people type: a pattern where it has wildcards, otherwise equality. */
function opOf(
  field: Field,
  sign: string,
  value: { text: string; quoted: boolean },
  at: number,
): Op {
  const textual = FIELDS[field] === "text" || FIELDS[field] === "tag";
  const op = sign !== ":"
    ? OPS_BY_SIGN[sign]!
    : textual && !value.quoted && /[*?]/.test(value.text)
    ? "glob"
    : "eq";
  const allowed = textual ? !["gt", "gte", "lt", "lte"].includes(op) : ["eq", "neq"].includes(op) ||
    ["number", "time"].includes(FIELDS[field]) && ["gt", "gte", "lt", "lte"].includes(op);
  if (!allowed) throw new FilterError(`${field} cannot be compared with ${sign}`, at);
  return op;
}

function valueOf(field: Field, token: { text: string; at: number }): Value {
  switch (FIELDS[field]) {
    case "number": {
      const number = Number(token.text);
      if (token.text.trim() !== "" && Number.isFinite(number)) return number;
      throw new FilterError(`${field} is compared with a number`, token.at);
    }
    case "boolean":
      if (token.text === "true" || token.text === "false") return token.text === "true";
      throw new FilterError(`${field} is true or false`, token.at);
    case "time":
      if (/^\d{4}-\d{2}-\d{2}/.test(token.text) && !Number.isNaN(Date.parse(token.text))) {
        return token.text;
      }
      throw new FilterError(`${field} is compared with an ISO 8601 time`, token.at);
    default:
      return token.text;
  }
}

function nameOf(token: Token): string {
  switch (token.kind) {
    case "open":
      return '"("';
    case "close":
      return '")"';
    case "comma":
      return '","';
    case "end":
      return "the end";
    case "op":
      return JSON.stringify(token.op);
    case "name":
      return JSON.stringify(`[${token.name}]`);
    case "word":
      return JSON.stringify(token.text);
  }
}
