import type { JWTPayload } from "jose";
import postgres from "postgres";
import type { StackInfo } from "../../scripts/stack-info.ts";

/** A table that a query read, and whether from its first page to its last. */
export interface Read {
  readonly table: string;
  readonly sequentially: boolean;
}

interface Node {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Actual Loops": number;
  readonly "Actual Rows": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly Node[];
}

/**
 * A session of a person in which every plan is told, also of the queries inside of functions, as it
 * was executed. The module that does it may be loaded by the superuser alone.
 */
export class ExplainedSession {
  readonly #sql: postgres.Sql;
  #reads: Read[] = [];

  private constructor(stack: StackInfo) {
    const url = new URL(stack.db_url);
    url.username = "supabase_admin";
    this.#sql = postgres(url.href, {
      max: 1,
      onnotice: ({ message }) => {
        const json = /^duration: [\d.]+ ms {2}plan:\n([^]*)$/.exec(message ?? "")?.[1];
        if (json) this.#collect((JSON.parse(json) as { Plan: Node }).Plan);
      },
    });
  }

  static async open(stack: StackInfo, claims: JWTPayload): Promise<ExplainedSession> {
    const session = new ExplainedSession(stack);
    const sql = session.#sql;
    await sql`load 'auto_explain'`;
    await sql.unsafe(`
      set auto_explain.log_min_duration = 0;
      set auto_explain.log_nested_statements = on;
      set auto_explain.log_analyze = on;
      set auto_explain.log_timing = off;
      set auto_explain.log_format = json;
      set auto_explain.log_level = notice;
      set auto_explain.log_parameter_max_length = 0`);
    await sql`select set_config('request.jwt.claims', ${JSON.stringify(claims)}, false)`;
    await sql`set role authenticated`;
    return session;
  }

  /** What a query read; of an empty table nothing is read. */
  async readsOf(query: string): Promise<readonly Read[]> {
    this.#reads = [];
    await this.#sql.unsafe(query);
    return this.#reads;
  }

  async close(): Promise<void> {
    await this.#sql.end();
  }

  #collect(node: Node): void {
    const table = node["Relation Name"];
    const rows = node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0);
    if (table && node["Actual Loops"] > 0) {
      this.#reads.push({ table, sequentially: node["Node Type"] === "Seq Scan" && rows > 0 });
    }
    for (const child of node.Plans ?? []) this.#collect(child);
  }
}
