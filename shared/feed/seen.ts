/**
 * Ids that were delivered, remembered in two generations so that memory is bounded: `rotate` forgets
 * the older one. After the catch-up that ends a generation, the cursor covers everything that was
 * delivered before that catch-up began; what was delivered while it ran is still remembered.
 */
export class SeenIds {
  #current = new Set<string>();
  #previous = new Set<string>();

  has(id: string): boolean {
    return this.#current.has(id) || this.#previous.has(id);
  }

  add(id: string): void {
    this.#current.add(id);
  }

  rotate(): void {
    this.#previous = this.#current;
    this.#current = new Set();
  }

  get size(): number {
    return this.#current.size + this.#previous.size;
  }
}
