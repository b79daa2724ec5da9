// A person at the browser, for clients that bring their own OAuth: signed in, approving what they ask.

import type { OAuthTokens } from "@modelcontextprotocol/client";
import type { StackInfo } from "../../scripts/stack-info.ts";

export const CALLBACK = "http://127.0.0.1:53682/callback";

/** Opens an authorization URL and approves; answers where the browser ends up. */
export type Approve = (authorizationUrl: URL) => Promise<URL>;

/** Signs a demo account of the stack in. */
export async function consenting(info: StackInfo, role: string): Promise<Approve> {
  const { email, password } = info.users.find((user) => user.role === role)!;
  const response = await fetch(`${info.url}/auth/v1/token?grant_type=password`, {
    method: "POST",
    headers: { apikey: info.publishable_key, "Content-Type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  const { access_token } = await response.json() as { access_token: string };
  return async (authorizationUrl) => {
    const opened = await fetch(authorizationUrl, { redirect: "manual" });
    const rid = new URL(opened.headers.get("location")!).searchParams.get("rid");
    const decided = await fetch(`${info.issuer}/authorize/resume`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ rid, access_token, approve: true }),
    });
    const { redirect } = await decided.json() as { redirect: string };
    return new URL(redirect);
  };
}

/** What both generations of the MCP SDK ask of whoever embeds them, kept in memory. */
export function memory() {
  const kept: Record<string, unknown> = {};
  const provider = {
    redirectUrl: CALLBACK,
    clientMetadata: {
      client_name: "SDK",
      redirect_uris: [CALLBACK],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
    state: () => "st123",
    clientInformation: () => kept["client"] as never,
    saveClientInformation: (client: unknown) => void (kept["client"] = client),
    tokens: () => kept["tokens"] as never,
    saveTokens: (tokens: unknown) => void (kept["tokens"] = tokens),
    codeVerifier: () => kept["verifier"] as string,
    saveCodeVerifier: (verifier: string) => void (kept["verifier"] = verifier),
    redirectToAuthorization: (url: URL) => void (kept["url"] = url),
    discoveryState: () => kept["discovery"] as never,
    saveDiscoveryState: (state: unknown) => void (kept["discovery"] = state),
  };
  return {
    provider,
    tokens: () => kept["tokens"] as Required<OAuthTokens>,
    url: () => kept["url"] as URL,
  };
}
