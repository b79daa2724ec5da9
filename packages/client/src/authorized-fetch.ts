/**
 * Answers an access token that is still good for a while. Given one that was refused before its time,
 * it answers another, or rejects when there is none to be had.
 */
export type TokenSource = (refused?: string) => Promise<string>;

export interface Credentials {
  publishableKey: string;
  accessToken: TokenSource;
  /** Instead of the global one. */
  fetch?: typeof fetch | undefined;
}

/** fetch as the person: a token that was revoked in the meantime is replaced once. */
export function authorizedFetch(
  { publishableKey, accessToken, ...own }: Credentials,
): typeof fetch {
  return async (input, init = {}) => {
    // Looked up at the call: a page may have put another in its place.
    const send = own.fetch ?? globalThis.fetch;
    const attempt = (token: string) => {
      const headers = new Headers(init.headers);
      headers.set("apikey", publishableKey);
      headers.set("Authorization", `Bearer ${token}`);
      return send(input, { ...init, headers });
    };
    const token = await accessToken();
    const response = await attempt(token);
    // A stream has been read by now and cannot be sent again.
    if (response.status !== 401 || init.body instanceof ReadableStream) return response;
    const next = await accessToken(token);
    if (next === token) return response;
    await response.body?.cancel();
    return await attempt(next);
  };
}
