// Captured exchanges as capture clients send them: 1.2 kB each, the median of ordinary API traffic.

/** An element of the ingest function's `entries`. */
export interface Exchange {
  readonly request_id: string;
  readonly ts: string;
  readonly source: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

const HOSTS = ["api.example.com", "cdn.example.net", "auth.example.org", "telemetry.example.io"];
const RESOURCES = ["orders", "users", "carts", "sessions", "events", "products", "invoices"];
const STATUSES = [200, 200, 200, 200, 200, 201, 204, 304, 404, 500];
const AGENT = "Shop/4.12.0 (iPhone15,3; iOS 18.1; Scale/3.00) CFNetwork/1568.200.51 Darwin/24.1.0";

let made = 0;

/** New exchanges, a millisecond apart and ending now, different from all made before in this run. */
export function makeExchanges(count: number): Exchange[] {
  const newest = Date.now();
  return Array.from({ length: count }, (_, i) => makeExchange(made++, newest - count + 1 + i));
}

function makeExchange(serial: number, ms: number): Exchange {
  const host = HOSTS[serial % HOSTS.length]!;
  const path = `/v2/${RESOURCES[serial % RESOURCES.length]}/${100_000 + serial}`;
  const items = [0, 1, 2].map((n) => ({
    id: serial * 3 + n,
    name: `Item ${serial * 3 + n}`,
    price: ((serial * 37 + n * 11) % 10_000) / 100,
    tags: ["new", "sale"],
  }));
  const body = JSON.stringify({ items, next: `/v2/next/${serial + 1}`, total: 3 });
  return {
    request_id: `bench-${serial}-${(serial * 2_654_435_761 % 4_294_967_296).toString(16)}`,
    ts: new Date(ms).toISOString(),
    source: "vpn",
    payload: {
      method: serial % 5 === 0 ? "POST" : "GET",
      url: `https://${host}${path}?page=${serial % 9}&size=50`,
      statusCode: STATUSES[serial % STATUSES.length],
      duration: 12 + serial % 400,
      requestSize: 96,
      responseSize: body.length,
      isSecure: true,
      requestHeaders: {
        accept: "application/json",
        "accept-encoding": "gzip, deflate, br",
        "accept-language": "en-US,en;q=0.9",
        "user-agent": AGENT,
        "x-request-id": (serial * 40_503 % 4_294_967_296).toString(16).padStart(32, "0"),
      },
      responseHeaders: {
        "content-type": "application/json; charset=utf-8",
        "cache-control": "private, max-age=60",
        etag: `W/"${(serial * 69_069 % 4_294_967_296).toString(16)}"`,
        "strict-transport-security": "max-age=31536000",
        vary: "accept-encoding",
      },
      ...(serial % 5 === 0 ? { requestBody: JSON.stringify({ sku: serial, quantity: 2 }) } : {}),
      responseBody: body,
    },
  };
}

/** Splits into batches as large as one request may have. */
export function batchesOf<T>(items: readonly T[], size = 500): T[][] {
  const batches: T[][] = [];
  for (let i = 0; i < items.length; i += size) batches.push(items.slice(i, i + size));
  return batches;
}
