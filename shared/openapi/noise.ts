// What clients, caches and trackers add to requests: no part of the API that is called.

const HEADERS = new Set([
  "accept",
  "accept-charset",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "cookie",
  "date",
  "device-memory",
  "dnt",
  "downlink",
  "dpr",
  "early-data",
  "ect",
  "expect",
  "forwarded",
  "host",
  "http2-settings",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "keep-alive",
  "max-forwards",
  "origin",
  "pragma",
  "priority",
  "purpose",
  "range",
  "referer",
  "rtt",
  "save-data",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "upgrade-insecure-requests",
  "user-agent",
  "via",
  "viewport-width",
  "x-client-data",
  "x-real-ip",
  "x-requested-with",
]);
const HEADER_FAMILIES =
  /^(?::|sec-|proxy-|access-control-|cf-|cdn-|x-forwarded-|x-b3-|x-datadog-|x-amzn-trace|x-cloud-trace|traceparent|tracestate|baggage|sentry-|newrelic)/;
/** RFC 9110 section 5.6.2: a token; what is none was never a header. */
const HEADER = /^[!#$%&'*+.^_`|~0-9a-z-]{1,100}$/;

/** Whether a request header (in lower case) says nothing of the API. */
export function isNoiseHeader(name: string): boolean {
  return HEADERS.has(name) || HEADER_FAMILIES.test(name) || !HEADER.test(name);
}

const QUERY =
  /^(?:_|_t|_ts|_dc|cb|cachebust(?:er)?|nocache|rnd|rand|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|igshid|mc_[ce]id|utm_\w+|_g[al]|_hs\w+)$/i;

export function isNoiseQuery(name: string): boolean {
  return name === "" || name.length > 100 || QUERY.test(name);
}
