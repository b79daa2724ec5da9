/**
 * Where a JSON text stops being JSON (RFC 8259), as an index into it, or null when it never does.
 * Engines name the position in some messages only, and quote the body in others, so on failure the
 * text is walked once more here. Iterative: nesting depth cannot exhaust the stack.
 */
export function jsonFault(text: string): number | null {
  const scan = new Scanner(text);
  const open: ("{" | "[")[] = [];
  let expects: "value" | "value or ]" | "key" | "key or }" | "after" = "value";
  for (;;) {
    scan.skip(WHITESPACE);
    const char = text[scan.at];
    if (expects === "after") {
      const container = open.at(-1);
      if (container === undefined) return scan.at === text.length ? null : scan.at;
      if (char === ",") expects = container === "{" ? "key" : "value";
      else if (char === (container === "{" ? "}" : "]")) open.pop();
      else return scan.at;
      scan.at++;
    } else if (expects === "key" || expects === "key or }") {
      if (expects === "key or }" && char === "}") {
        open.pop();
        scan.at++;
        expects = "after";
        continue;
      }
      if (!scan.string()) return scan.at;
      scan.skip(WHITESPACE);
      if (text[scan.at] !== ":") return scan.at;
      scan.at++;
      expects = "value";
    } else if (char === "]" && expects === "value or ]") {
      open.pop();
      scan.at++;
      expects = "after";
    } else if (char === "{" || char === "[") {
      open.push(char);
      scan.at++;
      expects = char === "{" ? "key or }" : "value or ]";
    } else {
      if (!(char === '"' ? scan.string() : scan.skip(LITERAL))) return scan.at;
      expects = "after";
    }
  }
}

const WHITESPACE = /[ \t\n\r]+/y;
const LITERAL = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// Two patterns taken in turn: one alternation inside a repetition exhausts the engine's stack on a
// body of 20 MB.
// deno-lint-ignore no-control-regex -- RFC 8259 section 7 forbids bare control characters
const PLAIN_RUN = /[^"\\\u0000-\u001f]+/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

class Scanner {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Steps over a match of the sticky pattern, if there is one. */
  skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.#text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }

  /** Steps over a string; on failure stands where it broke. */
  string(): boolean {
    if (this.#text[this.at] !== '"') return false;
    this.at++;
    while (this.skip(PLAIN_RUN) || this.skip(ESCAPE));
    if (this.#text[this.at] !== '"') return false;
    this.at++;
    return true;
  }
}
