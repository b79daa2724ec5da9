// A demo account as the programs here use it: a client that keeps its token fresh.

import { type BusymateClient, createBusymateClient } from "busymate-client";
import WebSocket from "ws";
import { accessTokenFor } from "./access-token.ts";
import { Complaint } from "./complaint.ts";
import type { StackInfo } from "./stack-info.ts";

export interface Person {
  email: string;
  workspaceId: string;
  /** A token that is good for at least another minute, and another than one that was refused. */
  token(refused?: string): Promise<string>;
  readonly client: BusymateClient;
}

const SPARE_MS = 60_000;

interface Current {
  token: Promise<string>;
  /** The same, once it has come. */
  text?: string;
  until: number;
}

/** Signs in lazily: the first request that needs a token gets it. */
export function person(stack: StackInfo, email: string): Person {
  const account = stack.users.find((user) => user.email === email.toLowerCase());
  if (!account) {
    const known = stack.users.map((user) => user.email).join(", ");
    throw new Complaint(`There is no demo account "${email}". There are: ${known}`);
  }
  let current: Current | undefined;
  const renew = () => {
    const renewal: Current = { token: Promise.resolve(""), until: Infinity };
    renewal.token = accessTokenFor(stack, email).then(({ access_token, expires_in }) => {
      renewal.until = Date.now() + expires_in * 1000 - SPARE_MS;
      return renewal.text = access_token;
    });
    // A failure is the caller's to see, and the next caller's to try again.
    renewal.token.catch(() => current = undefined);
    return renewal;
  };
  const token = (refused?: string) => {
    if (!current || Date.now() >= current.until || (refused && refused === current.text)) {
      current = renew();
    }
    return current.token;
  };
  let client: BusymateClient | undefined;
  return {
    email: account.email,
    workspaceId: account.workspace_id,
    token,
    get client() {
      // Made when it is needed: it asks for the token at once.
      client ??= createBusymateClient({
        url: stack.url,
        publishableKey: stack.publishable_key,
        accessToken: token,
        // Node 20 has none of its own.
        webSocket: WebSocket,
      });
      return client;
    },
  };
}
