import { PostgrestClient } from "@supabase/postgrest-js";
import type { Database } from "../../shared/db/database.types.ts";
import { connection } from "./connection.ts";
import { accessToken, forgetAccessToken } from "./session.ts";

/** PostgREST as the person who is signed in. */
export async function rest(): Promise<PostgrestClient<Database>> {
  const { url } = await connection();
  return new PostgrestClient<Database>(`${url}/rest/v1`, { fetch: authorizedFetch });
}

/** Calls an edge function; throws what it complains about. Answers null where there is no body. */
export async function callFunction<T>(
  path: string,
  init: { method: string; body?: object },
): Promise<T> {
  const { url } = await connection();
  const response = await authorizedFetch(`${url}/functions/v1/${path}`, {
    method: init.method,
    ...(init.body && {
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(init.body),
    }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(complaintIn(text) ?? `The server answered ${response.status}.`);
  return text === "" ? null as T : JSON.parse(text) as T;
}

/** The rows, or the database's complaint thrown. */
export function rows<T>(answer: { data: T; error: null } | { error: { message: string } }): T {
  if (answer.error) throw new Error(answer.error.message);
  return (answer as { data: T }).data;
}

/** A token that was revoked in the meantime is exchanged anew once. */
const authorizedFetch: typeof fetch = async (input, init) => {
  const { publishableKey } = await connection();
  const attempt = async () => {
    const headers = new Headers(init?.headers);
    headers.set("apikey", publishableKey);
    headers.set("Authorization", `Bearer ${await accessToken()}`);
    return await fetch(input, { ...init, headers });
  };
  const response = await attempt();
  if (response.status !== 401) return response;
  forgetAccessToken();
  return await attempt();
};

/** The message in an error envelope. */
function complaintIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: { message?: string } }).error?.message;
  } catch {
    return undefined; // A proxy in between answered with a page of its own.
  }
}
