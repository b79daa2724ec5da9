import { OAuthError } from "./errors.ts";
import { address, optional, type Read, readMembers, seconds, text, texts } from "./shape.ts";

const METADATA = {
  issuer: text,
  authorization_endpoint: address,
  token_endpoint: address,
  registration_endpoint: address,
  revocation_endpoint: address,
  code_challenge_methods_supported: texts,
};

/** Where the authorization server answers. */
export type AuthorizationServer = Read<typeof METADATA>;

const TIMEOUT_MS = 30_000;
const LOOPBACK = ["127.0.0.1", "[::1]", "localhost"];

/**
 * Reads the server's metadata, and refuses that of any other issuer (RFC 8414 section 3.3). The OpenID
 * location is below the issuer's own path, which a hosted project serves too.
 */
export async function discover(
  issuer: string,
  send: typeof fetch,
): Promise<AuthorizationServer> {
  const { protocol, hostname } = new URL(issuer);
  if (protocol !== "https:" && !LOOPBACK.includes(hostname)) {
    throw new OAuthError("invalid_issuer", `${issuer}: must be https unless it is this machine`);
  }
  const document = `${issuer}/.well-known/openid-configuration`;
  const server = await ask(send, document, METADATA, { method: "GET" });
  if (server.issuer !== issuer) {
    throw new OAuthError("invalid_issuer", `${document} speaks for ${server.issuer}`);
  }
  if (!server.code_challenge_methods_supported.includes("S256")) {
    throw new OAuthError("invalid_issuer", `${document} does not know S256`);
  }
  return server;
}

/** Registers a public client (RFC 7591); the same registration again is the same client. */
export async function register(
  { registration_endpoint }: AuthorizationServer,
  client: { name: string; uri?: string; redirectUri: string },
  send: typeof fetch,
): Promise<string> {
  const { client_id } = await ask(send, registration_endpoint, { client_id: text }, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      client_name: client.name,
      ...(client.uri !== undefined && { client_uri: client.uri }),
      redirect_uris: [client.redirectUri],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    }),
  });
  return client_id;
}

const TOKENS = {
  access_token: text,
  expires_in: seconds,
  scope: text,
  refresh_token: optional(text),
};

/** An answer of the token endpoint (RFC 6749 section 5.1). */
export type TokenAnswer = Read<typeof TOKENS>;

/** Asks for a token. */
export async function requestToken(
  { token_endpoint }: AuthorizationServer,
  fields: Record<string, string>,
  send: typeof fetch,
): Promise<TokenAnswer> {
  const body = new URLSearchParams(fields);
  return await ask(send, token_endpoint, TOKENS, { method: "POST", body });
}

/** Ends a token (RFC 7009); a refresh token takes its whole grant along. */
export async function revoke(
  { revocation_endpoint }: AuthorizationServer,
  fields: { token: string; client_id: string },
  send: typeof fetch,
): Promise<void> {
  const body = new URLSearchParams(fields);
  await ask(send, revocation_endpoint, {}, { method: "POST", body });
}

/** What an answer says, or the OAuthError it is. */
async function ask<Members extends Parameters<typeof readMembers>[1]>(
  send: typeof fetch,
  url: string,
  members: Members,
  init: RequestInit,
): Promise<Read<Members>> {
  const response = await send(url, {
    ...init,
    // Neither cookies nor redirects have a place here, and no answer is good for a second time.
    credentials: "omit",
    redirect: "error",
    cache: "no-store",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  // Revocation answers nothing, and a proxy in between a page of its own.
  const body: unknown = await response.json().catch(() => ({}));
  try {
    if (response.ok) return readMembers(body, members);
    const fault = readMembers(body, { error: text, error_description: optional(text) });
    throw new OAuthError(fault.error, fault.error_description);
  } catch (error) {
    if (error instanceof OAuthError) throw error;
    const { message } = error as TypeError;
    throw new OAuthError("invalid_answer", `${url} answered ${response.status}: ${message}`);
  }
}
