import type { Authorizer, Caller, Extension } from "./authorize.ts";
import { NotPermitted } from "./refusal.ts";

/** What a caller may do on a channel, asked when it matters and remembered as long as the token. */
export class Permissions {
  readonly #authorizer: Authorizer;
  /** Undefined on a public channel, where everything is allowed. */
  readonly #caller: Caller | undefined;
  readonly #readable: Set<Extension>;
  readonly #asked: ReadonlySet<Extension>;
  readonly #writable = new Map<Extension, boolean>();

  /** Throws NotPermitted when nothing asked for may be read. */
  static async ask(
    authorizer: Authorizer,
    caller: Caller | undefined,
    asked: readonly Extension[],
  ): Promise<Permissions> {
    const readable = caller ? await authorizer.read(caller, asked) : new Set(asked);
    if (readable.size === 0) throw new NotPermitted();
    return new Permissions(authorizer, caller, readable, asked);
  }

  private constructor(
    authorizer: Authorizer,
    caller: Caller | undefined,
    readable: Set<Extension>,
    asked: readonly Extension[],
  ) {
    this.#authorizer = authorizer;
    this.#caller = caller;
    this.#readable = readable;
    this.#asked = new Set(asked);
  }

  reads(extension: Extension): boolean {
    return this.#readable.has(extension);
  }

  /** The same for what was not asked for when joining. */
  async mayRead(extension: Extension): Promise<boolean> {
    if (!this.#asked.has(extension) && !this.#readable.has(extension)) {
      const granted = !this.#caller ||
        (await this.#authorizer.read(this.#caller, [extension])).has(extension);
      if (granted) this.#readable.add(extension);
    }
    return this.#readable.has(extension);
  }

  async mayWrite(extension: Extension): Promise<boolean> {
    if (!this.#caller) return true;
    const known = this.#writable.get(extension);
    if (known !== undefined) return known;
    const granted = await this.#authorizer.write(this.#caller, extension);
    this.#writable.set(extension, granted);
    return granted;
  }

  /** Whether everything that these allow to read is allowed by newer ones too. */
  keptBy(newer: Permissions): boolean {
    return [...this.#readable].every((extension) =>
      newer.reads(extension) || !newer.#asked.has(extension)
    );
  }
}
