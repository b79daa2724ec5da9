import type { OAuthClient, OAuthStore } from "../db/oauth.ts";
import { AppError } from "../http/errors.ts";
import { CLIENT_ID_LIMIT } from "./clients.ts";
import type { Parameters } from "./form.ts";
import { hashSecret } from "./secrets.ts";

type Method = OAuthClient["auth_method"];

interface Presented {
  clientId: string;
  method: Method;
  secret: string | undefined;
}

/**
 * The client behind a request, authenticated in exactly the way it registered (RFC 6749 section 2.3).
 * Unknown, wrong secret and wrong method are one answer.
 */
export async function authenticateClient(
  request: Request,
  form: Parameters,
  store: OAuthStore,
): Promise<OAuthClient> {
  const presented = presentedClient(request.headers, form);
  if (presented.clientId.length > CLIENT_ID_LIMIT) throw invalidClient(presented.method);
  const [client, hash] = await Promise.all([
    store.client(presented.clientId, request.signal),
    // Hashed for nothing when there is no such client, so that the time taken tells nobody.
    hashSecret(presented.secret ?? ""),
  ]);
  // Comparing hashes of random secrets leaks nothing that helps to guess one.
  const proven = client?.auth_method === presented.method &&
    (client.auth_method === "none" || client.secret_hash === hash);
  if (!client || !proven) throw invalidClient(presented.method);
  return client;
}

/** The same for endpoints that no public client may ask. */
export async function authenticateConfidential(
  request: Request,
  form: Parameters,
  store: OAuthStore,
): Promise<OAuthClient> {
  const client = await authenticateClient(request, form, store);
  if (client.auth_method === "none") throw invalidClient("none");
  return client;
}

function presentedClient(headers: Headers, form: Parameters): Presented {
  const basic = /^Basic +(.*)$/i.exec(headers.get("authorization")?.trim() ?? "");
  const clientId = form.get("client_id");
  const secret = form.get("client_secret");
  if (!basic) {
    if (clientId === undefined) throw new AppError("invalid_request", "client_id: is missing.");
    return { clientId, secret, method: secret === undefined ? "none" : "client_secret_post" };
  }
  const [user, password] = credentialsOf(basic[1]!);
  if (secret !== undefined || (clientId !== undefined && clientId !== user)) {
    throw new AppError(
      "invalid_request",
      "Authorization: is one way to authenticate; use one only.",
    );
  }
  return { clientId: user, secret: password, method: "client_secret_basic" };
}

/** Both parts are form-encoded before they are joined (RFC 6749 section 2.3.1). */
function credentialsOf(encoded: string): [string, string] {
  try {
    const [, user, password] = /^([^:]*):(.*)$/s.exec(atob(encoded))!;
    return [formDecoded(user!), formDecoded(password!)];
  } catch {
    throw invalidClient("client_secret_basic");
  }
}

function formDecoded(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}

function invalidClient(method: Method): AppError {
  return new AppError(
    "invalid_client",
    "The client is unknown or did not authenticate the way it registered.",
    // RFC 6749 section 5.2: the challenge answers a client that came with this scheme.
    method === "client_secret_basic"
      ? { headers: { "WWW-Authenticate": 'Basic realm="Busymate"' } }
      : {},
  );
}
