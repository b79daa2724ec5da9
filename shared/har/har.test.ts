import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { BODY_LIMIT } from "../entries/body.ts";
import { readEntry } from "../entries/entry.ts";
import { type ExportedEntry, harChunks, toHarEntry } from "./export.ts";
import { HarError, importHar, type ImportItem, type IngestEntry } from "./import.ts";

const fixture = (name: string) =>
  readFileSync(new URL(`../../tests/fixtures/${name}`, import.meta.url), "utf8");

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function read(text: string): Promise<ImportItem[]> {
  return await collect(importHar(text));
}

async function entriesOf(text: string): Promise<IngestEntry[]> {
  return (await read(text)).flatMap((item) => "entry" in item ? [item.entry] : []);
}

/** What the store gives back: the payload as ingest normalises it. */
function stored(entry: IngestEntry): ExportedEntry {
  const read = readEntry(JSON.parse(JSON.stringify(entry)));
  if ("fault" in read) throw new Error(read.fault.message);
  return {
    id: entry.request_id,
    ts: entry.ts,
    method: null,
    url: null,
    status: null,
    duration_ms: null,
    redacted: false,
    payload: read.entry.payload,
  };
}

const har = (...entries: unknown[]) => JSON.stringify({ log: { version: "1.2", entries } });

const plain = (fields: object = {}) => ({
  startedDateTime: "2026-11-20T10:00:00Z",
  request: { method: "GET", url: "https://a.example/", headers: [] },
  response: { status: 200, headers: [], content: {} },
  ...fields,
});

describe("a HAR file", () => {
  it("comes out of the store as it went in, entry by entry", async () => {
    for (const name of ["browser.har", "version-1.1-bom.har"]) {
      const text = fixture(name);
      const exported = (await entriesOf(text)).map((entry) => toHarEntry(stored(entry)));
      expect(exported).toEqual(JSON.parse(text.replace(/^\uFEFF/, "")).log.entries);
    }
  });

  it("is read with a byte-order mark, in version 1.1, with the least an entry can have", async () => {
    const [entry] = await entriesOf(fixture("version-1.1-bom.har"));
    expect(entry).toMatchObject({
      ts: "2016-05-29T05:22:54.142000Z",
      source: "har",
      payload: { method: "GET", url: "http://old.example/", statusCode: 200, host: "old.example" },
    });
  });

  it("gives the same request ids every time, and different ones to twins", async () => {
    const text = fixture("browser.har");
    const ids = (await entriesOf(text)).map((entry) => entry.request_id);
    expect(new Set(ids).size).toBe(ids.length);
    expect((await entriesOf(text)).map((entry) => entry.request_id)).toEqual(ids);
    const reordered = JSON.parse(
      text,
      (_key, value) =>
        value && typeof value === "object" && !Array.isArray(value)
          ? Object.fromEntries(Object.entries(value).reverse())
          : value,
    );
    const again = await entriesOf(JSON.stringify(reordered));
    expect(again.map((entry) => entry.request_id)).toEqual(ids);
  });

  it("keeps microseconds and cuts what is finer", async () => {
    const [, , entry] = await entriesOf(fixture("browser.har"));
    expect(entry?.ts).toBe("2026-11-20T09:00:02.722147Z");
  });

  it("loses only its bad entries, and says which and why", async () => {
    const items = await read(fixture("partly-bad.har"));
    expect(items.filter((item) => "entry" in item).map((item) => item.index)).toEqual([0, 3, 6]);
    expect(items.filter((item) => "fault" in item)).toEqual([
      { index: 1, fault: "request.method is missing." },
      {
        index: 2,
        fault: 'startedDateTime must be a date and time (ISO 8601), found "yesterday".',
      },
      { index: 4, fault: expect.stringContaining("expected object, received string") },
      { index: 5, fault: expect.stringMatching(/^response\.status: .*expected number/) },
    ]);
  });

  it("keeps the entries before the place where it was cut off", async () => {
    const items = await read(fixture("cut-off.har"));
    expect(items).toHaveLength(3);
    expect(items[1]).toHaveProperty("entry");
    expect(items[2]).toMatchObject({ index: 2, fault: expect.stringContaining("ends too early") });
  });

  it.each([
    ["not-json.har", /line 4, column 5 \(position 38\): unexpected "oops"/],
    ["jsonp.har", /JSONP: a HAR wrapped in a call of onInputData\(…\)/],
    ["no-entries.har", /log\.entries is missing/],
  ])("that is none is refused with the reason: %s", async (name, reason) => {
    const refusal = await read(fixture(name)).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(HarError);
    expect((refusal as HarError).message).toMatch(reason);
  });

  it.each(["", "[]", "null", '{"log":{"entries":{}}}'])(
    "is not made of %j",
    async (text) => await expect(read(text)).rejects.toThrow(HarError),
  );
});

describe("an entry of a HAR", () => {
  it("fits a request to ingest whatever its bodies are, cut where they are too long", async () => {
    const long = [
      "\u0001".repeat(BODY_LIMIT + 5),
      "\ud800".repeat(BODY_LIMIT),
      "é\0".repeat(BODY_LIMIT),
    ];
    for (const text of long) {
      const [entry] = await entriesOf(har(plain({
        request: { method: "POST", url: "https://a.example/", postData: { text } },
        response: { status: 200, content: { text } },
      })));
      expect(entry?.payload.responseBody).toMatchObject({ truncated: true });
      expect(JSON.stringify(entry).length).toBeLessThan(3.5 * 1024 * 1024);
      const { response } = toHarEntry(stored(entry as IngestEntry)) as {
        response: { content: { text: string; _truncated: boolean } };
      };
      expect(text.startsWith(response.content.text)).toBe(true);
      expect(response.content._truncated).toBe(true);
    }
  }, 30_000);

  it("is a fault when it is too large without its bodies", async () => {
    const [item] = await read(har(plain({ _trace: "x".repeat(2 * BODY_LIMIT) })));
    expect(item).toMatchObject({ index: 0, fault: expect.stringContaining("more than 1 MiB") });
  });

  const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }));
  const anything = fc.record({
    startedDateTime: fc.date({
      min: new Date("1990-01-01"),
      max: new Date("2100-01-01"),
      noInvalidDate: true,
    }).map((date) => date.toISOString()),
    time: fc.option(
      fc.float({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0)),
    ),
    request: fc.record({
      method: text,
      url: fc.oneof(text, fc.webUrl()),
      headers: fc.array(fc.record({ name: text, value: text })),
      postData: fc.record({ text, mimeType: text }),
    }),
    response: fc.record({
      status: fc.integer({ min: -999, max: 999 }),
      headers: fc.array(fc.record({ name: text, value: fc.oneof(text, fc.integer()) })),
      content: fc.oneof(
        fc.record({ text, encoding: fc.constantFrom("base64", "gzip") }),
        fc.record({ text: fc.base64String(), encoding: fc.constant("base64") }),
        fc.record({ size: fc.nat() }),
      ),
    }),
    _own: fc.dictionary(text.filter((key) => key !== "__proto__"), text),
  });

  it("comes out of the store as it went in, whatever it holds", async () => {
    await fc.assert(fc.asyncProperty(anything, async (entry) => {
      const original = JSON.parse(JSON.stringify(entry));
      const [imported] = await entriesOf(har(original));
      expect(toHarEntry(stored(imported as IngestEntry))).toEqual(original);
    }));
  }, 30_000);
});

describe("an export", () => {
  it("is a HAR 1.2 of what was captured without one", async () => {
    const captured: ExportedEntry = {
      id: "1",
      ts: "2026-11-20T10:00:00+00:00",
      method: "POST",
      url: "https://a.example/p?x=1&x=2",
      status: 200,
      duration_ms: 7,
      redacted: false,
      payload: {
        method: "POST",
        url: "https://a.example/p?x=1&x=2",
        statusCode: 200,
        statusMessage: "OK",
        httpVersion: "HTTP/1.1",
        duration: 7.5,
        requestHeaders: { "Content-Type": "text/plain" },
        responseHeaders: { "Set-Cookie": ["a=1", "b=2"], location: "/next" },
        requestBody: "hello",
        responseBody: { text: "/w==", encoding: "base64" },
        os: "iOS 19",
      },
    };
    const chunks = await collect(harChunks([captured], { name: "B", version: "1" }));
    expect(JSON.parse(chunks.join(""))).toEqual({
      log: {
        version: "1.2",
        creator: { name: "B", version: "1" },
        pages: [],
        entries: [{
          startedDateTime: "2026-11-20T10:00:00+00:00",
          time: 7.5,
          request: {
            method: "POST",
            url: "https://a.example/p?x=1&x=2",
            httpVersion: "HTTP/1.1",
            cookies: [],
            headers: [{ name: "Content-Type", value: "text/plain" }],
            queryString: [{ name: "x", value: "1" }, { name: "x", value: "2" }],
            headersSize: -1,
            bodySize: -1,
            postData: { mimeType: "text/plain", params: [], text: "hello" },
          },
          response: {
            status: 200,
            statusText: "OK",
            httpVersion: "HTTP/1.1",
            cookies: [],
            headers: [
              { name: "Set-Cookie", value: "a=1" },
              { name: "Set-Cookie", value: "b=2" },
              { name: "location", value: "/next" },
            ],
            content: { size: 1, mimeType: "", text: "/w==", encoding: "base64" },
            redirectURL: "/next",
            headersSize: -1,
            bodySize: -1,
          },
          cache: {},
          timings: { send: 0, wait: 7.5, receive: 0 },
          _os: "iOS 19",
        }],
      },
    });
  });

  it("names the pages that its entries refer to", async () => {
    const entries = (await entriesOf(fixture("browser.har"))).map(stored);
    const chunks = await collect(harChunks(entries, { name: "B", version: "1" }));
    expect(JSON.parse(chunks.join("")).log.pages).toEqual([
      {
        id: "page_1",
        title: "page_1",
        startedDateTime: "2026-11-20T10:00:00.123456Z",
        pageTimings: {},
      },
    ]);
  });

  it("is empty, and still a HAR, when there is nothing", async () => {
    const chunks = await collect(harChunks([], { name: "B", version: "1" }));
    expect(JSON.parse(chunks.join("")).log.entries).toEqual([]);
  });
});
