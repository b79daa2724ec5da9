import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { ChangeDecoder, type WalChange } from "./wal2json.ts";

const PUBLICATION = "supabase_realtime";
const SLOT_PREFIX = "supabase_realtime_replication_slot_";
const MOST_CHANGES = 100;
const RECONNECT_MS = 1000;

/** A change, and which subscriptions may be told of it. */
export interface Told {
  data: Record<string, unknown>;
  uuids: string[];
}

/**
 * Polls the log for changes of published tables, as hosted: on a temporary slot, a hundred at a time
 * and about twice a second. Hosted reads them with wal2json, which passes over what a publication
 * publishes through the root of a partitioned table: so does this.
 */
export class ChangeReader {
  readonly #databaseUrl: string;
  readonly #pool: pg.Pool;
  readonly #tell: (told: Told) => void;
  readonly #wanted: () => boolean;
  readonly #pollMs: number;
  readonly #report: (line: string) => void;
  readonly #stopping = new AbortController();
  #started: Promise<void> | undefined;
  #polling: Promise<void> | undefined;

  constructor(
    databaseUrl: string,
    pool: pg.Pool,
    tell: (told: Told) => void,
    { wanted, pollMs, report }: {
      /** Whether anybody listens: if not, the log is let go of. */
      wanted: () => boolean;
      pollMs: number;
      report: (line: string) => void;
    },
  ) {
    this.#databaseUrl = databaseUrl;
    this.#pool = pool;
    this.#tell = tell;
    this.#wanted = wanted;
    this.#pollMs = pollMs;
    this.#report = report;
  }

  /** Resolves when changes committed from now on will be told. */
  start(): Promise<void> {
    return this.#started ??= this.#begin().catch((error) => {
      this.#started = undefined;
      throw error;
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#polling;
  }

  async #begin(): Promise<void> {
    const log = await openLog(this.#databaseUrl);
    this.#polling = this.#poll(log);
  }

  async #poll(first: Log): Promise<void> {
    let log: Log | undefined = first;
    while (this.#wanted() && !this.#stopping.signal.aborted) {
      try {
        log ??= await openLog(this.#databaseUrl);
        const changes = await changesOf(log);
        for (const change of changes) await this.#decide(change);
        if (changes.length === 0) await this.#pause(this.#pollMs);
      } catch (error) {
        this.#report(`realtime: reading changes: ${(error as Error).message}`);
        await log?.client.end();
        log = undefined;
        await this.#pause(RECONNECT_MS);
      }
    }
    // Before anything is waited for, so that who wants changes next starts anew.
    this.#started = undefined;
    await log?.client.end();
  }

  /**
   * A policy that raises loses this change, and no other: on a connection of its own, as an error
   * drops the temporary slots of its session.
   */
  async #decide(change: WalChange): Promise<void> {
    try {
      const { rows } = await this.#pool.query<
        { wal: Record<string, unknown>; subscription_ids: string[]; errors: string[] }
      >("select wal, subscription_ids, errors from realtime.apply_rls($1)", [change]);
      for (const { wal, subscription_ids: uuids, errors } of rows) {
        this.#tell({ data: { ...wal, errors: errors.length > 0 ? errors : null }, uuids });
      }
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      const { schema, table } = change;
      this.#report(`realtime: a change of ${schema}.${table} is told to nobody: ${error.message}`);
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { ref: false, signal: this.#stopping.signal }).catch(() => {});
  }
}

/** The connection that the slot lives and dies with. */
interface Log {
  client: pg.Client;
  slot: string;
}

async function openLog(connectionString: string): Promise<Log> {
  const client = new pg.Client({ connectionString, application_name: "realtime_changes" });
  const slot = SLOT_PREFIX + randomBytes(8).toString("hex");
  // Noticed by the next query.
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select pg_create_logical_replication_slot($1, 'pgoutput', true)", [slot]);
  } catch (error) {
    await client.end();
    throw error;
  }
  return { client, slot };
}

async function changesOf({ client, slot }: Log): Promise<WalChange[]> {
  const { rows } = await client.query<{ data: Uint8Array }>(
    `select data from pg_logical_slot_get_binary_changes($1, null, $2,
       'proto_version', '1', 'publication_names', '${PUBLICATION}')`,
    [slot, MOST_CHANGES],
  );
  if (rows.length === 0) return [];
  const decoder = new ChangeDecoder();
  const changes = rows.map(({ data }) => decoder.decode(data)).filter((change) => change);
  const tables = [...new Set(changes.map((change) => change!.relation))];
  const { rows: roots } = await client.query<{ oid: number }>(
    "select oid from pg_catalog.pg_class where oid = any ($1::oid[]) and relkind = 'p'",
    [tables],
  );
  const silent = new Set(roots.map(({ oid }) => oid));
  return changes.flatMap((c) => c && !silent.has(c.relation) ? [c.change] : []);
}
