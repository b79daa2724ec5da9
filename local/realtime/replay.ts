import type pg from "pg";
import type { Address } from "./fanout.ts";
import {
  type Broadcast,
  encodeBroadcast,
  encodeMessage,
  type Frame,
  type Version,
} from "./frames.ts";
import { DatabaseFault, JoinRefused } from "./refusal.ts";

const MOST = 25;

/** Which messages of the past a client asks for when it joins. */
export interface ReplayRequest {
  /** Milliseconds since 1970. */
  since: number;
  limit: number;
}

/** A stored message, as it is told again. */
export interface Replayed extends Omit<Broadcast, "meta"> {
  meta: { id: string; replayed: true };
}

/** What `broadcast.replay` asks for, or throws JoinRefused. */
export function parseReplay(replay: unknown, isPrivate: boolean): ReplayRequest {
  const refused = (why: string) => new JoinRefused(`UnableToReplayMessages: ${why}`);
  if (!isPrivate) throw refused("Replay is not allowed for public channels");
  const { since, limit = MOST } = (replay ?? {}) as Record<string, unknown>;
  const valid = Number.isInteger(since) && Number.isInteger(limit) && Number(limit) > 0;
  if (!valid) throw refused("Replay params are not valid");
  return { since: Number(since), limit: Math.min(Number(limit), MOST) };
}

/** The newest messages sent to a channel since then, oldest first. */
export async function replay(
  pool: pg.Pool,
  { name, private: isPrivate }: Address,
  { since, limit }: ReplayRequest,
): Promise<Replayed[]> {
  try {
    const { rows } = await pool.query<
      { id: string; event: string; payload: string | null; bytes: Uint8Array | null }
    >(
      `select id, event, payload::text as payload, binary_payload as bytes from realtime.messages
       where topic = $1 and private = $2 and extension = 'broadcast' and event is not null
         and inserted_at >= to_timestamp($3 / 1000.0) at time zone 'utc'
         and (payload is not null or binary_payload is not null)
       order by inserted_at desc limit $4`,
      [name, isPrivate, since, limit],
    );
    return rows.reverse().map(({ id, event, payload, bytes }) => ({
      event,
      encoding: bytes ? "binary" : "json",
      body: bytes ?? new TextEncoder().encode(payload ?? ""),
      meta: { id, replayed: true },
    }));
  } catch (error) {
    throw new DatabaseFault(error);
  }
}

/** A replayed message, which names the join it belongs to; undefined when it cannot be said. */
export function replayFrame(
  version: Version,
  topic: string,
  joinRef: string | null,
  message: Replayed,
): Frame | undefined {
  if (message.encoding === "binary") return encodeBroadcast(version, topic, message);
  const { event, body, meta } = message;
  const payload = JSON.parse(new TextDecoder().decode(body));
  return encodeMessage(version, {
    joinRef,
    ref: null,
    topic,
    event: "broadcast",
    payload: { type: "broadcast", event, payload, meta },
  });
}
