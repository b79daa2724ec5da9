import { isSecretName, isSecretSegment } from "../redaction/names.ts";
import { looksSecret } from "../redaction/values.ts";
import type { Json } from "../entries/text.ts";

/** What stands in for the value of a secret name: `<api_key>` for `X-Api-Key`. */
export function placeholder(name: string): string {
  const words = name.toLowerCase().replace(/^x-/, "").replace(/[^a-z0-9]+/g, "_");
  return `<${words.replace(/^_+|_+$/g, "") || "secret"}>`;
}

/** A header's value with the secret in it replaced; how it authenticates stays readable. */
export function hideHeader(name: string, value: string): string {
  const lower = name.toLowerCase();
  if (lower === "cookie") return "<cookie>";
  if (lower === "authorization") {
    const scheme = /^([A-Za-z][\w-]*)\s+\S/.exec(value)?.[1];
    if (scheme === undefined) return "<authorization>";
    return `${scheme} ${scheme.toLowerCase() === "bearer" ? "<access_token>" : "<credentials>"}`;
  }
  if (isSecretName(name)) return placeholder(name);
  if (URL.canParse(value)) return hideUrl(value);
  return looksSecret(value) ? placeholder(name) : value;
}

/** A URL with its secret query values, and path segments that are secrets themselves, replaced. */
export function hideUrl(url: string): string {
  const [beforeFragment, fragment] = splitAt(url, "#");
  const [target, query] = splitAt(beforeFragment, "?");
  const origin = /^[a-z][a-z0-9+.-]*:\/\/[^/]*/i.exec(target)?.[0] ?? "";
  const path = target.slice(origin.length);
  const segments = path.split("/").map((segment, at, all) =>
    looksSecret(segment) || isSecretSegment(segment, all[at - 1] ?? "") ? "<token>" : segment
  );
  return [
    origin,
    segments.join("/"),
    ...(query === null ? [] : ["?", hidePairs(query)]),
    // Implicit grants carry their token there.
    ...(fragment === null ? [] : ["#", hidePairs(fragment)]),
  ].join("");
}

/** `a=1&token=…`, spelled as it was but for the secrets. */
export function hidePairs(text: string): string {
  return text.split("&").map((pair) => {
    const [spelled, value] = splitAt(pair, "=");
    if (value === null) return looksSecret(pair) ? "<secret>" : pair;
    const name = decoded(spelled);
    const secret = isSecretName(name) || looksSecret(decoded(value));
    return secret ? `${spelled}=${placeholder(name)}` : pair;
  }).join("&");
}

/** JSON with the values of secret names, and texts that are secrets themselves, replaced. */
export function hideJson(value: Json, name = "", secret = false): Json {
  if (Array.isArray(value)) return value.map((item) => hideJson(item, name, secret));
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value).map(([member, inner]) => {
        const hidden = isSecretName(member);
        return [member, hideJson(inner, hidden || !secret ? member : name, secret || hidden)];
      }),
    );
  }
  if (value === null || typeof value === "boolean") return value;
  return secret || looksSecret(String(value)) ? placeholder(name) : value;
}

function splitAt(text: string, sign: string): [string, string | null] {
  const at = text.indexOf(sign);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}

/** Percent-decoded; as it is where that cannot be. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
