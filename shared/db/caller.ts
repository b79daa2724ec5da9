import { PostgrestClient } from "@supabase/postgrest-js";
import type { Database } from "./database.types.ts";

export interface CallerOptions {
  url: string;
  publishableKey: string;
  /** The caller's own token: row-level security decides, the function adds no rights. */
  token: string;
  fetch: typeof fetch;
}

/** PostgREST as the caller. */
export function createCaller({ url, publishableKey, token, fetch }: CallerOptions) {
  return new PostgrestClient<Database>(`${url}/rest/v1`, {
    headers: { apikey: publishableKey, Authorization: `Bearer ${token}` },
    schema: "public",
    fetch,
  });
}
