/** A token bucket's state after a request was charged to it. */
export interface BucketState {
  limit: number;
  remaining: number;
  reset_seconds: number;
}

/** The three fields of draft-ietf-httpapi-ratelimit-headers up to -07: what clients in the field read. */
export function rateLimitHeaders(state: BucketState): Record<string, string> {
  return {
    "RateLimit-Limit": String(state.limit),
    "RateLimit-Remaining": String(state.remaining),
    "RateLimit-Reset": String(state.reset_seconds),
  };
}
