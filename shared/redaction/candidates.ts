// Where a text may hold what is looked for, by three letters: a sieve of one table look-up a character,
// where an alternation of all words and prefixes costs an engine several times as much.

const BITS = 15;
const MASK = (1 << BITS) - 1;
const encoder = new TextEncoder();
let buffer = new Uint8Array(65_536);

/** Finds literals of at least three characters, ignoring case; some places that are none as well. */
export class Sieve {
  readonly #table = new Uint8Array(1 << BITS);
  readonly #kinds: number;

  /** Literals of up to eight kinds. */
  constructor(...kinds: (readonly string[])[]) {
    this.#kinds = kinds.length;
    for (const [kind, literals] of kinds.entries()) {
      for (const literal of literals) {
        if (literal.length < 3) throw new RangeError(`${literal}: shorter than three characters`);
        let hash = 0;
        for (const letter of literal.slice(0, 3)) hash = rolled(hash, letter.charCodeAt(0));
        this.#table[hash]! |= 1 << kind;
      }
    }
  }

  /** For each kind, where its literals may begin, in order. */
  sift(text: string): number[][] {
    const found: number[][] = Array.from({ length: this.#kinds }, () => []);
    const bytes = bytesOf(text);
    const table = this.#table;
    let hash = 0;
    for (let at = 0; at < text.length; at++) {
      hash = rolled(hash, bytes[at]!);
      const kinds = table[hash]!;
      if (kinds === 0) continue;
      for (let kind = 0; kind < this.#kinds; kind++) {
        if ((kinds >> kind & 1) === 1) found[kind]!.push(at - 2);
      }
    }
    return found;
  }
}

/** Of the last three characters: each shifts by five bits, and is out of the mask after three. */
function rolled(hash: number, code: number): number {
  return ((hash << 5) ^ (code | 0x20)) & MASK;
}

/** One byte a character, whichever it is beyond ASCII. */
function bytesOf(text: string): Uint8Array {
  if (buffer.length < text.length) buffer = new Uint8Array(text.length);
  const { read, written } = encoder.encodeInto(text, buffer.subarray(0, text.length));
  if (read === text.length && written === text.length) return buffer;
  for (let at = 0; at < text.length; at++) buffer[at] = Math.min(text.charCodeAt(at), 127);
  return buffer;
}
