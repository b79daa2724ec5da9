import type { Pool } from "pg";
import { DatabaseFault } from "./refusal.ts";

const DAY_MS = 86_400_000;
const AHEAD_DAYS = 3;
const KEPT_DAYS = 3;
const INTERVAL_MS = 3_600_000;

export interface Partitions {
  /** Resolves once today's partition exists, or throws DatabaseFault. */
  ready(): Promise<void>;
  stop(): void;
}

/**
 * Daily partitions of realtime.messages, from yesterday to three days ahead. As hosted they exist
 * only since a client connected: until then realtime.send() warns and drops its message.
 */
export function keepPartitions(pool: Pool, report: (line: string) => void): Partitions {
  let timer: NodeJS.Timeout | undefined;
  let first: Promise<void> | undefined;

  async function begin(): Promise<void> {
    await maintain(pool);
    timer = setInterval(() => {
      maintain(pool).catch((error) => report(`realtime: partitions: ${error.message}`));
    }, INTERVAL_MS);
  }

  return {
    ready: () =>
      first ??= begin().catch((error) => {
        first = undefined;
        throw new DatabaseFault(error);
      }),
    stop: () => clearInterval(timer),
  };
}

async function maintain(pool: Pool): Promise<void> {
  const today = Math.floor(Date.now() / DAY_MS);
  const { rows } = await pool.query<{ name: string }>(
    "select relid::regclass::text as name from pg_partition_tree('realtime.messages') where isleaf",
  );
  const existing = new Set(rows.map(({ name }) => name));
  for (let day = today - 1; day <= today + AHEAD_DAYS; day++) {
    const name = partitionName(day);
    // Making one locks the parent against every sender, so not even "if not exists" is free.
    if (existing.delete(name)) continue;
    await pool.query(`
      create table if not exists ${name} partition of realtime.messages
        for values from ('${isoDay(day)}') to ('${isoDay(day + 1)}');
      alter table ${name} owner to supabase_realtime_admin`);
  }
  const oldest = partitionName(today - KEPT_DAYS);
  for (const name of existing) {
    if (name < oldest) await pool.query(`drop table ${name}`);
  }
}

const isoDay = (day: number) => new Date(day * DAY_MS).toISOString().slice(0, 10);
const partitionName = (day: number) => `realtime.messages_${isoDay(day).replaceAll("-", "_")}`;
