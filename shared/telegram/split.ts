/** Telegram's limit of a message. It counts code points after parsing, so this is on the safe side. */
export const MESSAGE_LIMIT = 4_096;

/** Where a text is best cut, the best first. */
const SEAMS = ["\n\n", "\n", ". ", " "];
/** A part shorter than this is not worth a better seam. */
const SHORTEST = 0.5;

/** A text in parts that each fit a message, cut between paragraphs, lines or words where possible. */
export function splitMessage(text: string, limit: number = MESSAGE_LIMIT): string[] {
  const parts: string[] = [];
  let rest = text.trim();
  while (rest.length > limit) {
    const at = cutOf(rest, limit);
    parts.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at).trimStart();
  }
  if (rest !== "") parts.push(rest);
  return parts;
}

function cutOf(text: string, limit: number): number {
  for (const seam of SEAMS) {
    const at = text.lastIndexOf(seam, limit - seam.length);
    if (at >= limit * SHORTEST) return at + seam.length;
  }
  // Never between the two halves of a character.
  const code = text.charCodeAt(limit - 1);
  return code >= 0xd800 && code <= 0xdbff ? limit - 1 : limit;
}
