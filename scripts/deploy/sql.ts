// The statements of a SQL script, far enough apart to be judged by their keywords.

export interface Statement {
  /**
   * In lower case and on one line, without comments; strings are empty, quoted bodies are `$$`, and
   * quoted names hold no spaces, so that a word of a name is never a keyword.
   */
  readonly text: string;
  /** What stood in its strings and dollar quotes. */
  readonly quoted: readonly string[];
  /** Line of its first word, from 1. */
  readonly line: number;
}

/** In this order: what the scan finds at a position is the first of these that matches. */
const TOKEN = new RegExp(
  [
    String.raw`(?<comment>--[^\n]*)`,
    String.raw`(?<escaped>\be'(?:[^'\\]|\\.|'')*')`,
    String.raw`(?<string>'(?:[^']|'')*')`,
    String.raw`(?<identifier>"(?:[^"]|"")*")`,
    String.raw`(?<dollar>\$(?<tag>[a-z_]\w*|)\$[^]*?\$\k<tag>\$)`,
    String.raw`(?<end>;)`,
    String.raw`(?<space>\s+)`,
    String.raw`(?<other>\w+|[^])`,
  ].join("|"),
  "giy",
);

/** Splits a script at its semicolons, which in strings, comments and bodies are none. */
export function statementsOf(script: string): Statement[] {
  const statements: Statement[] = [];
  let text = "";
  let quoted: string[] = [];
  let start: number | undefined;
  const finish = () => {
    if (start !== undefined) {
      statements.push({
        text: text.trim().replace(/\s+/g, " ").toLowerCase(),
        quoted,
        line: script.slice(0, start).split("\n").length,
      });
    }
    text = "";
    quoted = [];
    start = undefined;
  };
  for (let at = 0; at < script.length;) {
    const comment = blockComment(script, at);
    if (comment > 0) {
      at += comment;
      text += " ";
      continue;
    }
    TOKEN.lastIndex = at;
    const { 0: token, groups } = TOKEN.exec(script)!;
    at = TOKEN.lastIndex;
    if (groups!["end"]) {
      finish();
      continue;
    }
    if (groups!["comment"] || groups!["space"]) {
      text += " ";
      continue;
    }
    start ??= at - token.length;
    if (groups!["string"] || groups!["escaped"]) {
      quoted.push(token.slice(token.indexOf("'") + 1, -1));
      text += "''";
    } else if (groups!["dollar"]) {
      const mark = groups!["tag"]!.length + 2;
      quoted.push(token.slice(mark, -mark));
      text += "$$";
    } else if (groups!["identifier"]) text += token.replace(/\s/g, "_");
    else text += token;
  }
  finish();
  return statements;
}

/** Length of the comment that starts here, which may hold others; 0 if none does. */
function blockComment(script: string, at: number): number {
  if (!script.startsWith("/*", at)) return 0;
  const mark = /\/\*|\*\//g;
  mark.lastIndex = at;
  let depth = 0;
  for (let found = mark.exec(script); found; found = mark.exec(script)) {
    depth += found[0] === "/*" ? 1 : -1;
    if (depth === 0) return mark.lastIndex - at;
  }
  return script.length - at;
}
