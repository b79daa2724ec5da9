/** Where the API is and the key that opens its gate. Nothing in it is secret. */
export interface Connection {
  url: string;
  publishableKey: string;
  issuer: string;
}

let found: Promise<Connection> | undefined;

/** As the build was told, or else as the server that the page came from says. */
export function connection(): Promise<Connection> {
  return found ??= findConnection();
}

async function findConnection(): Promise<Connection> {
  const { VITE_SUPABASE_URL: url, VITE_PUBLISHABLE_KEY: publishableKey } = import.meta.env;
  if (url && publishableKey) {
    const issuer = import.meta.env.VITE_ISSUER || `${url}/functions/v1/mcp`;
    return { url, publishableKey, issuer };
  }
  const response = await fetch("/functions/v1/api/connection");
  if (!response.ok) {
    throw new Error(`The server does not say how to reach it (${response.status}).`);
  }
  const { publishable_key, issuer } = await response.json() as Answer;
  // The page's own origin, whatever name the server knows itself by: the policy allows no other, and
  // 127.0.0.1 and localhost are two.
  const origin = location.origin;
  return {
    url: origin,
    publishableKey: publishable_key,
    issuer: origin + new URL(issuer).pathname,
  };
}

interface Answer {
  publishable_key: string;
  issuer: string;
}
