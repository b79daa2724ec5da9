// As much of the ustar format as it takes to put files of our own around an archive that streams in.

const BLOCK = 512;

/** What ends an archive. */
export const TAR_END = Buffer.alloc(2 * BLOCK);

/** A file as it stands in an archive: header, content, padding. Readable by its owner alone. */
export function tarEntry(name: string, content: Uint8Array): Buffer {
  const header = Buffer.alloc(BLOCK);
  const field = (at: number, text: string) => void header.write(text, at, "latin1");
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  field(0, name);
  field(100, "0000600\0");
  field(108, "0000000\0");
  field(116, "0000000\0");
  field(124, `${octal(content.length, 11)}\0`);
  field(136, `${octal(Math.floor(Date.now() / 1000), 11)}\0`);
  field(148, " ".repeat(8));
  field(156, "0");
  field(257, "ustar\x0000");
  // The checksum is that of the header with spaces in its own place.
  const sum = header.reduce((total, byte) => total + byte, 0);
  field(148, `${octal(sum, 6)}\0 `);
  const padding = Buffer.alloc((BLOCK - content.length % BLOCK) % BLOCK);
  return Buffer.concat([header, content, padding]);
}

/**
 * Passes an archive on without what ends it, so that more can follow. Only the last bytes are held
 * back: the archive may be of any size.
 */
export class OpenEnded {
  #held = Buffer.alloc(0);

  /** What may be written of the archive so far. */
  push(chunk: Uint8Array): Buffer {
    const all = Buffer.concat([this.#held, chunk]);
    const keep = Math.max(0, all.length - TAR_END.length);
    this.#held = all.subarray(keep);
    return all.subarray(0, keep);
  }

  /** Throws unless the archive ended as archives do. */
  finish(): void {
    if (!this.#held.equals(TAR_END)) throw new Error("the server's archive has no end");
  }
}
