import { headerValue } from "../entries/exchange.ts";
import type { Message } from "../entries/exchange.ts";
import { isSecretName } from "../redaction/names.ts";
import { isNoiseHeader, isNoiseQuery } from "./noise.ts";

export type SecurityScheme =
  | { type: "http"; scheme: string }
  | { type: "apiKey"; in: "header" | "query" | "cookie"; name: string };

/** How a request authenticates itself: schemes by name, without any of its secrets. */
export function credentialsOf(
  request: Message,
  query: URLSearchParams,
): Map<string, SecurityScheme> {
  const found = new Map<string, SecurityScheme>();
  const authorization = headerValue(request, "authorization");
  if (authorization !== undefined) addAuthorization(authorization, found);
  for (const { name } of request.headers) {
    const lower = name.toLowerCase();
    if (lower !== "authorization" && isSecretName(lower) && !isNoiseHeader(lower)) {
      addKey("header", lower, found);
    }
  }
  for (const name of query.keys()) {
    if (isSecretName(name) && !isNoiseQuery(name)) addKey("query", name, found);
  }
  for (const { name, value } of request.headers) {
    if (name.toLowerCase() !== "cookie") continue;
    for (const cookie of value.split(";")) {
      const at = cookie.indexOf("=");
      const cookieName = cookie.slice(0, at).trim();
      if (at > 0 && isSecretName(cookieName)) addKey("cookie", cookieName, found);
    }
  }
  return found;
}

function addAuthorization(value: string, found: Map<string, SecurityScheme>): void {
  const scheme = /^(?:bearer|basic|digest|negotiate|hoba|dpop)(?=\s)/i.exec(value)?.[0]
    .toLowerCase();
  if (scheme) found.set(`${scheme}Auth`, { type: "http", scheme });
  else addKey("header", "authorization", found);
}

function addKey(
  where: "header" | "query" | "cookie",
  name: string,
  found: Map<string, SecurityScheme>,
): void {
  if (name.length > 100) return;
  // Component names have a small alphabet (OpenAPI 3.1 section 4.8.7).
  const spelled = name.replace(
    /[^A-Za-z0-9_-]/g,
    (char) => `.${char.codePointAt(0)!.toString(16)}`,
  );
  found.set(`${where}.${spelled}`, { type: "apiKey", in: where, name });
}
