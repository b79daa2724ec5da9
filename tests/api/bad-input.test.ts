// Input that is wrong in every way: always an answer that names the fault, never a crash.

import fc from "fast-check";
import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { newAddress } from "../support/neighbour.ts";
import { call, exchangeOf, ingest, newDevice, newPerson } from "../support/world.ts";
import type { Device, Person } from "../support/world.ts";

const MIB = 1_048_576;
const JSON_TYPE = { "Content-Type": "application/json" };

let ada: Person;
let device: Device;

beforeAll(async () => {
  ada = await newPerson();
  device = await newDevice(ada);
});

function post(body: string | Uint8Array, headers: Record<string, string> = JSON_TYPE) {
  return call("/functions/v1/ingest", device.token, { method: "POST", body, headers });
}

async function errorOf(response: Response) {
  const { error } = await response.json();
  expect(error.request_id).toBe(response.headers.get("x-request-id"));
  expect(error.message).not.toMatch(/\bat .*:\d+:\d+|PGRST|select |insert /);
  return { status: response.status, code: error.code, message: error.message };
}

const entries = (...list: unknown[]) => JSON.stringify({ entries: list });

describe("a request body", () => {
  it.each<[string, string | Uint8Array, Record<string, string>, number, string]>([
    ["is empty", "", JSON_TYPE, 400, "invalid_request"],
    ["is no JSON", "{entries:[]}", JSON_TYPE, 400, "invalid_json"],
    ["breaks off", '{"entries":[', JSON_TYPE, 400, "invalid_json"],
    ["is invalid UTF-8", new Uint8Array([0x22, 0xff, 0x22]), JSON_TYPE, 400, "invalid_utf8"],
    ["is of another type", "a=1", { "Content-Type": "text/plain" }, 415, "unsupported_media_type"],
    ["is a list", "[]", JSON_TYPE, 400, "invalid_request"],
    ["is null", "null", JSON_TYPE, 400, "invalid_request"],
    ["has no entries", "{}", JSON_TYPE, 400, "invalid_request"],
    ["has entries of another type", '{"entries":"x"}', JSON_TYPE, 400, "invalid_request"],
    ["has none", entries(), JSON_TYPE, 400, "invalid_request"],
    ["has 501", entries(...Array(501).fill({})), JSON_TYPE, 413, "too_many_entries"],
    ["has 5 MiB", entries("x".repeat(5 * MIB)), JSON_TYPE, 413, "body_too_large"],
    [
      "is a gzip bomb",
      gzipSync(new Uint8Array(200 * MIB)),
      { ...JSON_TYPE, "Content-Encoding": "gzip" },
      413,
      "body_too_large",
    ],
    [
      "says gzip and is none",
      entries({}),
      { ...JSON_TYPE, "Content-Encoding": "gzip" },
      400,
      "invalid_compression",
    ],
    [
      "is gzip that breaks off",
      gzipSync(entries(exchangeOf())).subarray(0, 60),
      { ...JSON_TYPE, "Content-Encoding": "gzip" },
      400,
      "invalid_compression",
    ],
    [
      "is in another coding",
      entries({}),
      { ...JSON_TYPE, "Content-Encoding": "br" },
      415,
      "unsupported_encoding",
    ],
  ])("that %s is refused by name", async (_, body, headers, status, code) => {
    expect(await errorOf(await post(body, headers))).toMatchObject({ status, code });
  });

  it("is told where it stops being JSON", async () => {
    const { message } = await errorOf(await post('{"entries": [1, 2,]}'));
    expect(message).toContain("position 18");
  });

  it("that nests a million deep is refused before it is parsed", async () => {
    const deep = "[".repeat(1_000_000) + "]".repeat(1_000_000);
    expect(await errorOf(await post(`{"entries":${deep}}`))).toMatchObject({
      status: 400,
      code: "invalid_json",
      message: "The body nests deeper than 128 levels.",
    });
  });
});

describe("an entry", () => {
  it("with a timestamp years off is kept, and found", async () => {
    const off = ["1970-01-01T00:00:00Z", "2001-01-01T00:00:00Z", "2999-12-31T23:59:59.999999Z"]
      .map((ts) => exchangeOf({ ts }));
    expect(await ingest(device, off)).toMatchObject({ accepted: 3 });
    const { data } = await ada.client.from("entries").select("ts")
      .in("request_id", off.map(({ request_id }) => request_id));
    expect(data).toHaveLength(3);
  });

  it.each([
    ["a timestamp that is none", { ts: "soon" }, "invalid_ts"],
    ["a timestamp without offset", { ts: "2026-11-24T10:00:00" }, "invalid_ts"],
    ["a day that does not exist", { ts: "2026-02-30T00:00:00Z" }, "invalid_ts"],
    ["a year before any", { ts: "0000-01-01T00:00:00Z" }, "invalid_ts"],
    ["a number for a timestamp", { ts: 1_795_516_341 }, "invalid_ts"],
    ["a request_id of 201 characters", { request_id: "x".repeat(201) }, "invalid_request_id"],
    ["no request_id", { request_id: undefined }, "invalid_request_id"],
    ["an unknown device", { device_uuid: randomUUID() }, "unknown_device"],
    ["a device that is no uuid", { device_uuid: "phone" }, "invalid_device_uuid"],
    ["a payload that is none", { payload: "x" }, "invalid_payload"],
    ["an unknown kind", { kind: "thought" }, "invalid_kind"],
    [
      "a payload that nests too deep",
      { payload: JSON.parse(`${'{"a":'.repeat(100)}1${"}".repeat(100)}`) },
      "invalid_payload",
    ],
  ])("with %s is rejected by name, and alone", async (_, wrong, code) => {
    const answer = await ingest(device, [{ ...exchangeOf(), ...wrong }, exchangeOf()]);
    expect(answer).toMatchObject({ accepted: 1, rejected: [{ index: 0, code }] });
  });

  it("with numbers of any size is taken", async () => {
    const odd = [
      { statusCode: 1e300, duration: -1e300, requestSize: 1e300, responseSize: -5 },
      { statusCode: 0.5, duration: 1e-300, requestSize: 1.5, responseSize: 9_007_199_254_740_993 },
      { statusCode: -1, duration: 0, url: "", host: "", method: "" },
      { url: "://", host: "[", method: "\u{1f600}".repeat(200), os: "x".repeat(5_000) },
      { url: "x".repeat(500_000), error: "x".repeat(500_000), requestHeaders: {} },
    ];
    const answer = await ingest(device, odd.map((payload) => exchangeOf({}, payload)));
    expect(answer).toMatchObject({ accepted: odd.length, rejected: [] });
  });

  it("of any JSON whatever gets an answer", async () => {
    const field = fc.jsonValue({ stringUnit: "binary", maxDepth: 4 });
    const entry = fc.oneof(
      field,
      fc.record({
        request_id: fc.oneof(fc.uuid(), field),
        ts: fc.oneof(fc.constant("2026-11-24T10:00:00Z"), field),
        payload: fc.oneof(
          field,
          fc.record({
            method: fc.oneof(fc.constant("GET"), field),
            url: fc.oneof(fc.webUrl(), field),
            statusCode: fc.oneof(fc.integer(), field),
            requestHeaders: fc.oneof(
              fc.dictionary(fc.string(), fc.string({ unit: "binary" })),
              field,
            ),
            responseBody: fc.oneof(fc.string({ unit: "binary" }), field),
            extra: field,
          }, { requiredKeys: [] }),
        ),
      }, { requiredKeys: [] }),
    );
    const batches = fc.array(entry, { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(batches, async (batch) => {
        const answer = await post(JSON.stringify({ entries: batch }));
        expect(answer.status).toBe(200);
        const { accepted, duplicates, rejected } = await answer.json();
        expect(accepted + duplicates + rejected.length).toBe(batch.length);
      }),
      { numRuns: 40 },
    );
  });
});

describe("pairing", () => {
  it("of any JSON whatever gets an answer in the envelope", async () => {
    const field = fc.jsonValue({ stringUnit: "binary", maxDepth: 3 });
    const body = fc.oneof(
      field,
      fc.record({
        code: fc.oneof(fc.constant("ABCDEFGH"), field),
        device: fc.oneof(fc.record({ uuid: fc.oneof(fc.uuid(), field), name: field }), field),
      }, { requiredKeys: [] }),
    );
    await fc.assert(
      fc.asyncProperty(body, async (value) => {
        const answer = await call("/functions/v1/device-pair", null, {
          method: "POST",
          body: JSON.stringify(value),
          address: newAddress(),
        });
        expect((await errorOf(answer)).status).toBe(400);
      }),
      { numRuns: 40 },
    );
  });

  it("refuses bodies that are broken, large or of another type", async () => {
    const attempt = (body: string, headers = JSON_TYPE) =>
      call("/functions/v1/device-pair", null, {
        method: "POST",
        body,
        headers,
        address: newAddress(),
      }).then(errorOf);
    expect(await attempt("{")).toMatchObject({ status: 400, code: "invalid_json" });
    expect(await attempt(JSON.stringify("x".repeat(20_000)))).toMatchObject({ status: 413 });
    expect(await attempt("a=b", { "Content-Type": "application/x-www-form-urlencoded" }))
      .toMatchObject({ status: 415 });
  });
});

describe("a path or method that does not exist", () => {
  it.each([
    ["GET", "/ingest", 405],
    ["POST", "/ingest/nothing", 404],
    ["PUT", "/device-pair/codes", 405],
    ["DELETE", "/device-pair/not-a-uuid", 400],
    ["GET", "/api/nothing", 404],
  ])("%s %s is answered %i in the envelope", async (method, path, status) => {
    const answer = await call(`/functions/v1${path}`, ada.token, { method });
    expect((await errorOf(answer)).status).toBe(status);
  });
});
