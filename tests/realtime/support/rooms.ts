import { randomUUID } from "node:crypto";
import { type Target, token } from "./target.ts";

/** A private channel and a person who may read it. */
export async function member(
  target: Target,
  { maySend = false, topic = `room:${randomUUID()}` } = {},
) {
  const id = randomUUID();
  await target.sql`insert into memberships values (${topic}, ${id}, ${maySend})`;
  // One token: a new one at every call would be a renewal each time the client asks.
  const lasting = await token(target, { sub: id });
  return { topic, id, accessToken: () => Promise.resolve(lasting) };
}

/** Sends from the database. */
export const send = (
  { sql }: Target,
  payload: Record<string, string | number>,
  event: string,
  topic: string,
  { isPrivate = true } = {},
) => sql`select realtime.send(${sql.json(payload)}, ${event}, ${topic}, ${isPrivate})`;
