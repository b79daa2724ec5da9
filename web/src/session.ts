import { GoTrueClient, type Session } from "@supabase/supabase-js";
import { connection } from "./connection.ts";
import { leaveFor, signInPage } from "./navigation.ts";

export type { Session };

let client: Promise<GoTrueClient> | undefined;

/** Supabase Auth. Its session stays in this browser and is no credential for data. */
export function auth(): Promise<GoTrueClient> {
  return client ??= connection().then(({ url, publishableKey }) =>
    new GoTrueClient({
      url: `${url}/auth/v1`,
      headers: { apikey: publishableKey },
      storageKey: "busymate-session",
      // The link in a confirmation mail leads to the sign-in page and nowhere else. With PKCE it works
      // only in the browser that asked for it, so nobody can be signed in to a stranger's account.
      flowType: "pkce",
      detectSessionInUrl: location.pathname === "/login",
    })
  );
}

export async function currentSession(): Promise<Session | null> {
  const { data, error } = await (await auth()).getSession();
  if (error && error.name === "AuthRetryableFetchError") throw error;
  return data.session;
}

/** The session, or the sign-in page. */
export async function requireSession(): Promise<Session> {
  return await currentSession() ?? await leaveFor(signInPage());
}

/** Ends this browser's session, which ends the tokens it was exchanged for. */
export async function signOut(): Promise<void> {
  forgetAccessToken();
  await (await auth()).signOut({ scope: "local" });
}

/** Calls back when the session ends, also in another tab. */
export async function onSignedOut(then: () => void): Promise<void> {
  (await auth()).onAuthStateChange((event) => {
    if (event === "SIGNED_OUT") then();
  });
}

interface AccessToken {
  access_token: string;
  expires_at: number;
  user_id: string;
}

const ACCESS_TOKEN_KEY = "busymate-access-token";
/** Not used any more this close to its end. */
const MARGIN_MS = 60_000;

/**
 * The token for data: kept for the tab, so that not every page asks for one. One that was refused,
 * because it was revoked in the meantime, is exchanged anew.
 */
export async function accessToken(refused?: string): Promise<string> {
  const session = await requireSession();
  const kept = keptAccessToken();
  const usable = kept?.user_id === session.user.id && kept.access_token !== refused &&
    kept.expires_at - Date.now() > MARGIN_MS;
  return usable ? kept.access_token : await exchange(session);
}

/** The grant that this browser's token belongs to. */
export async function currentGrant(): Promise<string> {
  const payload = (await accessToken()).split(".")[1] ?? "";
  const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as {
    session_id: string;
  };
  return claims.session_id;
}

function forgetAccessToken(): void {
  sessionStorage.removeItem(ACCESS_TOKEN_KEY);
}

async function exchange(session: Session): Promise<string> {
  const { issuer, publishableKey } = await connection();
  const response = await fetch(`${issuer}/first-party-token`, {
    method: "POST",
    headers: { apikey: publishableKey, Authorization: `Bearer ${session.access_token}` },
  });
  if (response.status === 401) {
    // Signed out elsewhere, or the account is gone: this browser's session is worth nothing.
    await signOut();
    return await leaveFor(signInPage());
  }
  const answer = await response.json() as
    & { access_token: string; expires_in: number }
    & { error_description?: string };
  if (!response.ok) throw new Error(answer.error_description ?? `HTTP ${response.status}`);
  const kept: AccessToken = {
    access_token: answer.access_token,
    expires_at: Date.now() + answer.expires_in * 1000,
    user_id: session.user.id,
  };
  sessionStorage.setItem(ACCESS_TOKEN_KEY, JSON.stringify(kept));
  return kept.access_token;
}

function keptAccessToken(): AccessToken | null {
  const text = sessionStorage.getItem(ACCESS_TOKEN_KEY);
  return text === null ? null : JSON.parse(text) as AccessToken;
}
