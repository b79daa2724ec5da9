import type { OAuthSession } from "./session.ts";

/** Leaves the page for the one where the person consents, and does not come back. */
export async function startSignIn(session: OAuthSession): Promise<never> {
  location.assign((await session.begin()).href);
  return await new Promise<never>(() => {});
}

/**
 * On the page of the redirect URI: takes the answer, and takes it out of the address before anybody
 * else can read it there. False where the page was not opened by an answer.
 */
export async function finishSignIn(session: OAuthSession): Promise<boolean> {
  const answer = new URL(location.href);
  const query = answer.searchParams;
  if (!query.has("state") || !(query.has("code") || query.has("error"))) return false;
  const plain = new URL(answer);
  for (const name of ["code", "state", "iss", "error", "error_description"]) {
    plain.searchParams.delete(name);
  }
  history.replaceState(history.state, "", plain);
  await session.complete(answer);
  return true;
}
