import type { Connection } from "./connection.ts";
import type { Session } from "./session.ts";

/** What an app asks for, as the authorization server describes it. All names are the app's own. */
export interface Consent {
  client: {
    id: string;
    name: string;
    /** Of an app that is identified by a document: where that document is. */
    host?: string;
    redirect_host: string;
    loopback: boolean;
  };
  scopes: { name: string; description: string; requested: boolean }[];
  resource: string;
  expires_at: string;
}

/** The request is unknown, expired or answered already: the server does not tell which. */
export class ExpiredRequest extends Error {}

/** The session ended elsewhere, for instance by signing out everywhere. */
export class EndedSession extends Error {}

/** With a session the answer offers only what that person can use. */
export async function readConsent(
  { issuer }: Connection,
  rid: string,
  session: Session | null,
): Promise<Consent> {
  if (rid === "") throw new ExpiredRequest();
  return await ask(`${issuer}/consent/${encodeURIComponent(rid)}`, {
    ...(session && { headers: { Authorization: `Bearer ${session.access_token}` } }),
  });
}

/** Answers where the browser goes from here. */
export async function decide(
  { issuer }: Connection,
  decision: { rid: string; access_token: string; approve: boolean; scopes?: string[] },
): Promise<string> {
  const { redirect } = await ask<{ redirect: string }>(`${issuer}/authorize/resume`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(decision),
  });
  const { protocol } = new URL(redirect);
  // The server registers none of these; were one to slip through, it would run here.
  if (["javascript:", "data:", "blob:", "vbscript:", "file:"].includes(protocol)) {
    throw new Error(`The app wants to be answered at ${protocol}, which is not allowed.`);
  }
  return redirect;
}

async function ask<T>(url: string, init: RequestInit): Promise<T> {
  const response = await fetch(url, init);
  if (response.ok) return await response.json() as T;
  if (response.status === 404) throw new ExpiredRequest();
  if (response.status === 401) throw new EndedSession();
  const { error_description } = await response.json().catch(() => ({})) as {
    error_description?: string;
  };
  throw new Error(error_description ?? `The server answered ${response.status}.`);
}
