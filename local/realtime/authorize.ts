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
  read(caller: Caller, extensions: readonly Extension[]): Promise<Set<Extension>> {
    return this.#probe(async (client) => {
      const ids = extensions.map(() => randomUUID());
      await client.query(
        `insert into realtime.messages (id, topic, extension, inserted_at, updated_at)
         select id, $1, extension, now() at time zone 'utc', now() at time zone 'utc'
         from unnest($2::uuid[], $3::text[]) as probe (id, extension)`,
        [caller.topic, ids, extensions],
      );
      await become(client, caller);
      const { rows } = await client.query<{ extension: Extension }>(
        "select extension from realtime.messages where topic = $1 and id = any ($2::uuid[])",
        [caller.topic, ids],
      );
      return new Set(rows.map(({ extension }) => extension));
    });
  }

  /** Whether a caller may send: a row inserted by the caller. */
  write(caller: Caller, extension: Extension): Promise<boolean> {
    return this.#probe(async (client) => {
      await become(client, caller);
      try {
        // Nothing is returned: that would ask the policies for select as well.
        await client.query(
          `insert into realtime.messages (id, topic, extension, inserted_at, updated_at)
           values ($1, $2, $3, now() at time zone 'utc', now() at time zone 'utc')`,
          [randomUUID(), caller.topic, extension],
        );
        return true;
      } catch (error) {
        if (sqlState(error) === INSUFFICIENT_PRIVILEGE) return false;
        throw error;
      }
    });
  }

  async #probe<T>(ask: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((error) => {
      throw new DatabaseFault(error);
    });
    try {
      await client.query("begin");
      return await ask(client);
    } catch (error) {
      throw new DatabaseFault(error);
    } finally {
      // A connection that cannot even roll back is given up, not back.
      await client.query("rollback").then(() => client.release(), (error) => client.release(error));
    }
  }
}

/** The settings PostgREST makes for a request, and the topic. Gone with the transaction. */
async function become(client: pg.PoolClient, { topic, claims, headers }: Caller): Promise<void> {
  const settings = {
    "role": claims.role,
    "realtime.topic": topic,
    "request.jwt.claims": JSON.stringify(claims),
    "request.jwt.claim.sub": typeof claims.sub === "string" ? claims.sub : "",
    "request.jwt.claim.role": claims.role,
    "request.headers": JSON.stringify(headers),
  };
  await client.query(
    `select ${Object.keys(settings).map((name, i) => `set_config('${name}', $${i + 1}, true)`)}`,
    Object.values(settings),
  );
}
