import type { ToolResult } from "../provider.ts";

/** A look at the data: an operation with its arguments. */
export interface Look {
  tool: string;
  args?: Record<string, unknown>;
}

export type Row = Record<string, unknown>;

/** What is known so far: the question and what tools answered. */
export class Known {
  readonly question: string;
  readonly #results: readonly ToolResult[];

  constructor(question: string, results: readonly ToolResult[]) {
    this.question = question;
    this.#results = results;
  }

  has(tool: string): boolean {
    return this.#results.some((result) => result.name === tool);
  }

  get failure(): ToolResult | undefined {
    return this.#results.find((result) => result.failed);
  }

  /** What a tool answered: an object, empty if it answered nothing. */
  object(tool: string): Row {
    const value = this.#results.findLast((result) => result.name === tool)?.value;
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Row : {};
  }

  /** The rows that a list answered. */
  rows(tool: string): Row[] {
    const { rows } = this.object(tool);
    return Array.isArray(rows) ? rows as Row[] : [];
  }

  more(tool: string): boolean {
    return "next_offset" in this.object(tool) || "next" in this.object(tool);
  }
}

/** A kind of question: how it is recognised, what has to be looked at, and the answer. */
export interface Intent {
  name: string;
  /** Any of them; questions come in lower case with single spaces. */
  asked: readonly RegExp[];
  /** What is still missing; nothing when the answer can be given. */
  looks(known: Known): Look[];
  answer(known: Known): string;
}

/** The looks that have not been taken yet. */
export function missing(known: Known, ...looks: Look[]): Look[] {
  return looks.filter(({ tool }) => !known.has(tool));
}

const SHOWN = 12;

/** Lines of a list, and how many more there are. */
export function list(rows: readonly Row[], line: (row: Row) => string, more = false): string {
  const lines = rows.slice(0, SHOWN).map((row) => `- ${line(row)}`);
  const left = rows.length - SHOWN;
  if (left > 0) lines.push(`- … and ${left}${more ? " or more" : ""} others`);
  else if (more) lines.push("- … and more");
  return lines.join("\n");
}

export const text = (value: unknown): string =>
  value === null || value === undefined || value === "" ? "–" : String(value);

/** `1 device`, `2 devices`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

export const code = (value: unknown): string => `\`${text(value).replaceAll("`", "'")}\``;

/** When, to the second. */
export const when = (value: unknown): string =>
  typeof value === "string" ? value.replace("T", " ").replace(/(:\d\d)\.\d+/, "$1") : "never";

/** Something with its counts, largest first. */
export function mix(value: unknown): string {
  const entries = Object.entries((value ?? {}) as Record<string, number>);
  return entries.length === 0
    ? "nothing yet"
    : entries.sort((a, b) => b[1] - a[1]).map(([key, n]) => `${key} ${n}`).join(", ");
}
