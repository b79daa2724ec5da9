import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, rest, rowsOf, rpc } from "../support/rest.ts";
import { type Device, newDevice, newPerson, type Person } from "../support/world.ts";

type Row = Record<string, string | number | boolean | null>;
type Value = string | number | boolean;
type Leaf = { field: string; op: string; value?: unknown };
type Filter = Leaf | { and: Filter[] } | { or: Filter[] } | { not: Filter } | Record<never, never>;

const KINDS: Record<
  string,
  { column: string; kind: "text" | "number" | "boolean" | "time" | "device" }
> = {
  host: { column: "host", kind: "text" },
  method: { column: "method", kind: "text" },
  path: { column: "path", kind: "text" },
  url: { column: "url", kind: "text" },
  source: { column: "source", kind: "text" },
  os: { column: "os", kind: "text" },
  country: { column: "device_country", kind: "text" },
  content_type: { column: "content_type", kind: "text" },
  error: { column: "error", kind: "text" },
  status: { column: "status", kind: "number" },
  duration: { column: "duration_ms", kind: "number" },
  request_size: { column: "request_size", kind: "number" },
  response_size: { column: "response_size", kind: "number" },
  secure: { column: "is_secure", kind: "boolean" },
  ts: { column: "ts", kind: "time" },
  device: { column: "device_uuid", kind: "device" },
};
const FIELDS = Object.keys(KINDS);
const COMMON = ["eq", "neq", "in", "exists"];
const OPS = {
  text: [...COMMON, "contains", "prefix", "suffix", "glob", "regex"],
  number: [...COMMON, "gt", "gte", "lt", "lte"],
  time: [...COMMON, "gt", "gte", "lt", "lte"],
  boolean: COMMON,
  device: COMMON,
};
const LEAVES = FIELDS.flatMap((field) => OPS[KINDS[field]!.kind].map((op) => ({ field, op })));

let ann: Person;
let devices: Device[];
let rows: Row[];

beforeAll(async () => {
  ann = await newPerson();
  devices = [
    await newDevice(ann, { name: "Pixel 9" }),
    await newDevice(ann, { name: "iPad's 10%" }),
  ];
  const word = fc.constantFrom(
    "api",
    "API",
    "a_b",
    "a%b",
    "a\\b",
    "it's",
    "日本",
    "x?y*z",
    "",
    "login",
  );
  const maybe = <T>(arbitrary: fc.Arbitrary<T>) =>
    fc.option(arbitrary, { freq: 3, nil: undefined });
  const payloads = fc.sample(
    fc.record({
      method: maybe(fc.constantFrom("GET", "POST", "get")),
      url: maybe(
        fc.tuple(fc.constantFrom("http", "https"), word, word).map(([scheme, a, b]) =>
          `${scheme}://${a || "h"}.example/${b}?q=${a}`
        ),
      ),
      statusCode: maybe(fc.constantFrom(200, 201, 404, 500, 0)),
      duration: maybe(fc.constantFrom(0, 0.1, 12.5, 1000)),
      requestSize: maybe(fc.constantFrom(0, 10, 100)),
      responseSize: maybe(fc.constantFrom(5, 5_000_000_000)),
      isSecure: maybe(fc.boolean()),
      os: maybe(word),
      deviceCountry: maybe(fc.constantFrom("CH", "DE")),
      error: maybe(word),
      source: maybe(fc.constantFrom("pac", "proxy", "cdp", "har")),
      responseHeaders: maybe(
        fc.constantFrom({ "content-type": "text/html" }, { "content-type": "image/png" }),
      ),
    }),
    { numRuns: 200, seed: 7 },
  );
  const start = Date.now() - 3_600_000;
  for (const [half, device] of devices.entries()) {
    const entries = payloads.filter((_, i) => i % 2 === half).map((payload, i) => ({
      request_id: randomUUID(),
      ts: new Date(start + (i % 40) * 1000).toISOString().replace(
        "Z",
        `${`${i}`.padStart(3, "0")}Z`,
      ),
      payload,
    }));
    expect((await rpc(device.token, "ingest_entries", { entries })).body)
      .toMatchObject({ accepted: entries.length });
  }
  rows = rowsOf<Row>(await rest(ann.token, "GET", "entries?select=*"));
  expect(rows).toHaveLength(payloads.length);
});

/** A moment in microseconds. */
function micros(text: string): bigint {
  const [, seconds, fraction = "", zone] = /^(.{10}(?:T.{8})?)(?:\.(\d+))?(.*)$/.exec(text)!;
  const zoned = Date.parse(`${seconds}${zone}`);
  return BigInt(zoned) * 1000n + BigInt(fraction.padEnd(6, "0"));
}

const globbed = (glob: string) =>
  new RegExp(
    `^${glob.replace(/[\\^$.+()[\]{}|]/g, "\\$&").replaceAll("*", "[^]*").replaceAll("?", "[^]")}$`,
    "iu",
  );

/** What a filter means, said a second time. */
function matches(filter: Filter, row: Row): boolean {
  if ("and" in filter) return filter.and.every((part) => matches(part, row));
  if ("or" in filter) return filter.or.some((part) => matches(part, row));
  if ("not" in filter) return !matches(filter.not, row);
  if (!("field" in filter)) return true;
  const { field, op, value } = filter;
  const { column, kind } = KINDS[field]!;
  const found = row[column] ?? null;
  if (op === "exists") return (found !== null) === (value ?? true);
  if (found === null) return false;
  if (op === "in") {
    return (value as Value[]).some((one) => matches({ field, op: "eq", value: one }, row));
  }
  if (kind === "device") {
    const name = devices.find(({ uuid }) => uuid === found)!.name.toLowerCase();
    const same = found === String(value).toLowerCase() || name === String(value).toLowerCase();
    return op === "neq" ? !same : same;
  }
  if (kind === "text" && !["eq", "neq"].includes(op)) {
    const [text, given] = [String(found), String(value)];
    const [low, wanted] = [text.toLowerCase(), given.toLowerCase()];
    switch (op) {
      case "contains":
        return low.includes(wanted);
      case "prefix":
        return low.startsWith(wanted);
      case "suffix":
        return low.endsWith(wanted);
      case "glob":
        return globbed(given).test(text);
      case "regex":
        return new RegExp(given).test(text);
    }
  }
  const order = kind === "time"
    ? Number(micros(String(found)) - micros(String(value)))
    : kind === "number"
    ? Number(found) - Number(value)
    : found === value
    ? 0
    : NaN;
  switch (op) {
    case "eq":
      return order === 0;
    case "neq":
      return order !== 0;
    case "gt":
      return order > 0;
    case "gte":
      return order >= 0;
    case "lt":
      return order < 0;
    case "lte":
      return order <= 0;
  }
  throw new Error(`no meaning of ${op}`);
}

const expected = (filter: Filter) =>
  rows.filter((row) => matches(filter, row))
    .sort((a, b) => (String(a["id"]) < String(b["id"]) ? 1 : -1))
    .map((row) => row["id"]);

const list = (filter: unknown, more: Record<string, unknown> = {}) =>
  rpc<Row[] & { message: string }>(ann.token, "entries_filtered_list?select=id", {
    workspace_id: ann.workspaceId,
    filter,
    page_size: 500,
    ...more,
  });

/** A value that some row has, or nearly. */
const valueOf = (field: string, op: string): fc.Arbitrary<unknown> => {
  const { column, kind } = KINDS[field]!;
  const known = fc.nat({ max: 199 }).map((at) => rows[at]![column] ?? null)
    .filter((value) => value !== null) as fc.Arbitrary<Value>;
  const one: fc.Arbitrary<Value> = (() => {
    switch (kind) {
      case "boolean":
        return fc.boolean();
      case "number":
        return fc.oneof(known, fc.constantFrom(-1, 199.5, 1e12));
      case "time":
        return fc.oneof(
          known,
          known.map((text) => String(text).replace("+00:00", "Z")),
          fc.constantFrom("2026-01-01T00:00:00+02:00", "2100-01-01"),
        );
      case "device":
        return fc.oneof(
          known,
          fc.constantFrom("pixel 9", "IPAD'S 10%", "nothing like it", randomUUID()),
        );
      case "text":
        return fc.oneof(
          known,
          fc.constantFrom("", "%", "_", "\\", "'", "api", "日", "A_B", "nowhere"),
        );
    }
  })();
  if (op === "exists") return fc.constantFrom(true, false, undefined);
  if (op === "in") return fc.array(one, { minLength: 1, maxLength: 4 });
  if (op === "regex") {
    return fc.constantFrom("^h", "a.b", "[ab]pi", "^https?://", "x$", "api|login");
  }
  if (["contains", "prefix", "suffix", "glob"].includes(op)) {
    const part = fc.tuple(one, fc.nat(30), fc.nat(30)).map(([text, a, b]) =>
      [...String(text)].slice(Math.min(a, b), Math.max(a, b)).join("")
    );
    const cased = fc.tuple(part, fc.boolean()).map(([text, up]) => up ? text.toUpperCase() : text);
    return op === "glob"
      ? cased.chain((text) =>
        fc.constantFrom(`*${text}*`, `${text}*`, `?${text}`, text, `*${text}?`)
      )
      : cased;
  }
  return one;
};

describe("a filter", () => {
  it.each(FIELDS)("on %s finds what each operator says", async (field) => {
    for (const op of OPS[KINDS[field]!.kind]) {
      // Values come from rows, so they can only be drawn now.
      const values = fc.sample(valueOf(field, op), { numRuns: 2, seed: 11 });
      await Promise.all(
        values.flatMap((value) => {
          const filter = { field, op, value };
          return [filter, { not: filter }];
        }).map(async (filter) => {
          const answer = await list(filter);
          expect([filter, rowsOf<Row>(answer).map((row) => row["id"])])
            .toEqual([filter, expected(filter)]);
        }),
      );
    }
  });

  it("combines by and, or and not, and counts what it lists", async () => {
    const leaf = fc.constantFrom(...LEAVES).chain(({ field, op }) =>
      valueOf(field, op).map((value) => ({ field, op, value }))
    );
    const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
      filter: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        leaf,
        fc.record({ and: fc.array(tie("filter"), { maxLength: 3 }) }),
        fc.record({ or: fc.array(tie("filter"), { maxLength: 3 }) }),
        fc.record({ not: tie("filter") }),
        fc.constant({}),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(filter, async (filter) => {
        const [listed, counted] = await Promise.all([
          list(filter),
          rpc(ann.token, "entries_filtered_count", { workspace_id: ann.workspaceId, filter }),
        ]);
        expect(rowsOf<Row>(listed).map((row) => row["id"])).toEqual(expected(filter));
        expect(counted.body).toEqual({ count: expected(filter).length, kind: "exact" });
      }),
      { numRuns: 60 },
    );
  });

  it("never matches what is missing, and its negation does", async () => {
    const missing = rows.filter((row) => row["error"] === null).length;
    expect(missing).toBeGreaterThan(0);
    const filter = { field: "error", op: "neq", value: "no such error" };
    expect(rowsOf(await list(filter))).toHaveLength(rows.length - missing);
    expect(rowsOf(await list({ not: filter }))).toHaveLength(missing);
    expect(rowsOf(await list({ not: { not: filter } }))).toHaveLength(rows.length - missing);
  });
});

describe("whatever a filter holds", () => {
  const CORPUS = [
    "'; drop table public.entries; --",
    "' or '1'='1",
    "x' union select jti::text from public.api_tokens --",
    "\\'; select 1; --",
    "%L %s %I %1$s %%",
    "$1 $$ $tag$",
    '"; --',
    "(select pg_sleep(20))",
    "'||pg_sleep(20)||'",
    "ʼ or 1=1",
    "/* */",
    "e.workspace_id",
    "\u0001\u001f\u007f",
    "﻿\u202e",
    "{}[]",
    "(?i)x",
    "***:x",
  ];

  /** 200, or 400 that says what is wrong with the filter; and soon. */
  async function isAnswered(filter: unknown, answer: Promise<Answer<{ message?: string }>>) {
    const since = performance.now();
    const { status, body } = await answer;
    expect(performance.now() - since).toBeLessThan(8_000);
    if (status === 200) return 200;
    expect([filter, status, body.message])
      .toEqual([filter, 400, expect.stringMatching(/^(filter|unsupported Unicode|invalid input)/)]);
    return 400;
  }

  it.each(FIELDS)("is data at %s, under each operator", async (field) => {
    const { kind } = KINDS[field]!;
    for (const op of OPS[kind]) {
      const values = CORPUS.map((text) => op === "in" ? [text, text] : text);
      const filter = { or: values.map((value) => ({ field, op, value })) };
      const status = await isAnswered(filter, list(filter));
      if (["text", "device"].includes(kind) && !["regex", "exists"].includes(op)) {
        expect(status).toBe(200);
      }
    }
  });

  it.each(["host", "status", "secure", "ts", "device"])(
    "is of the wrong type at %s",
    async (field) => {
      const values = [null, {}, [], true, 1, "x", -1e308, 1e308, [null], [[]], "x".repeat(1001)];
      for (const op of OPS[KINDS[field]!.kind]) {
        await Promise.all(values.map((value) => {
          const filter = { field, op, value };
          return isAnswered(filter, list(filter));
        }));
      }
    },
  );

  it("is refused where names stand", async () => {
    for (const text of [...CORPUS, "constructor", "__proto__", "", "Host", "header", "body"]) {
      const filters = [
        { field: text, op: "eq", value: "x" },
        { field: "host", op: text, value: "x" },
        { field: "host", op: "eq", value: "x", [text]: 1 },
        { [text]: [] },
        { and: [{ [text]: {} }] },
        text,
      ];
      const statuses = await Promise.all(
        filters.map(async (filter) => (await list(filter)).status),
      );
      expect([text, statuses]).toEqual([text, filters.map(() => 400)]);
    }
  });

  it("is told by its position what is wrong with it", async () => {
    const bad = { and: [{}, { or: [{ not: { field: "hots", op: "eq", value: "x" } }] }] };
    const answer = await list(bad);
    expect(answer.body.message).toMatch(/^filter\.and\[1\]\.or\[0\]\.not: unknown field 'hots'/);
  });

  it("is bounded in depth, size and list length", async () => {
    const nested = (depth: number): Filter => depth === 0 ? {} : { not: nested(depth - 1) };
    expect((await list(nested(20))).status).toBe(200);
    expect((await list(nested(22))).status).toBe(400);
    expect((await list({ or: Array(1_000).fill({ field: "host", op: "eq", value: "x" }) })).status)
      .toBe(400);
    const many = (n: number) => ({ field: "status", op: "in", value: Array(n).fill(200) });
    expect((await list(many(100))).status).toBe(200);
    expect((await list(many(101))).status).toBe(400);
    expect((await list(many(0))).status).toBe(400);
  });

  it("does not hold up the database with a regular expression", async () => {
    for (
      const value of [
        "(a+)+$",
        "(((((a{1,255}){1,255}){1,255}){1,255}){1,255})",
        "(.*)*(.*)*(.*)*x",
        "(a|b|ab)*c\\1",
        "[[:alpha:]",
        "(",
        "a{1,99999}",
      ]
    ) {
      const filter = { field: "url", op: "regex", value };
      await isAnswered(filter, list(filter));
    }
  });

  it("and whatever else a list is asked for", async () => {
    const row = rows[0]!;
    for (
      const bad of [
        { page_size: 0 },
        { page_size: 501 },
        { page_size: -1 },
        { page_size: null },
        { page_size: "many" },
        { before_ts: row["ts"] },
        { before_id: row["id"] },
        { before_ts: "'; --", before_id: row["id"] },
        { before_ts: row["ts"], before_id: "1 or 1=1" },
        { workspace_id: "x" },
      ]
    ) expect([bad, (await list({}, bad)).status]).toEqual([bad, 400]);
    expect(rowsOf(await rest(ann.token, "GET", "entries?select=id"))).toHaveLength(rows.length);
  });
});
