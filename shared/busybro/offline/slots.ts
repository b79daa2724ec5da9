import type { Row } from "./intent.ts";

const HOST = /\b(?:[a-z0-9_-]+\.)+[a-z]{2,}\b/;
const METHOD = /\b(get|post|put|patch|delete|head|options)\b(?= (?:request|call|traffic|entr))/;
const STATUS = /\b([1-5]\d\d)\b/;
const WINDOW = /\b(?:last|past|previous) (\d+ )?(minute|hour|day|week)s?\b/;

export const hostIn = (question: string) => HOST.exec(question)?.[0];
export const methodIn = (question: string) => METHOD.exec(question)?.[1]?.toUpperCase();
export const statusIn = (question: string) => STATUS.exec(question)?.[1];

/** A time window as the filter language writes it: `1h`, `24h`, `7d`. */
export function sinceIn(question: string): string | undefined {
  if (/\btoday\b|\b24 ?h(?:ours)?\b/.test(question)) return "24h";
  const window = WINDOW.exec(question);
  if (!window) return undefined;
  const n = Number(window[1] ?? 1);
  const unit = window[2]!;
  return unit === "minute"
    ? `${n}m`
    : unit === "hour"
    ? `${n}h`
    : `${unit === "week" ? n * 7 : n}d`;
}

/** How a window is said back. */
export function spoken(since: string | undefined): string {
  return since === undefined ? "" : ` in the last ${since}`;
}

/** The row whose name the question contains; the longest one, so that "Pixel 8" beats "Pixel". */
export function namedIn(question: string, rows: readonly Row[]): Row | undefined {
  return rows
    .filter(({ name, uuid }) =>
      contains(question, name) || (typeof uuid === "string" && question.includes(uuid))
    )
    .sort((a, b) => String(b["name"]).length - String(a["name"]).length)[0];
}

function contains(question: string, name: unknown): boolean {
  return typeof name === "string" && name.length > 1 && question.includes(name.toLowerCase());
}
