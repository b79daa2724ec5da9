import type { AppError } from "./errors.ts";

/** One line per request. Never holds tokens, cookies, query strings, headers or bodies. */
export interface RequestLog {
  time: string;
  level: "info" | "warn" | "error";
  surface: string;
  request_id: string;
  /** `person:<uuid>`, `device:<uuid>` or `anonymous`. */
  caller: string;
  method: string;
  path: string;
  status: number;
  duration_ms: number;
  error?: { code: string; message: string; cause?: string };
  event?: LogEvent;
}

/** What a request did that somebody may have to find again: a name and ids, never a token. */
export type LogEvent = { name: string } & Record<string, string>;

export type Log = (line: RequestLog) => void;

/** Hosted functions collect stdout; a line over 10,000 characters is cut there, ours stay below. */
export const writeLog: Log = (line) => {
  // deno-lint-ignore no-console
  console.log(JSON.stringify(line));
};

const CAUSE_LIMIT = 4_000;
const TOKEN_SHAPED =
  /eyJ[\w-]+\.[\w-]+\.[\w-]*|sb_(?:secret|publishable)_[\w-]+|bm[a-z]_[\w-]{20,}/g;

/** The text without anything token-shaped. */
export function strikeTokens(text: string): string {
  return text.replace(TOKEN_SHAPED, "<token>");
}

/** What the log says of an error: the cause with its stack, cut and without anything token-shaped. */
export function describeError(error: AppError): NonNullable<RequestLog["error"]> {
  const { code, message, cause } = error;
  if (cause === undefined) return { code, message };
  const text = cause instanceof Error ? cause.stack ?? String(cause) : JSON.stringify(cause);
  return { code, message, cause: strikeTokens(text).slice(0, CAUSE_LIMIT) };
}
