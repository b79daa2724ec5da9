// A session of a shop's app as a browser exports it: hundreds of requests, one login that works and,
// after the device's clock was set back, one that does not.

const START = Date.parse("2026-11-24T09:00:00Z");
const HOST = "https://shop.example.com";
const NOISE = 300;
const HTML = "<p>Filler of a page that nobody has to read to find the cause.</p>".repeat(400);

interface Exchange {
  method: string;
  url: string;
  status: number;
  requestHeaders?: Record<string, string>;
  requestBody?: unknown;
  type: string;
  body: string;
}

const login = (clientTime: string, status: number, body: unknown): Exchange => ({
  method: "POST",
  url: `${HOST}/api/v2/login`,
  status,
  requestHeaders: {
    "content-type": "application/json",
    "x-client-time": clientTime,
    "x-app-version": "5.2.1",
  },
  requestBody: { user: "ada@example.com", nonce: "8f14e45f" },
  type: "application/json",
  body: JSON.stringify(body),
});

const noise = (index: number): Exchange => ({
  method: "GET",
  url: index % 3 === 0
    ? `${HOST}/products/${index}?ref=home`
    : index % 3 === 1
    ? `https://cdn.example.net/assets/chunk-${index}.js`
    : `https://metrics.example.org/collect?event=view&n=${index}`,
  // Failures that have nothing to do with the login.
  status: index % 29 === 0 ? 404 : index % 31 === 0 ? 503 : 200,
  type: "text/html",
  body: HTML,
});

/** The capture as a HAR 1.2 document. */
export function loginCapture() {
  const exchanges: Exchange[] = Array.from({ length: NOISE }, (_, index) => noise(index));
  exchanges.splice(
    40,
    0,
    login("2026-11-24T09:00:40Z", 200, { user: { id: 7, name: "Ada" }, expires_in: 900 }),
  );
  exchanges.splice(
    250,
    0,
    login("2026-11-24T08:59:10Z", 401, {
      error: "clock_skew",
      detail: "x-client-time is 301 s behind",
      help: `${HOST}/help/clock`,
    }),
  );
  return {
    log: {
      version: "1.2",
      creator: { name: "capture", version: "1" },
      entries: exchanges.map((exchange, index) => harEntry(exchange, START + index * 1_000)),
    },
  };
}

const headersOf = (headers: Record<string, string>) =>
  Object.entries(headers).map(([name, value]) => ({ name, value }));

function harEntry(exchange: Exchange, at: number) {
  const { method, url, status, requestHeaders = {}, requestBody, type, body } = exchange;
  return {
    startedDateTime: new Date(at).toISOString(),
    time: 40,
    request: {
      method,
      url,
      httpVersion: "h2",
      headers: headersOf({ accept: "*/*", ...requestHeaders }),
      queryString: [],
      cookies: [],
      headersSize: -1,
      bodySize: -1,
      ...(requestBody !== undefined && {
        postData: { mimeType: "application/json", text: JSON.stringify(requestBody) },
      }),
    },
    response: {
      status,
      statusText: "",
      httpVersion: "h2",
      headers: headersOf({ "content-type": type }),
      cookies: [],
      content: { size: body.length, mimeType: type, text: body },
      redirectURL: "",
      headersSize: -1,
      bodySize: body.length,
    },
    cache: {},
    timings: { send: 0, wait: 40, receive: 0 },
  };
}
