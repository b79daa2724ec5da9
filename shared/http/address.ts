const UNKNOWN_ADDRESS = "unknown";

/**
 * The caller's address as the nearest hop saw it: the last item of X-Forwarded-For, because every
 * item before it is whatever the client chose to send.
 */
export function clientAddress(headers: Headers): string {
  return headers.get("x-forwarded-for")?.split(",").at(-1)?.trim() || UNKNOWN_ADDRESS;
}
