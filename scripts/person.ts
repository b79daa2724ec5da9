// A demo account as the programs here use it: a Supabase client that keeps its token fresh.

import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import WebSocket from "ws";
import { accessTokenFor } from "./access-token.ts";
import { Complaint } from "./complaint.ts";
import type { StackInfo } from "./stack-info.ts";

export interface Person {
  email: string;
  workspaceId: string;
  /** A token that is good for at least another minute. */
  token(): Promise<string>;
  readonly client: SupabaseClient;
}

const SPARE_MS = 60_000;

/** Signs in lazily: the first request that needs a token gets it. */
export function person(stack: StackInfo, email: string): Person {
  const account = stack.users.find((user) => user.email === email.toLowerCase());
  if (!account) {
    const known = stack.users.map((user) => user.email).join(", ");
    throw new Complaint(`There is no demo account "${email}". There are: ${known}`);
  }
  let current: { token: Promise<string>; until: number } | undefined;
  const renew = () => {
    const renewal = { token: Promise.resolve(""), until: Infinity };
    renewal.token = accessTokenFor(stack, email).then(({ access_token, expires_in }) => {
      renewal.until = Date.now() + expires_in * 1000 - SPARE_MS;
      return access_token;
    });
    // A failure is the caller's to see, and the next caller's to try again.
    renewal.token.catch(() => current = undefined);
    return renewal;
  };
  const token = () => {
    if (!current || Date.now() >= current.until) current = renew();
    return current.token;
  };
  let client: SupabaseClient | undefined;
  return {
    email: account.email,
    workspaceId: account.workspace_id,
    token,
    get client() {
      // Made when it is needed: it asks for the token at once.
      client ??= createClient(stack.url, stack.publishable_key, {
        accessToken: token,
        // Node 20 has no WebSocket of its own.
        realtime: { transport: WebSocket as unknown as typeof globalThis.WebSocket },
      });
      return client;
    },
  };
}
