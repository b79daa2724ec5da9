import type { z } from "zod";
import { inputOf, type Operation } from "./operation.ts";

/** Who asks so wants to see something. */
const LOOKING = /\b(?:find|get|how|list|look|read|see|show|view|what|when|which|who)\b/i;

/** Words of a question that say nothing of what is looked for. */
const EMPTY = new Set(
  ("a about all an and any are at be by can do does find for from get give has have how i in into is it " +
    "its me my of off on one or our out s so some someone that the their them this to up us use via what " +
    "when where which who with you your").split(" "),
);

/** Words that people and the product use for the same thing. */
const ALIKE = [
  "abort cancel drop kill stop",
  "add create make new save",
  "agent assistant busybro",
  "alert notify notification warn",
  "app client connection integration",
  "audit history log trail",
  "badge label tag",
  "breakpoint intercept hold held",
  "capability permission privilege right access",
  "capture entry exchange request traffic",
  "change edit modify rename set update",
  "clear delete erase purge remove wipe",
  "client credential key secret",
  "code connect enrol pair pairing",
  "colleague member people person teammate user",
  "device phone simulator",
  "disconnect logout revoke unlink",
  "domain host hostname site",
  "env environment variable",
  "export download",
  "filter query search",
  "give hand transfer",
  "group set bundle",
  "job progress background task",
  "live realtime subscribe channel websocket stream",
  "mask hide redact redaction",
  "mock rewrite script transform",
  "openapi schema swagger specification spec",
  "repeat replay resend retry send",
  "retention keep kept",
  "role admin",
  "snippet code curl command fetch",
  "statistic metric stat",
  "team workspace project",
  "token apikey key session",
].map((words) => words.split(" ").map(stem));

const wordsOf = (text: string) => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];

/** "tags" finds "tag" and "saved" finds "save": little else of English is what names differ by. */
function stem(word: string): string {
  if (word.length <= 3) return word;
  return word.replace(/ies$/, "y").replace(/(?<=[sxz]|ch|sh)es$|(?<!s)s$/, "").replace(/ed$/, "e");
}

/** Where a word counts how much. */
const WEIGHTS = { name: 5, title: 3, summary: 2, argument: 1.5, description: 1 } as const;
/** Of what fits alike, what harms least comes first. */
const HARM = { read: 0, write: 1, destructive: 2 } as const;

interface Indexed {
  operation: Operation;
  /** The best place of each word. */
  words: Map<string, number>;
  name: Set<string>;
}

const index = new WeakMap<Operation, Indexed>();

/** What is said of an operation, word by word. */
function indexed(operation: Operation): Indexed {
  const known = index.get(operation);
  if (known) return known;
  const words = new Map<string, number>();
  const note = (text: string, weight: number) => {
    for (const word of wordsOf(text).map(stem)) {
      if (!EMPTY.has(word)) words.set(word, Math.max(weight, words.get(word) ?? 0));
    }
  };
  note(operation.name, WEIGHTS.name);
  note(operation.title, WEIGHTS.title);
  note(`${operation.summary} ${operation.toolset}`, WEIGHTS.summary);
  for (const [argument, schema] of Object.entries(inputOf(operation).shape)) {
    note(argument, WEIGHTS.argument);
    note(descriptionOf(schema as z.ZodType) ?? "", WEIGHTS.description);
  }
  const made = { operation, words, name: new Set(wordsOf(operation.name).map(stem)) };
  index.set(operation, made);
  return made;
}

/** What is said of an argument, where a default or "optional" is wrapped around it too. */
function descriptionOf(schema: z.ZodType): string | undefined {
  const { innerType } = schema.def as { innerType?: z.ZodType };
  return schema.description ?? (innerType && descriptionOf(innerType));
}

/** Another word for it counts less than the word itself. */
const ALIKE_SHARE = 0.6;

interface Wanted {
  word: string;
  alike: string[];
  /** Rare words tell more than those that many operations have. */
  rarity: number;
}

/** The operations that fit what somebody wants to do, the best first; all of them where nothing is said. */
export function ranked(operations: readonly Operation[], query: string): Operation[] {
  const all = operations.map(indexed);
  const said = [...new Set(wordsOf(query).map(stem))].filter((word) => !EMPTY.has(word));
  if (said.length === 0) return [...operations];
  const wanted = said.map((word): Wanted => {
    const alike = ALIKE.filter((group) => group.includes(word)).flat()
      .filter((other) => other !== word);
    const having = all.filter(({ words }) => [word, ...alike].some((one) => words.has(one))).length;
    return { word, alike, rarity: Math.log(1 + all.length / Math.max(1, having)) };
  });
  const looking = LOOKING.test(query);
  return all.map((one) => ({
    operation: one.operation,
    points: points(one, wanted) * (looking && one.operation.effect === "read" ? 1.3 : 1),
  }))
    .filter((one) => one.points > 0)
    .sort((a, b) =>
      b.points - a.points || HARM[a.operation.effect] - HARM[b.operation.effect] ||
      (a.operation.name < b.operation.name ? -1 : 1)
    )
    .map(({ operation }) => operation);
}

function points({ words, name }: Indexed, wanted: readonly Wanted[]): number {
  let total = 0;
  const met = new Set<string>();
  for (const { word, alike, rarity } of wanted) {
    let best = words.get(word) ?? 0;
    if (name.has(word)) met.add(word);
    for (const other of alike) {
      best = Math.max(best, (words.get(other) ?? 0) * ALIKE_SHARE);
      if (name.has(other)) met.add(other);
    }
    total += best * rarity;
  }
  // Of two that have the words, the one with fewer others is meant.
  return total * (1 + met.size / name.size);
}
