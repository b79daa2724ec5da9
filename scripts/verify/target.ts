// What is verified: an installation, reached as anybody reaches it.

import { z } from "zod";
import { Complaint } from "../complaint.ts";

export interface Target {
  /** Of the project, without a path. */
  readonly url: string;
  readonly publishableKey: string;
  readonly issuer: string;
  /** Somebody's access token; without one only what is open to everybody can be looked at. */
  readonly token: string | undefined;
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

/** An installation by its URL; where its parts are it tells itself. */
export async function targetAt(url: string, token: string | undefined): Promise<Target> {
  const address = `${url.replace(/\/+$/, "")}/functions/v1/api/connection`;
  let response: Response;
  try {
    response = await ask(address);
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Complaint(
      `${address} does not answer: ${(cause as Error | undefined)?.message ?? message}`,
    );
  }
  const connection = Connection.safeParse(await response.json().catch(() => undefined));
  if (!response.ok || !connection.success) {
    throw new Complaint(
      `${address} answers ${response.status} and not with a connection: is the function api ` +
        "deployed there? (npm run deploy)",
    );
  }
  const { publishable_key: publishableKey, issuer } = connection.data;
  return { url: connection.data.url, publishableKey, issuer, token };
}
