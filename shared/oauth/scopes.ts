import type { Scope } from "../token/claims.ts";

/** Every scope of the product, in the order in which scopes are always written. */
export const SCOPES: Record<Scope, string> = {
  "mcp:read": "See your devices, traffic and settings",
  "mcp:write": "Change them, and act on your devices",
  "admin": "Do what only administrators may",
  "secrets": "See captured headers and bodies with their secrets",
};
const ALL = Object.keys(SCOPES) as Scope[];

/**
 * What a client gets that names no scope, and what the challenge asks for: all a normal user needs,
 * because clients step up badly (one SDK loops while it holds a refresh token).
 */
export const BASELINE: readonly Scope[] = ["mcp:read", "mcp:write"];

/** Every client gets a refresh token anyway; some ask for it by name, as OpenID Connect does. */
export const OFFLINE_ACCESS = "offline_access";

/** The scopes a text names, in order and once each; undefined when it names one that there is not. */
export function parseScopes(text: string): Scope[] | undefined {
  const named = new Set(text.split(" ").filter((name) => name !== "" && name !== OFFLINE_ACCESS));
  if (named.delete("mcp")) { for (const scope of BASELINE) named.add(scope); }
  const scopes = ALL.filter((scope) => named.delete(scope));
  return named.size === 0 ? scopes : undefined;
}

/** The same where naming none means the baseline. */
export function requestedScopes(text: string | undefined): Scope[] | undefined {
  const scopes = parseScopes(text ?? "");
  return scopes?.length === 0 ? [...BASELINE] : scopes;
}

/** The scopes that a person of this standing can use at all; the others are not offered. */
export function usableScopes(
  scopes: readonly Scope[],
  person: { isAdmin: boolean; seesSecrets: boolean },
): Scope[] {
  return scopes.filter((scope) =>
    scope === "admin" ? person.isAdmin : scope === "secrets" ? person.seesSecrets : true
  );
}

export function formatScopes(scopes: readonly Scope[]): string {
  return scopes.join(" ");
}
