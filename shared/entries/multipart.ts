/** A part of multipart/form-data (RFC 7578). `head` and `content` joined are its text. */
export interface Part {
  name: string;
  isFile: boolean;
  head: string;
  content: string;
}

const BOUNDARY = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i;
const BLANK_LINE = /\r?\n\r?\n/;

/** What separates the parts, from the Content-Type; null when it names none. */
export function boundaryOf(contentType: string): string | null {
  const match = BOUNDARY.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  return boundary === undefined ? null : `--${boundary}`;
}

/** The pieces between boundaries in order; what is no part with a name comes back as text. */
export function partsOf(text: string, boundary: string): (Part | string)[] {
  return text.split(boundary).map((piece) => {
    const blank = BLANK_LINE.exec(piece);
    if (!blank) return piece;
    const at = blank.index + blank[0].length;
    const head = piece.slice(0, at);
    const name = /;\s*name="([^"]*)"/i.exec(head)?.[1];
    if (name === undefined) return piece;
    return { name, isFile: /;\s*filename\*?=/i.test(head), head, content: piece.slice(at) };
  });
}
