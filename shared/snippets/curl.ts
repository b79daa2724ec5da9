import { toBase64 } from "../entries/base64.ts";
import type { SnippetRequest } from "./request.ts";

/** Linux takes 128 KiB in one argument; what is longer goes through a pipe. */
const ARGUMENT_LIMIT = 100_000;
/** A snippet with more in it is nothing to copy. */
export const PIPE_LIMIT = 1_048_576;

export interface Snippet {
  code: string;
  notes: string[];
}

/** The request as a command for a POSIX shell with curl 7.43 or later. */
export function curlSnippet(request: SnippetRequest): Snippet {
  const { args, stdin, notes } = curlArguments(request);
  const words = args.map(quoted);
  const lines: string[] = [];
  // An option and its value share a line.
  for (const [at, word] of words.entries()) {
    if (at > 0 && args[at - 1]!.startsWith("--") && TAKES_VALUE.has(args[at - 1]!)) {
      lines[lines.length - 1] += ` ${word}`;
    } else lines.push(word);
  }
  const command = ["curl", ...lines].join(" \\\n  ");
  const pipe = stdin === null ? "" : `printf %s ${quoted(stdin)} | base64 --decode | `;
  return { code: pipe + command, notes };
}

const TAKES_VALUE = new Set(["--request", "--url", "--header", "--data-raw", "--data-binary"]);

/** What curl is given: its arguments, and base64 of what it reads from its standard input. */
export function curlArguments(request: SnippetRequest) {
  const { method, url, headers, body } = request;
  const notes = [...request.notes];
  const args: string[] = [];
  // --request HEAD would wait for a body that never comes.
  if (method === "HEAD" && body === null) args.push("--head");
  else if (method !== (body === null ? "GET" : "POST")) args.push("--request", method);
  args.push("--url", url);
  if (/[[\]{}]/.test(url)) args.push("--globoff");
  if (/\/\.{1,2}(?:[/?]|$)/.test(url)) args.push("--path-as-is");
  for (const { name, value } of headers) {
    args.push("--header", value === "" ? `${name};` : `${name}: ${value}`);
  }
  const stdin = body === null ? null : data(body, args, notes);
  // curl would call any body a form.
  if (body !== null && !headers.some(({ name }) => /^content-type$/i.test(name))) {
    args.push("--header", "Content-Type:");
  }
  args.push("--compressed");
  return { args, stdin, notes };
}

function data(body: string | Uint8Array, args: string[], notes: string[]): string | null {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  if (typeof body === "string" && bytes.length <= ARGUMENT_LIMIT && !body.includes("\0")) {
    args.push("--data-raw", body);
    return null;
  }
  if (bytes.length > PIPE_LIMIT) {
    args.push("--data-binary", "@body.bin");
    notes.push(`The body has ${bytes.length} bytes: put it into the file body.bin.`);
    return null;
  }
  args.push("--data-binary", "@-");
  return toBase64(bytes);
}

/** A word for a POSIX shell: in single quotes nothing but the quote itself is special. */
function quoted(word: string): string {
  if (/^[\w/:.,=@%+-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
