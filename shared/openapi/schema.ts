/** The part of JSON Schema (draft 2020-12, as OpenAPI 3.1 has it) that is inferred. */
export interface Schema {
  type?: JsonType | JsonType[];
  format?: string;
  enum?: (string | null)[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema;
  items?: Schema;
  examples?: (string | number | boolean)[];
  description?: string;
  contentMediaType?: string;
}

export type JsonType = "array" | "boolean" | "integer" | "null" | "number" | "object" | "string";

/** Places for what is remembered; what finds none is left out and counted. */
export class Budget {
  #left: number;
  refused = 0;

  constructor(places: number) {
    this.#left = places;
  }

  take(): boolean {
    if (this.#left > 0) {
      this.#left--;
      return true;
    }
    this.refused++;
    return false;
  }
}

/** By code units: the same on every machine, which a locale's order is not. */
export function sortedByKey<T>(entries: Iterable<[string, T]>): [string, T][] {
  return [...entries].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
}
