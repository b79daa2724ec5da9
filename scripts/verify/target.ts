// What is verified: an installation, reached as anybody reaches it.

import { z } from "zod";
import { Complaint } from "../complaint.ts";

export interface Target {
  /** Of the project, without a path. */
  readonly url: string;
  /** Unknown if the installation does not tell; see the check of its connection. */
  readonly publishableKey: string | undefined;
  readonly issuer: string;
  /** Somebody's access token; without one only what is open to everybody can be looked at. */
  readonly token: (() => Promise<string>) | undefined;
}

const Connection = z.looseObject({
  url: z.url(),
  publishable_key: z.string().startsWith("sb_publishable_"),
  issuer: z.url(),
});

const TIMEOUT_MS = 15_000;

/** A request of a verification: never cached, never waited for without end. */
export const ask = (url: string, init: RequestInit = {}): Promise<Response> =>
  fetch(url, { ...init, cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });

const connectionAt = (url: string) => `${url}/functions/v1/api/connection`;

/** What an installation tells of itself; throws what it answers instead. */
export async function connectionOf({ url }: Pick<Target, "url">) {
  const response = await ask(connectionAt(url));
  const connection = Connection.safeParse(await response.json().catch(() => undefined));
  if (!response.ok || !connection.success) {
    throw new Error(`api/connection answers ${response.status} and not with a connection`);
  }
  return connection.data;
}

/** An installation by its URL. Where its parts are it tells itself; one that does not can be looked at. */
export async function targetAt(given: string, token: Target["token"]): Promise<Target> {
  const url = given.replace(/\/+$/, "");
  await ask(connectionAt(url)).catch((error: Error) => {
    const { message, cause } = error;
    throw new Complaint(
      `${connectionAt(url)} does not answer: ${(cause as Error | undefined)?.message ?? message}`,
    );
  });
  try {
    const connection = await connectionOf({ url });
    return {
      url: connection.url,
      publishableKey: connection.publishable_key,
      issuer: connection.issuer,
      token,
    };
  } catch {
    return { url, publishableKey: undefined, issuer: `${url}/functions/v1/mcp`, token };
  }
}
