import { toBase64 } from "../entries/base64.ts";
import type { Header } from "../entries/exchange.ts";
import { PIPE_LIMIT } from "./curl.ts";
import type { Snippet } from "./curl.ts";
import type { SnippetRequest } from "./request.ts";

/** Methods that the Fetch standard refuses. */
const FORBIDDEN_METHOD = /^(?:CONNECT|TRACE|TRACK)$/i;
const FORBIDDEN_IN_BROWSERS =
  /^(?:accept-charset|access-control-request-.*|cookie2?|date|dnt|host|origin|referer|via|proxy-.*|sec-.*)$/i;
/** A header's value is bytes to fetch: it throws at characters beyond Latin-1. */
const LATIN_1 = /^[\0-\xff]*$/;

/** The request as JavaScript with the standard fetch. */
export function fetchSnippet(request: SnippetRequest): Snippet {
  const { method, url, body } = request;
  const notes = [...request.notes];
  if (FORBIDDEN_METHOD.test(method)) notes.push(`fetch refuses the method ${method}.`);
  const headers = request.headers.filter(({ name, value }) => {
    if (LATIN_1.test(value)) return true;
    notes.push(`A header that fetch refuses is left out: ${name}.`);
    return false;
  });
  const forbidden = headers.filter(({ name }) => FORBIDDEN_IN_BROWSERS.test(name));
  if (forbidden.length > 0) {
    const names = forbidden.map(({ name }) => name).join(", ");
    notes.push(`In a browser, fetch sets these headers itself: ${names}.`);
  }
  const options = [`method: ${literal(method)}`];
  if (headers.length > 0) options.push(`headers: ${headerLiteral(headers)}`);
  if (body !== null) options.push(...bodyOption(method, body, notes));
  // What was captured is one exchange.
  options.push('redirect: "manual"');
  const lines = options.map((option) => `  ${option},\n`).join("");
  return { code: `const response = await fetch(${literal(url)}, {\n${lines}});`, notes };
}

function bodyOption(method: string, body: string | Uint8Array, notes: string[]): string[] {
  if (/^(?:GET|HEAD)$/i.test(method)) {
    notes.push(`The captured ${method} had a body; fetch sends none with it.`);
    return [];
  }
  if (body.length > PIPE_LIMIT) {
    notes.push(`The body of ${body.length} bytes is left out; give it as the option body.`);
    return [];
  }
  if (typeof body === "string") return [`body: ${literal(body)}`];
  const base64 = literal(toBase64(body));
  return [`body: Uint8Array.from(atob(${base64}), (char) => char.charCodeAt(0))`];
}

/** An object where names are unique, else a list of pairs. */
function headerLiteral(headers: Header[]): string {
  const names = new Set(headers.map(({ name }) => name.toLowerCase()));
  // In a literal, __proto__ is no name.
  const unique = names.size === headers.length && !names.has("__proto__");
  const lines = headers.map(({ name, value }) =>
    unique ? `${literal(name)}: ${literal(value)}` : `[${literal(name)}, ${literal(value)}]`
  ).map((line) => `    ${line},\n`).join("");
  return unique ? `{\n${lines}  }` : `[\n${lines}  ]`;
}

/** JSON is JavaScript; "</" would end the script element of a page that shows the snippet. */
function literal(text: string): string {
  return JSON.stringify(text).replaceAll("</", "<\\/");
}
