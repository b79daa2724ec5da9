/**
 * Whether a resource indicator (RFC 8707) names this server. Clients add a trailing slash, or the query
 * of the URL their user typed; both mean the same resource. A fragment is never allowed.
 */
export function namesResource(issuer: string, indicator: string): boolean {
  if (indicator.includes("#") || !URL.canParse(indicator)) return false;
  const { origin, pathname, username, password } = new URL(indicator);
  return username === "" && password === "" && `${origin}${pathname.replace(/\/$/, "")}` === issuer;
}
