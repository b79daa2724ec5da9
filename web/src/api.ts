import { type BusymateClient, createBusymateClient } from "busymate-client";
import { connection } from "./connection.ts";
import { accessToken } from "./session.ts";

let client: Promise<BusymateClient> | undefined;

/** Busymate as the person who is signed in. */
export function busymate(): Promise<BusymateClient> {
  return client ??= connection().then((found) => createBusymateClient({ ...found, accessToken }));
}

/** Its tables and RPCs. */
export async function rest(): Promise<BusymateClient["supabase"]> {
  return (await busymate()).supabase;
}

/** The rows, or the database's complaint thrown. */
export function rows<T>(answer: { data: T; error: null } | { error: { message: string } }): T {
  if (answer.error) throw new Error(answer.error.message);
  return (answer as { data: T }).data;
}
