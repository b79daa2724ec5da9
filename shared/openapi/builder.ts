import { requestOf } from "../entries/exchange.ts";
import type { StoredEntry } from "../entries/exchange.ts";
import { METHODS, operationId, pathItem, spelledPath } from "./path-item.ts";
import type { PathItem } from "./path-item.ts";
import { PathTree } from "./paths.ts";
import type { Template } from "./paths.ts";
import { Budget, sortedByKey } from "./schema.ts";
import { credentialsOf } from "./security.ts";
import type { SecurityScheme } from "./security.ts";
import { segmentsOf } from "./segments.ts";

export interface OpenApiDocument {
  openapi: "3.1.0";
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  paths: Record<string, PathItem>;
  components: { securitySchemes: Record<string, SecurityScheme> };
}

/** Paths, operations and properties together; about 1.5 kB each. */
const MOST_PLACES = 20_000;
const MOST_SERVERS = 500;
const MOST_SCHEMES = 100;

/**
 * Infers an OpenAPI 3.1 document from captured exchanges, one after the other: the memory it takes
 * depends on the API, not on how much is captured. The same entries in another order give the same
 * document as long as it has room for all of them.
 */
export class OpenApiBuilder {
  readonly #budget: Budget;
  readonly #servers = new Map<string, PathTree>();
  readonly #schemes = new Map<string, SecurityScheme>();
  #entries = 0;
  /** Reason → how many entries. */
  readonly #skipped = new Map<string, number>();

  constructor(places = MOST_PLACES) {
    this.#budget = new Budget(places);
  }

  add(entry: StoredEntry): void {
    this.#entries++;
    const method = entry.method?.toLowerCase() ?? "";
    const url = entry.url !== null && URL.canParse(entry.url) ? new URL(entry.url) : null;
    if (!url || !/^https?:$/.test(url.protocol)) return this.#skip("have no http or https URL");
    if (!METHODS.some((known) => known === method)) {
      return this.#skip("have a method that OpenAPI 3.1 has no place for");
    }
    const operation = this.#server(url.origin)?.operation(segmentsOf(url.pathname), method);
    if (!operation) return this.#skip("found no room: narrow the filter");
    const credentials = credentialsOf(requestOf(entry), url.searchParams);
    for (const [name, scheme] of credentials) {
      if (this.#schemes.has(name) || this.#schemes.size < MOST_SCHEMES) {
        this.#schemes.set(name, scheme);
      }
    }
    const known = [...credentials.keys()].filter((name) => this.#schemes.has(name));
    operation.add(entry, url.searchParams, known);
  }

  document(title?: string): OpenApiDocument {
    const origins = sortedByKey(this.#servers);
    const hosts = origins.map(([origin]) => new URL(origin).host);
    return {
      openapi: "3.1.0",
      info: {
        title: title ?? (hosts.length === 1 ? hosts[0]! : "Captured traffic"),
        version: "0.0.0",
        description: this.#description(),
      },
      servers: origins.map(([url]) => ({ url })),
      paths: this.#paths(origins),
      components: { securitySchemes: Object.fromEntries(sortedByKey(this.#schemes)) },
    };
  }

  #description(): string {
    const left = sortedByKey(this.#skipped)
      .map(([reason, count]) => `Left out were ${count} that ${reason}.`);
    const refused = this.#budget.refused > 0
      ? ["Not everything found room; what is missing in a schema is not forbidden by it."]
      : [];
    return [`Inferred from ${this.#entries} captured exchanges.`, ...left, ...refused].join(" ");
  }

  /** Servers may have the same path: then it is one path of several servers. */
  #paths(origins: [string, PathTree][]): Record<string, PathItem> {
    const found = new Map<string, { template: Template; origin: string }[]>();
    for (const [origin, tree] of origins) {
      for (const template of tree.templates()) {
        const path = spelledPath(template);
        found.set(path, [...found.get(path) ?? [], { template, origin }]);
      }
    }
    const ids = new Set<string>();
    return Object.fromEntries(
      sortedByKey(found).map(([path, same]) => {
        const item = pathItem(same.map(({ template }) => template));
        for (const method of METHODS) {
          if (item[method]) item[method].operationId = unique(operationId(method, path), ids);
        }
        // Without servers of its own, a path is on all of the document's.
        const servers = same.map(({ origin }) => ({ url: origin }));
        return [path, { ...(servers.length < origins.length && { servers }), ...item }];
      }),
    );
  }

  #server(origin: string): PathTree | null {
    const known = this.#servers.get(origin);
    if (known || this.#servers.size >= MOST_SERVERS) return known ?? null;
    const tree = new PathTree(this.#budget);
    this.#servers.set(origin, tree);
    return tree;
  }

  #skip(reason: string): void {
    this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1);
  }
}

function unique(id: string, taken: Set<string>): string {
  let one = id;
  for (let n = 2; taken.has(one); n++) one = `${id}${n}`;
  taken.add(one);
  return one;
}
