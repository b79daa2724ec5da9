import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type Field, FIELDS, OPS } from "../../shared/filter/fields.ts";
import {
  COLUMNS,
  expectedOf,
  type Filter,
  type Row,
  type Value,
} from "../support/filter-meaning.ts";
import { type Answer, rest, rowsOf, rpc } from "../support/rest.ts";
import { type Device, newDevice, newPerson, type Person } from "../support/world.ts";

// Tags, headers and bodies are found by tests/api/search.test.ts.
const COLUMN_FIELDS = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
const LEAVES = COLUMN_FIELDS.flatMap((field) => OPS[FIELDS[field]].map((op) => ({ field, op })));

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

const expected = (filter: Filter) =>
  expectedOf(
    filter,
    rows.map((row) => ({
      row,
      deviceName: devices.find(({ uuid }) => uuid === row["device_uuid"])!.name,
    })),
  );

const list = (filter: unknown, more: Record<string, unknown> = {}) =>
  rpc<Row[] & { message: string }>(ann.token, "entries_filtered_list?select=id", {
    workspace_id: ann.workspaceId,
    filter,
    page_size: 500,
    ...more,
  });

/** A value that some row has, or nearly. */
const valueOf = (field: keyof typeof COLUMNS, op: string): fc.Arbitrary<unknown> => {
  const [column, kind] = [COLUMNS[field], FIELDS[field]];
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
  it.each(COLUMN_FIELDS)("on %s finds what each operator says", async (field) => {
    for (const op of OPS[FIELDS[field]]) {
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

// That no text becomes SQL is shown by tests/attack/filter-injection.test.ts.
describe("whatever a filter holds", () => {
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

  it.each<Field & keyof typeof COLUMNS>(["host", "status", "secure", "ts", "device"])(
    "is of the wrong type at %s",
    async (field) => {
      const values = [null, {}, [], true, 1, "x", -1e308, 1e308, [null], [[]], "x".repeat(1001)];
      for (const op of OPS[FIELDS[field]]) {
        await Promise.all(values.map((value) => {
          const filter = { field, op, value };
          return isAnswered(filter, list(filter));
        }));
      }
    },
  );

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
