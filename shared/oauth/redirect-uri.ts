/** Loopback as RFC 8252 section 7.3 means it, with `localhost`, which clients use in practice. */
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::\d{1,5})?([/?].*)?$/;
/** A private-use scheme is a domain name backwards (RFC 8252 section 7.1), or one of these. */
const REVERSE_DOMAIN = /^[a-z][a-z\d+-]*(?:\.[a-z\d+-]+)+:/;
/** Editors in the field whose schemes are older than the rule. */
const KNOWN_APP = /^(?:cursor|vscode|vscode-insiders|windsurf):\/\//;
/** Printable, and nothing that one parser reads otherwise than the next. */
const PLAIN = /^[^\s\\"<>^`{}|*\p{Cc}\p{Cf}]+$/u;

export const REDIRECT_URI_LIMIT = 2_000;

/** Why a URI cannot be registered to receive answers; undefined when it can. */
export function redirectUriFault(uri: string): string | undefined {
  if (!URL.canParse(uri)) return "is not an absolute URI";
  if (!PLAIN.test(uri)) return "holds a character that no redirect URI may hold (no wildcards)";
  if (uri.includes("#")) return "must not have a fragment";
  const { protocol, username, password, host } = new URL(uri);
  if (username !== "" || password !== "") return "must not hold a user name or password";
  if (protocol === "https:") return host === "" ? "names no host" : undefined;
  if (protocol === "http:") {
    return LOOPBACK.test(uri) ? undefined : "must be https unless it is on loopback";
  }
  if (REVERSE_DOMAIN.test(uri) || KNOWN_APP.test(uri)) return undefined;
  return "must be https, http on loopback, or a private scheme like com.example.app:";
}

/**
 * Whether a request's URI is the registered one: byte for byte, except for the port on loopback, which
 * a native app learns only when it starts to listen.
 */
export function matchesRedirectUri(registered: string, requested: string): boolean {
  if (registered === requested) return true;
  const known = LOOPBACK.exec(registered);
  const asked = LOOPBACK.exec(requested);
  if (!known || !asked || !URL.canParse(requested)) return false;
  return known[1] === asked[1] && known[2] === asked[2];
}

/** Where an answer goes, for a person to judge: the host, or the scheme of an app. */
export function redirectHost(uri: string): string {
  const { protocol, host } = new URL(uri);
  return protocol === "https:" || protocol === "http:" ? host : protocol;
}

export function isLoopback(uri: string): boolean {
  return LOOPBACK.test(uri);
}

/** The URI with an answer's parameters; the rest of it stays as registered, to the byte. */
export function answerUri(uri: string, parameters: Record<string, string | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) query.set(name, value);
  }
  return `${uri}${uri.includes("?") ? "&" : "?"}${query}`;
}
