/** Where people go who were going nowhere else. */
export const HOME = "/devices";

/**
 * Where to go after signing in: what `next` names if it is a page of this site, else home. A whole
 * address, since a path alone may name another host: "/.//host" is normalised to "//host".
 */
export function nextPage(next: string | null): string {
  const home = new URL(HOME, location.origin).href;
  if (!next?.startsWith("/") || !URL.canParse(next, location.origin)) return home;
  const url = new URL(next, location.origin);
  const leadsAway = url.origin !== location.origin || url.pathname.startsWith("//") ||
    url.pathname === "/login";
  return leadsAway ? home : url.href;
}

/** The sign-in page that comes back to the page one is on. */
export function signInPage(): string {
  const here = location.pathname + location.search + location.hash;
  return `/login?next=${encodeURIComponent(here)}`;
}

/** Leaves the page; the promise never settles, so that nothing after it runs. */
export function leaveFor(url: string): Promise<never> {
  location.assign(url);
  return new Promise(() => {});
}
