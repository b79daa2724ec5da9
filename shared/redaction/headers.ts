import { addressIn, isAddress, type Parts, splitAt } from "./addresses.ts";
import { labelOf } from "./placeholders.ts";
import { schemeLabel } from "./scan.ts";
import { isKeyLike } from "./values.ts";

const AUTHORIZATION = /^(?:proxy-)?authorization$/i;
/** Between cookies that were joined; the comma of a date is none. */
const SEVERAL_COOKIES = /(\n|,\s*(?=[^;=,\s]+=))/;

/** A header's value: cookies, credentials and addresses each by their grammar. */
export function headerIn(name: string, value: string, parts: Parts): string {
  const lower = name.toLowerCase();
  if (lower === "cookie") return value.split(";").map((one) => cookie(one, parts)).join(";");
  if (lower === "set-cookie" || lower === "set-cookie2") {
    return value.split(SEVERAL_COOKIES).map((one, at) => at % 2 === 1 ? one : setCookie(one, parts))
      .join("");
  }
  if (lower === "sec-websocket-protocol") {
    // Where browsers have to put a token, for want of a header.
    return value.split(/(,\s*)/).map((one) =>
      isKeyLike(one.trim()) ? parts.secret("access_token", one) : parts.text(one)
    ).join("");
  }
  if (AUTHORIZATION.test(lower)) {
    const scheme = /^\s*([A-Za-z][\w-]*)\s+(?=\S)/.exec(value);
    if (!scheme) return parts.secret("authorization", value);
    const rest = value.slice(scheme[0].length);
    return scheme[0] + parts.secret(schemeLabel(scheme[1]!), rest);
  }
  if (parts.isSecret(name)) return parts.secret(labelOf(name), value);
  return isAddress(value) ? addressIn(value, parts) : parts.text(value);
}

/** What follows the first semicolon are attributes. */
function setCookie(text: string, parts: Parts): string {
  const [pair, ...attributes] = text.split(";");
  return [cookie(pair!, parts), ...attributes].join(";");
}

function cookie(pair: string, parts: Parts): string {
  const [name, value] = splitAt(pair, "=");
  // Without a name, or the rest of a quoted one.
  if (value === null) return pair.trim() === "" ? pair : parts.secret("cookie", pair);
  if (value.trim() === "") return pair;
  return `${name}=${parts.secret(labelOf(name.trim()), value)}`;
}
