import { isPlaceholder, labelOf } from "./placeholders.ts";
import { isKeyLike } from "./values.ts";

/** What of a redactor those need who know one form of text. */
export interface Parts {
  text(text: string): string;
  isSecret(name: string): boolean;
  secret(label: string, secret: string): string;
}

/** In a query or a form alone, and when the value reads like one: codes of OAuth, keys of an API. */
const WEAK_NAME = /^(?:code|key|apikey|k|t|auth|state|nonce|ticket|hash|hmac|h)$/i;
/** A hash, unless it numbers a placeholder. */
const FRAGMENT = /(?<!<[a-z][a-z0-9_]{0,47})#/;
/** Of addresses within addresses, as redirects have them; beyond, they are text. */
const DEPTH_LIMIT = 8;

/** A URL's path as text, its query and its fragment by their names. */
export function addressIn(url: string, parts: Parts, depth = 0): string {
  const hash = url.search(FRAGMENT);
  const beforeFragment = hash < 0 ? url : url.slice(0, hash);
  const fragment = hash < 0 ? null : url.slice(hash + 1);
  const [target, query] = splitAt(beforeFragment, "?");
  const path = parts.text(target);
  // Implicit grants carry their token in the fragment.
  return path + (query === null ? "" : `?${pairsIn(query, parts, depth)}`) +
    (fragment === null
      ? ""
      : `#${fragment.includes("=") ? pairsIn(fragment, parts, depth) : parts.text(fragment)}`);
}

/** `a=1&token=…`, as a query or a form has it. */
export function pairsIn(text: string, parts: Parts, depth = 0): string {
  const isGrant = /(?:^|&)grant_type=/.test(text);
  return text.split("&").map((pair) => {
    const [spelled, value] = splitAt(pair, "=");
    if (value === null || value === "") return parts.text(pair);
    const name = decoded(spelled);
    const plain = decoded(value);
    if (
      parts.isSecret(name) ||
      (WEAK_NAME.test(name) && (isKeyLike(plain) || (isGrant && name === "code")))
    ) {
      const shown = parts.secret(labelOf(name), plain);
      return shown === plain ? pair : `${spelled}=${shown}`;
    }
    const shown = isAddress(plain) && depth < DEPTH_LIMIT
      ? addressIn(plain, parts, depth + 1)
      : parts.text(plain);
    if (shown === plain) return pair;
    return `${spelled}=${isPlaceholder(shown) ? shown : encodeURIComponent(shown)}`;
  }).join("&");
}

function isUrl(value: string): boolean {
  return /^[a-z][a-z0-9+.-]{0,30}:\/\/\S+$/i.test(value);
}

/** Also one without a host, as of a redirect: `/callback?code=…`. */
export function isAddress(value: string): boolean {
  return isUrl(value) || /^(?:\.{0,2}\/|\?|#)[^\s"{}<>]*$/.test(value);
}

/** What is before and after a sign; null where it is not. */
export function splitAt(text: string, sign: string): [string, string | null] {
  const at = text.indexOf(sign);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}

/** As a form spells it; as it is where that cannot be. */
function decoded(text: string): string {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
