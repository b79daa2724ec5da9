import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type postgres from "postgres";
import type { Exchange } from "./exchanges.ts";
import { secondsOf } from "./ratio.ts";

/**
 * The fastest way Postgres has to take the same rows in: COPY into a table without index, constraint,
 * trigger or row security, headers as jsonb and bodies as text. Logged and synced like any other.
 */
export class BareCopy {
  readonly #sql: postgres.Sql;

  constructor(sql: postgres.Sql) {
    this.#sql = sql;
  }

  async prepare(): Promise<void> {
    await this.#sql`create schema if not exists bench`;
    await this.#sql`
      create table if not exists bench.bare (
        request_id text, ts timestamptz, source text, method text, url text, status integer,
        duration_ms double precision, request_size bigint, response_size bigint, is_secure boolean,
        request_headers jsonb, response_headers jsonb, request_body text, response_body text)`;
  }

  /** Rows a second. */
  async measure(exchanges: readonly Exchange[]): Promise<number> {
    await this.#sql`truncate bench.bare`;
    // In pieces as a client reading a file would send them; one a row would measure the driver.
    const text = exchanges.map(lineOf).join("");
    const pieces = text.match(/[^]{1,262144}/g)!.map((piece) => Buffer.from(piece));
    const seconds = await secondsOf(async () => {
      const target = await this.#sql`copy bench.bare from stdin`.writable();
      await pipeline(Readable.from(pieces), target);
    });
    return exchanges.length / seconds;
  }
}

/** A line of COPY's text format. */
function lineOf({ request_id, ts, source, payload: p }: Exchange): string {
  const values = [
    request_id,
    ts,
    source,
    p["method"],
    p["url"],
    p["statusCode"],
    p["duration"],
    p["requestSize"],
    p["responseSize"],
    p["isSecure"],
    JSON.stringify(p["requestHeaders"]),
    JSON.stringify(p["responseHeaders"]),
    p["requestBody"],
    p["responseBody"],
  ];
  return `${values.map(fieldOf).join("\t")}\n`;
}

const ESCAPES: Record<string, string> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

const fieldOf = (value: unknown): string =>
  value === undefined ? "\\N" : String(value).replace(/[\\\t\n\r]/g, (c) => ESCAPES[c]!);
