import { requestOf, responseOf } from "../entries/exchange.ts";
import type { StoredEntry } from "../entries/exchange.ts";
import { isSecretName } from "../redaction/names.ts";
import { Bodies, Field, grouped } from "./media.ts";
import { isNoiseHeader, isNoiseQuery } from "./noise.ts";
import { type Budget, type Schema, sortedByKey } from "./schema.ts";
import { isIdLike } from "./segments.ts";

export interface ParameterObject {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  schema: Schema;
}

export interface OperationObject {
  operationId?: string;
  parameters?: ParameterObject[];
  requestBody?: { required?: boolean; content: Record<string, { schema?: Schema }> };
  responses: Record<string, {
    description: string;
    content?: Record<string, { schema?: Schema }>;
  }>;
  security?: Record<string, string[]>[];
}

const MOST_PARAMETERS = 100;
const MOST_REQUIREMENTS = 10;
/** Fewer requests do not tell what all of them must have. */
const ENOUGH_TO_REQUIRE = 3;

/** What is known of one method of one path. */
export class Operation {
  readonly #budget: Budget;
  #count = 0;
  readonly #query = new Map<string, Field>();
  readonly #headers = new Map<string, Field>();
  readonly #request: Bodies;
  readonly #responses = new Map<number, Bodies>();
  /** Names of schemes used together, as JSON. */
  readonly #requirements = new Set<string>();

  constructor(budget: Budget) {
    this.#budget = budget;
    this.#request = new Bodies(budget);
  }

  add(entry: StoredEntry, query: URLSearchParams, schemes: string[]): void {
    this.#count++;
    const request = requestOf(entry);
    const { status } = entry;
    for (const [name, values] of grouped(query)) {
      if (isNoiseQuery(name) || isSecretName(name) || isIdLike(name)) continue;
      field(this.#query, name)?.add(values);
    }
    const headers = request.headers.map(({ name, value }) => [name.toLowerCase(), value] as const);
    for (const [name, values] of grouped(headers)) {
      if (isNoiseHeader(name) || isSecretName(name)) continue;
      field(this.#headers, name)?.add([values.join(", ")]);
    }
    this.#request.add(request);
    if (status !== null && status >= 100 && status <= 599) {
      this.#response(status).add(responseOf(entry));
    }
    // What was refused does not show what would have been enough.
    if (status !== 401 && status !== 403) this.#require(JSON.stringify(schemes.toSorted()));
  }

  absorb(other: Operation): void {
    this.#count += other.#count;
    for (const [name, one] of other.#query) field(this.#query, name)?.absorb(one);
    for (const [name, one] of other.#headers) field(this.#headers, name)?.absorb(one);
    this.#request.absorb(other.#request);
    for (const [status, bodies] of other.#responses) this.#response(status).absorb(bodies);
    for (const schemes of other.#requirements) this.#require(schemes);
  }

  /** What answers are made of: by this, operations of neighbouring paths are compared. */
  *traits(): Generator<string> {
    for (const [status, bodies] of this.#responses) {
      if (status < 200 || status > 299) continue;
      for (const trait of bodies.traits()) yield trait;
    }
  }

  describe(): OperationObject {
    const parameters = [
      ...this.#parameters("query", this.#query),
      ...this.#parameters("header", this.#headers),
    ];
    const body = this.#request.content();
    return {
      ...(parameters.length > 0 && { parameters }),
      ...(body && {
        requestBody: {
          ...(this.#request.count === this.#count && { required: true }),
          content: body,
        },
      }),
      responses: this.#describeResponses(),
      ...this.#security(),
    };
  }

  #parameters(where: "query" | "header", fields: Map<string, Field>): ParameterObject[] {
    return sortedByKey(fields).map(([name, one]) => ({
      name,
      in: where,
      ...(one.seen === this.#count && this.#count >= ENOUGH_TO_REQUIRE && { required: true }),
      schema: one.schema(name),
    }));
  }

  #describeResponses(): OperationObject["responses"] {
    const statuses = [...this.#responses].sort(([a], [b]) => a - b);
    if (statuses.length === 0) return { default: { description: "No answer was captured." } };
    return Object.fromEntries(statuses.map(([status, bodies]) => {
      const content = bodies.content();
      return [String(status), { description: reasonOf(status), ...(content && { content }) }];
    }));
  }

  #security(): Pick<OperationObject, "security"> {
    const all = [...this.#requirements].sort().map((text) => JSON.parse(text) as string[]);
    if (all.every((schemes) => schemes.length === 0)) return {};
    return {
      security: all.map((schemes) => Object.fromEntries(schemes.map((name) => [name, []]))),
    };
  }

  #response(status: number): Bodies {
    const known = this.#responses.get(status);
    if (known) return known;
    const bodies = new Bodies(this.#budget);
    this.#responses.set(status, bodies);
    return bodies;
  }

  #require(schemes: string): void {
    if (this.#requirements.size < MOST_REQUIREMENTS) this.#requirements.add(schemes);
  }
}

function field(fields: Map<string, Field>, name: string): Field | null {
  const known = fields.get(name);
  if (known || fields.size >= MOST_PARAMETERS) return known ?? null;
  const one = new Field();
  fields.set(name, one);
  return one;
}

const REASONS: Record<number, string> = {
  101: "Switching Protocols",
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  206: "Partial Content",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  410: "Gone",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

function reasonOf(status: number): string {
  return REASONS[status] ?? `Status ${status}`;
}
