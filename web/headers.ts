// What protects the pages, whoever serves them: the local gateway sends these headers, the build
// writes them for other hosts and repeats the policy inside each page.

/** Sources a page may use. `apiUrl` is given when the API has an origin of its own. */
function policy(apiUrl: string | undefined): string[] {
  const api = apiUrl ? [new URL(apiUrl).origin, new URL(apiUrl).origin.replace(/^http/, "ws")] : [];
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    // 'self' covers a WebSocket to the page's own origin too (CSP level 3).
    ["connect-src 'self'", ...api].join(" "),
    "base-uri 'none'",
    "form-action 'self'",
    "require-trusted-types-for 'script'",
  ];
}

/** For `<meta http-equiv>`, where browsers ignore frame-ancestors. */
export function metaPolicy(apiUrl?: string): string {
  return policy(apiUrl).join("; ");
}

/**
 * Headers of every page. Deliberately without Cross-Origin-Opener-Policy: apps open the consent page
 * in a popup and need their opener back at the end.
 */
export function pageHeaders(apiUrl?: string): Record<string, string> {
  return {
    "Content-Security-Policy": [...policy(apiUrl), "frame-ancestors 'none'"].join("; "),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
  };
}

/** Headers of what the build names after its content. */
export const ASSET_HEADERS: Record<string, string> = {
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "public, max-age=31536000, immutable",
};

/** Where the build puts such files. */
export const ASSETS = "/assets/";
