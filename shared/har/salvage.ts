import { jsonFault } from "../http/json-fault.ts";

const JSONP = /^\s*([A-Za-z_$][\w$.]*)\s*\(\s*[{[]/;
const ENTRIES = /"entries"\s*:\s*\[/;
/** No alternation inside the repetition: a body may have megabytes, and a backtracking engine a limit. */
const STRING_RUN = /[^"\\]*/y;

/** Why a text that JSON.parse refuses is no HAR, said so that its owner can repair it. */
export function describeFault(text: string): string {
  if (text.trim() === "") return "The file is empty.";
  const callee = JSONP.exec(text)?.[1];
  if (callee !== undefined) {
    return `This is not JSON but JSONP: a HAR wrapped in a call of ${callee}(…). ` +
      `Remove "${callee}(" at the start and ")" at the end, and import it again.`;
  }
  const position = jsonFault(text) ?? 0;
  const before = text.slice(0, position);
  const line = before.split("\n").length;
  const column = position - before.lastIndexOf("\n");
  const found = text.slice(position, position + 20).split(/\r?\n/)[0];
  const what = position >= text.length
    ? "the file ends too early"
    : `unexpected ${JSON.stringify(found)}`;
  return `This is not JSON: line ${line}, column ${column} (position ${position}): ${what}.`;
}

/** The source texts of `log.entries` in a text that is not JSON as a whole; none in JSONP. */
export function* entryTexts(text: string): Generator<string> {
  const entries = JSONP.test(text) ? null : ENTRIES.exec(text);
  if (!entries) return;
  let start = entries.index + entries[0].length;
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = stringEnd(text, at);
    else if (char === "{" || char === "[") depth++;
    else if ((char === "}" || char === "]") && depth > 0) depth--;
    else if (depth === 0 && (char === "," || char === "]")) {
      if (text.slice(start, at).trim() !== "") yield text.slice(start, at);
      if (char === "]") return;
      start = at + 1;
    }
  }
  if (text.slice(start).trim() !== "") yield text.slice(start);
}

/** The index of the quote that closes the string opened at `start`. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 2) {
    STRING_RUN.lastIndex = at;
    STRING_RUN.test(text);
    at = STRING_RUN.lastIndex;
    if (text[at] === '"') return at;
  }
  return text.length;
}
