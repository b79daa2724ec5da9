import { bodySize, contentOf, isTruncated } from "./content.ts";
import type { Content } from "./content.ts";
import type { Message } from "./exchange.ts";
import { diffJson } from "./json-diff.ts";
import type { JsonChange } from "./json-diff.ts";
import { diffText } from "./text-diff.ts";
import type { Json } from "./text.ts";
import type { TextHunk } from "./text-diff.ts";
import { diffNames } from "./value-diff.ts";
import type { NameChange } from "./value-diff.ts";

/** What is told of a body that differs. */
export interface BodySummary {
  kind: Content["kind"];
  /** Of the whole body, also where only its beginning was kept. */
  bytes: number;
  /** Of what was kept, in hexadecimal. */
  sha256: string;
}

export interface BodyDiff {
  a: BodySummary;
  b: BodySummary;
  /** Between JSON bodies. */
  changes?: ShownChange[];
  /** Between forms. */
  fields?: NameChange[];
  /** Between texts. */
  hunks?: TextHunk[];
}

const MOST_CHANGES = 200;
const MOST_LINES = 400;
/** Of one value or line. */
const MOST_CHARACTERS = 500;
const LEAD = 60;

/** How two bodies differ, undefined when they do not; what is not shown is told to `leftOut`. */
export async function diffBodies(
  a: Message,
  b: Message,
  leftOut: (what: string) => void,
): Promise<BodyDiff | undefined> {
  const [before, after] = [contentOf(a), contentOf(b)];
  if (before.kind === "omitted" || after.kind === "omitted") {
    leftOut("its bytes, which only those may see who may see secrets");
  }
  const [one, other] = [bytesOf(before), bytesOf(after)];
  if (before.kind === after.kind && sameBytes(one, other) && bodySize(a) === bodySize(b)) {
    return undefined;
  }
  if (isTruncated(a) || isTruncated(b)) leftOut("what was cut off when it was captured");
  return {
    a: { kind: before.kind, bytes: bodySize(a), sha256: await sha256(one) },
    b: { kind: after.kind, bytes: bodySize(b), sha256: await sha256(other) },
    ...differences(before, after, leftOut),
  };
}

function differences(
  a: Content,
  b: Content,
  leftOut: (what: string) => void,
): Pick<BodyDiff, "changes" | "fields" | "hunks"> {
  if (a.kind === "json" && b.kind === "json") {
    const changes = diffJson(a.value, b.value);
    if (changes.length === 0) {
      leftOut("differences of spelling alone: white space, order of members, escapes, digits");
    }
    return { changes: bounded(changes, MOST_CHANGES, "changes", leftOut).map(shownChange) };
  }
  if (a.kind === "form" && b.kind === "form") {
    return { fields: bounded(diffNames(a.fields, b.fields), MOST_CHANGES, "fields", leftOut) };
  }
  if (!("text" in a) || !("text" in b)) return {};
  const hunks = diffText(a.text, b.text);
  if (hunks) return { hunks: boundedHunks(hunks, leftOut) };
  leftOut("the lines: nearly all differ");
  return {};
}

function bounded<T>(
  items: T[],
  most: number,
  what: string,
  leftOut: (what: string) => void,
): T[] {
  if (items.length > most) leftOut(`${items.length - most} more ${what}`);
  return items.slice(0, most);
}

/** A change as it is shown: a value whose JSON is long is left out, and `long` says how long it is. */
export interface ShownChange {
  op: JsonChange["op"];
  path: string;
  was?: Json;
  value?: Json;
  long?: { was?: number; value?: number };
}

function shownChange(change: JsonChange): ShownChange {
  const { op, path } = change;
  const shown: ShownChange = { op, path };
  for (const side of ["was", "value"] as const) {
    const value = (change as ShownChange)[side];
    if (value === undefined) continue;
    const { length } = JSON.stringify(value);
    if (length > MOST_CHARACTERS) shown.long = { ...shown.long, [side]: length };
    else shown[side] = value;
  }
  return shown;
}

function boundedHunks(hunks: TextHunk[], leftOut: (what: string) => void): TextHunk[] {
  let room = MOST_LINES;
  let lost = 0;
  const take = (lines: string[]) => {
    const taken = lines.slice(0, room);
    room -= taken.length;
    lost += lines.length - taken.length;
    return taken;
  };
  const kept = hunks
    .map((hunk) => ({ ...hunk, removed: take(hunk.removed), added: take(hunk.added) }))
    .map(shownHunk)
    .filter(({ removed, added }) => removed.length + added.length > 0);
  if (lost > 0) leftOut(`${lost} more lines`);
  return kept;
}

/** Long lines are shown from shortly before they differ. */
function shownHunk(hunk: TextHunk): TextHunk {
  const { removed: [one = ""], added: [other = ""] } = hunk;
  let same = 0;
  while (same < one.length && one[same] === other[same]) same++;
  const from = Math.max(0, same - LEAD);
  const show = (line: string) => line.length <= MOST_CHARACTERS ? line : excerpt(line, from);
  return { ...hunk, removed: hunk.removed.map(show), added: hunk.added.map(show) };
}

function excerpt(line: string, from: number): string {
  const end = from + MOST_CHARACTERS;
  return `${from > 0 ? "…" : ""}${line.slice(from, end)}${end < line.length ? "…" : ""}`;
}

const NOTHING = new Uint8Array();

function bytesOf(content: Content): Uint8Array {
  if ("text" in content) return new TextEncoder().encode(content.text);
  return content.kind === "binary" ? content.bytes : NOTHING;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as BufferSource);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
