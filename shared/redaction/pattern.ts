// Patterns that an administrator adds, matched in time that grows with the text whatever they say: all
// ways to match are followed at once, none is gone back for. The database admits the same grammar.

const ATOM = String
  .raw`(?:[^\\[\](){}*+?|.^$]|\.|\\[dwsDWS]|\\[^A-Za-z0-9]|\[\^?(?:[^\\\][]|\\[dwsDWS]|\\[^A-Za-z0-9])+\])`;
const REPEAT = String.raw`(?:[*+?]|\{\d{1,3}(?:,(?:\d{1,3})?)?\})`;
const GRAMMAR = new RegExp(`^(?:${ATOM}${REPEAT}?|\\|)+$`, "u");
const TOKEN = new RegExp(`(${ATOM})(${REPEAT})?|\\|`, "gu");
const LONGEST = 200;
const MOST_STEPS = 1_000;

export class PatternFault extends Error {
  override readonly name = "PatternFault";
}

/** One character that may come, must come, or may come again. */
interface Step {
  takes: Uint8Array;
  optional: boolean;
  again: boolean;
}

/** Index of what all characters beyond ASCII are treated as. */
const OTHER = 128;

export interface Match {
  start: number;
  end: number;
}

/** Finds every stretch of a text that matches; those that overlap are one. */
export type Pattern = (text: string) => Match[];

/** Characters, `.`, `\d \w \s`, classes, repetitions of those, and `|` between whole alternatives. */
export function compilePattern(source: string): Pattern {
  if (source.length > LONGEST || !GRAMMAR.test(source)) {
    throw new PatternFault(
      `${JSON.stringify(source.slice(0, LONGEST))}: use characters, classes, . \\d \\w \\s, ` +
        "repetitions of those and |, at most 200 characters; there are no groups",
    );
  }
  const ways: Step[][] = [[]];
  for (const [token, atom, repeat] of source.matchAll(TOKEN)) {
    if (token === "|") ways.push([]);
    else ways.at(-1)!.push(...stepsOf(charactersOf(atom!), repeat ?? ""));
  }
  if (ways.reduce((sum, steps) => sum + steps.length, 0) > MOST_STEPS) {
    throw new PatternFault(`${JSON.stringify(source)}: repeats more than ${MOST_STEPS} characters`);
  }
  return (text) => merged(ways.flatMap((steps) => matches(steps, text)));
}

function stepsOf(takes: Uint8Array, repeat: string): Step[] {
  const [least, most] = boundsOf(repeat);
  const must = Array.from({ length: least }, () => ({ takes, optional: false, again: false }));
  if (most !== null) {
    const may = Math.max(0, most - least);
    return [
      ...must,
      ...Array.from({ length: may }, () => ({ takes, optional: true, again: false })),
    ];
  }
  return [...must, { takes, optional: true, again: true }];
}

function boundsOf(repeat: string): [least: number, most: number | null] {
  if (repeat === "") return [1, 1];
  if (repeat === "?") return [0, 1];
  if (repeat === "*") return [0, null];
  if (repeat === "+") return [1, null];
  const [least, most] = repeat.slice(1, -1).split(",");
  if (most === undefined) return [Number(least), Number(least)];
  return [Number(least), most === "" ? null : Number(most)];
}

/** Which characters an atom takes, told by the engine itself, one at a time. */
function charactersOf(atom: string): Uint8Array {
  // A hyphen escaped outside a class is no syntax to the engine in Unicode mode.
  const one = new RegExp(`^${atom === "\\-" ? "-" : atom}$`, "s");
  const takes = new Uint8Array(OTHER + 1);
  for (let code = 0; code < OTHER; code++) {
    takes[code] = one.test(String.fromCharCode(code)) ? 1 : 0;
  }
  takes[OTHER] = one.test("\u00e9") ? 1 : 0;
  return takes;
}

function matches(steps: readonly Step[], text: string): Match[] {
  const found: Match[] = [];
  // For each step that may take the next character, where the earliest way to it began; else -1.
  let now = new Int32Array(steps.length + 1).fill(-1);
  let next = new Int32Array(steps.length + 1).fill(-1);
  let alive = false;
  for (let at = 0; at < text.length; at++) {
    const code = Math.min(text.charCodeAt(at), OTHER);
    if (!alive && !canBegin(steps, code)) continue;
    enter(now, steps, 0, at);
    next.fill(-1);
    alive = false;
    for (let step = 0; step < steps.length; step++) {
      const start = now[step]!;
      if (start < 0 || steps[step]!.takes[code] === 0) continue;
      alive = true;
      enter(next, steps, step + 1, start);
      if (steps[step]!.again) enter(next, steps, step, start);
    }
    const start = next[steps.length]!;
    if (start >= 0) found.push({ start, end: at + 1 });
    [now, next] = [next, now];
    now[steps.length] = -1;
  }
  return found;
}

function canBegin(steps: readonly Step[], code: number): boolean {
  for (const { takes, optional } of steps) {
    if (takes[code] === 1) return true;
    if (!optional) return false;
  }
  return false;
}

/** Also what comes after steps that need not be taken. */
function enter(starts: Int32Array, steps: readonly Step[], step: number, start: number): void {
  for (let at = step; at <= steps.length; at++) {
    if (starts[at]! >= 0 && starts[at]! <= start) return;
    starts[at] = start;
    if (at === steps.length || !steps[at]!.optional) return;
  }
}

function merged(found: Match[]): Match[] {
  const sorted = found.sort((a, b) => a.start - b.start || b.end - a.end);
  const all: Match[] = [];
  for (const match of sorted) {
    const last = all.at(-1);
    if (last && match.start < last.end) last.end = Math.max(last.end, match.end);
    else all.push({ ...match });
  }
  return all;
}
