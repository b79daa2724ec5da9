import { diffArrays } from "diff";

/** Neighbouring lines that differ. Lines count from 1; a side without lines stands before its line. */
export interface TextHunk {
  a_line: number;
  b_line: number;
  removed: string[];
  added: string[];
}

/** Texts that differ in more lines have nothing in common that is worth the quadratic search. */
const MOST_EDITS = 1_000;

/** Where two texts differ, by lines; null when they differ in nearly all. */
export function diffText(a: string, b: string): TextHunk[] | null {
  const parts = diffArrays(a.split("\n"), b.split("\n"), { maxEditLength: MOST_EDITS });
  if (!parts) return null;
  const hunks: TextHunk[] = [];
  let [inA, inB] = [1, 1];
  let open: TextHunk | null = null;
  for (const { added, removed, value, count } of parts) {
    if (!added && !removed) open = null;
    else {
      if (!open) hunks.push(open = { a_line: inA, b_line: inB, removed: [], added: [] });
      (removed ? open.removed : open.added).push(...value);
    }
    if (!added) inA += count;
    if (!removed) inB += count;
  }
  return hunks;
}
