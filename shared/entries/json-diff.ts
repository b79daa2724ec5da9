import { diffArrays } from "diff";
import type { Json } from "./text.ts";

/** One step from a to b: JSON Patch (RFC 6902), and what was there before. */
export type JsonChange =
  | { op: "add"; path: string; value: Json }
  | { op: "remove"; path: string; was: Json }
  | { op: "replace"; path: string; was: Json; value: Json };

/** Lists that differ in more places are compared position by position: the search is quadratic. */
const MOST_EDITS = 500;

/**
 * The steps that turn a into b when applied in order. Paths are JSON Pointers (RFC 6901); an index
 * counts in the list as the steps before have left it.
 */
export function diffJson(a: Json, b: Json): JsonChange[] {
  const changes: JsonChange[] = [];
  compare(a, b, "", changes);
  return changes;
}

function compare(a: Json, b: Json, path: string, changes: JsonChange[]): void {
  if (Array.isArray(a) && Array.isArray(b)) compareLists(a, b, path, changes);
  else if (isObject(a) && isObject(b)) compareObjects(a, b, path, changes);
  else if (!sameJson(a, b)) changes.push({ op: "replace", path, was: a, value: b });
}

type JsonObject = { [name: string]: Json };

function compareObjects(a: JsonObject, b: JsonObject, path: string, changes: JsonChange[]): void {
  for (const name of Object.keys(a)) {
    const at = `${path}/${escapePointer(name)}`;
    if (Object.hasOwn(b, name)) compare(a[name]!, b[name]!, at, changes);
    else changes.push({ op: "remove", path: at, was: a[name]! });
  }
  for (const name of Object.keys(b)) {
    if (Object.hasOwn(a, name)) continue;
    changes.push({ op: "add", path: `${path}/${escapePointer(name)}`, value: b[name]! });
  }
}

function compareLists(a: Json[], b: Json[], path: string, changes: JsonChange[]): void {
  const shorter = Math.min(a.length, b.length);
  let head = 0;
  while (head < shorter && sameJson(a[head]!, b[head]!)) head++;
  let tail = 0;
  while (tail < shorter - head && sameJson(a.at(-1 - tail)!, b.at(-1 - tail)!)) tail++;
  let at = head;
  for (
    const [removed, added] of blocks(a.slice(head, a.length - tail), b.slice(head, b.length - tail))
  ) {
    const paired = Math.min(removed.length, added.length);
    for (let i = 0; i < paired; i++) compare(removed[i]!, added[i]!, `${path}/${at++}`, changes);
    for (const was of removed.slice(paired)) {
      changes.push({ op: "remove", path: `${path}/${at}`, was });
    }
    for (const value of added.slice(paired)) {
      changes.push({ op: "add", path: `${path}/${at++}`, value });
    }
  }
}

/** Stretches of both lists that stand for each other; what is the same is a stretch of its own. */
function blocks(a: Json[], b: Json[]): [removed: Json[], added: Json[]][] {
  // Nothing to align: one side is empty or both are single.
  if (a.length === 0 || b.length === 0 || (a.length === 1 && b.length === 1)) return [[a, b]];
  const parts = diffArrays(a.map(canonical), b.map(canonical), { maxEditLength: MOST_EDITS });
  if (!parts) return [[a, b]];
  const found: [Json[], Json[]][] = [];
  let [inA, inB] = [0, 0];
  let open: [Json[], Json[]] | null = null;
  for (const { added, removed, count } of parts) {
    if (!added && !removed) {
      found.push([a.slice(inA, inA += count), b.slice(inB, inB += count)]);
      open = null;
      continue;
    }
    if (!open) found.push(open = [[], []]);
    if (removed) open[0].push(...a.slice(inA, inA += count));
    else open[1].push(...b.slice(inB, inB += count));
  }
  return found;
}

/** One text for one value, whatever the order its members came in. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name]!)}`).join()}}`;
}

function sameJson(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => sameJson(item, b[index]!));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameJson(a[name]!, b[name]!));
}

function escapePointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
