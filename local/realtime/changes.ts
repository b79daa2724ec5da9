import { randomUUID } from "node:crypto";
import type pg from "pg";
import { changeId, ChangeRefused, type ChangeRequest, parseChange } from "./change-filter.ts";
import { ChangeReader, type Told } from "./change-reader.ts";
import { DatabaseFault, sqlState } from "./refusal.ts";
import type { Claims } from "./token.ts";

const REFUSED = "Unable to subscribe to changes with given parameters.";

/** A channel that listens to changes of tables. */
export interface ChangeListener {
  /** A change it may be told; `ids` are those of what it asked for. */
  changed(ids: number[], data: Record<string, unknown>): void;
}

/**
 * Who listens to the changes of which tables. As hosted, every change is looked up for each listener
 * when the log is next polled, and what was committed while it was not read is told to nobody.
 */
export class Changes {
  readonly #pool: pg.Pool;
  readonly #reader: ChangeReader;
  readonly #subscriptions = new Map<string, { listener: ChangeListener; id: number }>();

  #subscribing = 0;

  constructor(
    databaseUrl: string,
    pool: pg.Pool,
    options: { pollMs: number; report: (line: string) => void },
  ) {
    this.#pool = pool;
    this.#reader = new ChangeReader(databaseUrl, pool, (told) => this.#tell(told), {
      wanted: () => this.#subscribing + this.#subscriptions.size > 0,
      ...options,
    });
  }

  /** Rows of a service that died are nobody's. */
  async start(): Promise<void> {
    await this.#pool.query("delete from realtime.subscription");
  }

  async stop(): Promise<void> {
    await this.#reader.stop();
  }

  /** Subscribes to all of it or to nothing; throws ChangeRefused or DatabaseFault. */
  async subscribe(
    listener: ChangeListener,
    params: readonly unknown[],
    claims: Claims,
  ): Promise<void> {
    const wanted = params.map((param) => ({
      id: changeId(param),
      uuid: randomUUID(),
      request: parseChange(param),
    }));
    this.#subscribing++;
    try {
      await this.#reader.start();
      await this.#insert(wanted, claims);
      for (const { id, uuid } of wanted) this.#subscriptions.set(uuid, { listener, id });
    } catch (error) {
      throw error instanceof ChangeRefused ? error : new DatabaseFault(error);
    } finally {
      this.#subscribing--;
    }
  }

  async unsubscribe(listener: ChangeListener): Promise<void> {
    const uuids = [...this.#subscriptions].filter(([, s]) => s.listener === listener)
      .map(([uuid]) => uuid);
    if (uuids.length === 0) return;
    for (const uuid of uuids) this.#subscriptions.delete(uuid);
    await this.#pool.query(
      "delete from realtime.subscription where subscription_id = any ($1::uuid[])",
      [uuids],
    );
  }

  async #insert(
    wanted: readonly { uuid: string; request: ChangeRequest }[],
    claims: Claims,
  ): Promise<void> {
    const client = await this.#pool.connect();
    try {
      await client.query("begin");
      for (const { uuid, request } of wanted) {
        const { rowCount } = await client.query(INSERT, [
          uuid,
          JSON.stringify(claims),
          request.event,
          request.schema,
          request.table,
          JSON.stringify(request.filters),
          request.select,
        ]).catch((error) => {
          throw refusedBy(error, request);
        });
        if (rowCount === 0) {
          throw new ChangeRefused(
            `${REFUSED} Please check Realtime is enabled for the given connect parameters: ` +
              described(request),
          );
        }
      }
      await client.query("commit");
      client.release();
    } catch (error) {
      await client.query("rollback").then(() => client.release(), (fault) => client.release(fault));
      throw error;
    }
  }

  #tell({ data, uuids }: Told): void {
    const ids = new Map<ChangeListener, number[]>();
    for (const uuid of uuids) {
      const subscription = this.#subscriptions.get(uuid);
      if (!subscription) continue;
      const { listener, id } = subscription;
      ids.set(listener, [...ids.get(listener) ?? [], id]);
    }
    for (const [listener, theirs] of ids) listener.changed(theirs, data);
  }
}

const INSERT = `
  insert into realtime.subscription
    (subscription_id, claims, action_filter, entity, filters, selected_columns)
  select $1, $2, $3, format('%I.%I', t.schemaname, t.tablename)::regclass, array(
    select row(f ->> 'column', f ->> 'op', f ->> 'value', (f ->> 'negate')::boolean)
      ::realtime.user_defined_filter
    from jsonb_array_elements($6::jsonb) as f), $7
  from pg_catalog.pg_publication_tables t
  where t.pubname = 'supabase_realtime'
    and $4::text in ('*', t.schemaname::text) and $5::text in ('*', t.tablename::text)`;

/** The database says what is wrong with a request, or that it cannot say anything now. */
function refusedBy(error: Error, request: ChangeRequest): Error {
  const fault = new DatabaseFault(error);
  if (fault.kind !== "policy") return fault;
  const code = sqlState(error) === "P0001" ? "P0001 (raise_exception)" : sqlState(error);
  return new ChangeRefused(
    `${REFUSED} An exception happened so please check your connect parameters: ` +
      `${described(request)}. Exception: ERROR ${code} ${error.message}`,
  );
}

const described = ({ event, schema, table, filters }: ChangeRequest) =>
  `[event: ${event}, schema: ${schema}, table: ${table}, filters: ${JSON.stringify(filters)}]`;
