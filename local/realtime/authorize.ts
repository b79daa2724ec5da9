import { randomUUID } from "node:crypto";
import type pg from "pg";
import { DatabaseFault, sqlState } from "./refusal.ts";
import type { Claims } from "./token.ts";

/** What a policy on realtime.messages may look at. */
export interface Caller {
  /** The channel, without the prefix realtime:. */
  topic: string;
  claims: Claims;
  /** The x-* headers of the connection. */
  headers: Record<string, string>;
}

export type Extension = "broadcast" | "presence";

const INSUFFICIENT_PRIVILEGE = "42501";

/**
 * Asks the policies on realtime.messages by trying: rows are inserted and everything is rolled back.
 * A row that only exists for this has neither payload nor event, and private is false: policies
 * can go by extension, topic and the caller, as hosted.
 */
export class Authorizer {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Which of these a caller may read: rows inserted by the service, selected by the caller. */
  async read(caller: Caller, extensions: readonly Extension[]): Promise<Set<Extension>> {
    const ids = extensions.map(() => randomUUID());
    try {
      const { rows } = await this.#attempt(
        insertion(caller.topic, ids, extensions),
        become(caller),
        {
          text:
            "select extension from realtime.messages where topic = $1 and id = any ($2::uuid[])",
          values: [caller.topic, ids],
        },
      );
      return new Set(rows.map(({ extension }) => extension));
    } catch (error) {
      throw new DatabaseFault(error);
    }
  }

  /** Whether a caller may send: a row inserted by the caller, who need not be able to read it. */
  async write(caller: Caller, extension: Extension): Promise<boolean> {
    try {
      await this.#attempt(
        become(caller),
        insertion(caller.topic, [randomUUID()], [extension]),
      );
      return true;
    } catch (error) {
      if (sqlState(error) === INSUFFICIENT_PRIVILEGE) return false;
      throw new DatabaseFault(error);
    }
  }

  /**
   * Runs statements in a transaction that is rolled back and gives the last one's result, or throws
   * the first error. Everything is sent at once (the pool's clients pipeline): one round trip.
   */
  async #attempt(...statements: pg.QueryConfig[]): Promise<pg.QueryResult> {
    const client = await this.#pool.connect();
    const results = await Promise.allSettled([
      client.query("begin"),
      ...statements.map((statement) => client.query(statement)),
      client.query("rollback"),
    ]);
    const failures = results.map((result) => result.status === "rejected" ? result.reason : null);
    // A connection that cannot even roll back is given up, not back.
    client.release(failures.at(-1) ?? false);
    const failure = failures.find((reason) => reason !== null);
    if (failure !== undefined) throw failure;
    return (results.at(-2) as PromiseFulfilledResult<pg.QueryResult>).value;
  }
}

const insertion = (topic: string, ids: string[], extensions: readonly Extension[]) => ({
  text: `
    insert into realtime.messages (id, topic, extension, inserted_at, updated_at)
    select id, $1, extension, now() at time zone 'utc', now() at time zone 'utc'
    from unnest($2::uuid[], $3::text[]) as probe (id, extension)`,
  values: [topic, ids, extensions],
});

/** The settings PostgREST makes for a request, and the topic. Gone with the transaction. */
function become({ topic, claims, headers }: Caller): pg.QueryConfig {
  const settings = {
    "role": claims.role,
    "realtime.topic": topic,
    "request.jwt.claims": JSON.stringify(claims),
    "request.jwt.claim.sub": typeof claims.sub === "string" ? claims.sub : "",
    "request.jwt.claim.role": claims.role,
    "request.headers": JSON.stringify(headers),
  };
  const calls = Object.keys(settings).map((name, i) => `set_config('${name}', $${i + 1}, true)`);
  return { text: `select ${calls}`, values: Object.values(settings) };
}
