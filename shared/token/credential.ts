/** What a request presents, before anything is believed of it. */
export type Presented =
  | { kind: "none" }
  | { kind: "token"; token: string }
  | { kind: "malformed" };

const BEARER = /^Bearer +([\w.~+/-]+=*)$/i;
const JWT_SHAPED = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * The token of a request: `Authorization: Bearer`, or `apikey` when that carries a JWT (a publishable
 * key is no credential). Authorization always wins: a bad one is never mended by a good apikey.
 */
export function presentedToken(headers: Headers): Presented {
  const authorization = headers.get("authorization");
  if (authorization !== null) {
    const token = BEARER.exec(authorization.trim())?.[1];
    return token ? { kind: "token", token } : { kind: "malformed" };
  }
  const apikey = headers.get("apikey")?.trim();
  return apikey && JWT_SHAPED.test(apikey) ? { kind: "token", token: apikey } : { kind: "none" };
}
