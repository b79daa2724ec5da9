import { ANSWER_ROOM } from "./answer.ts";

// What is read in pieces says where the next piece begins, and says it of what was shown: an answer that
// was cut afterwards would send its reader past what it never saw.

/** As many of the rows as an answer holds, and what asks for those after them. */
export function pageOf<Row, Next extends object>(
  rows: readonly Row[],
  /** What goes on after the rows shown; `whole` tells that they are all there were. */
  next: (shown: readonly Row[], whole: boolean) => Next,
): { rows: Row[] } & Next {
  let room = ANSWER_ROOM;
  const cut = rows.findIndex((row, index) => {
    room -= JSON.stringify(row).length + 1;
    // One that is too long on its own is cut where it is long.
    return room < 0 && index > 0;
  });
  const shown = cut < 0 ? [...rows] : rows.slice(0, cut);
  return { rows: shown, ...next(shown, shown.length === rows.length) };
}

export interface Slice {
  text: string;
  /** Where the rest begins; absent at the end. */
  next_offset?: number;
}

/**
 * Characters of a text from an offset on: as many as asked for, and no more than take `room` once they
 * are written as JSON, where a quote takes two and one in captured JSON takes four.
 */
export function sliceOf(text: string, offset: number, length: number, room = ANSWER_ROOM): Slice {
  let end = Math.min(text.length, offset + length);
  for (;;) {
    const written = JSON.stringify(text.slice(offset, end)).length - 2;
    if (written <= room) break;
    end = offset + Math.floor((end - offset) * Math.min(0.95, room / written));
  }
  // Half a character is no text, unless it is all there is room for.
  if (end < text.length && end > offset + 1 && /[\ud800-\udbff]/.test(text.charAt(end - 1))) end--;
  return { text: text.slice(offset, end), ...(end < text.length && { next_offset: end }) };
}
