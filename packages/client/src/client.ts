import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { authorizedFetch, type TokenSource } from "./authorized-fetch.ts";
import type { Database } from "./database.ts";
import { type EntriesQuery, type Entry, listEntries } from "./entries.ts";
import { callFunction, type FunctionCall } from "./function.ts";

export interface ClientOptions {
  /** The project's: `https://<ref>.supabase.co`, or the gateway of an embedded stack. */
  url: string;
  publishableKey: string;
  /** `session.accessToken` of an OAuthSession, or any other way to the token. */
  accessToken: TokenSource;
  /** Instead of the global one. */
  fetch?: typeof fetch;
  /** Where there is none of the platform's own, as on Node before 22: that of the package ws. */
  webSocket?: unknown;
}

/** Everything a token opens, typed. The feed and the channels are functions that take it. */
export interface BusymateClient {
  /** supabase-js: tables, RPCs, Realtime. */
  readonly supabase: SupabaseClient<Database>;
  /** Entries newest first, as many as are taken. */
  entries(query?: EntriesQuery): AsyncGenerator<Entry, void>;
  /** Calls an edge function, such as `device-pair/codes`. Rejects with a BusymateError. */
  call<Answer>(path: string, call?: FunctionCall): Promise<Answer>;
  /** Leaves all channels and closes the connection. */
  close(): Promise<void>;
}

/** A client on a person's own token: the server decides what it may see and change. */
export function createBusymateClient(options: ClientOptions): BusymateClient {
  const { url, publishableKey, accessToken, webSocket } = options;
  const authorized = authorizedFetch(options);
  const supabase = createClient<Database>(url, publishableKey, {
    accessToken: () => accessToken(),
    global: { fetch: authorized },
    ...(webSocket !== undefined && {
      realtime: { transport: webSocket as typeof globalThis.WebSocket },
    }),
  });
  const functions = `${url.replace(/\/$/, "")}/functions/v1/`;
  return {
    supabase,
    entries: (query = {}) => listEntries(supabase, query),
    call: (path, call = {}) => callFunction(authorized, functions + path, call),
    async close() {
      await supabase.removeAllChannels();
      await supabase.realtime.disconnect();
    },
  };
}
