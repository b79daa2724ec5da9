import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { rest, rowsOf, rpc } from "../support/rest.ts";
import {
  call,
  database,
  type Device,
  exchangeOf,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";

let ann: Person;
let device: Device;

beforeAll(async () => {
  ann = await newPerson();
  device = await newDevice(ann);
});

const insert = (row: unknown, headers: Record<string, string> = { Prefer: "return=minimal" }) =>
  rest<{ message: string; hint: string }>(device.token, "POST", "entries", row, headers);

async function entryOf(requestId: string) {
  const [row] = rowsOf(await rest(ann.token, "GET", `entries?request_id=eq.${requestId}`));
  return row!;
}

describe("the documented row", () => {
  const row = () => ({ ...exchangeOf(), device_uuid: device.uuid, kind: "event" });

  it("inserts as it is, and its columns are derived", async () => {
    const entry = {
      ...row(),
      payload: {
        timestamp: "2026-11-24T10:00:00Z",
        method: "POST",
        url: "https://user:pw@API.Example.com:8443/v1/Things?page=1#top",
        statusCode: 201,
        duration: 12.5,
        requestSize: 100,
        isSecure: true,
        requestHeaders: { accept: "*/*" },
        responseHeaders: [["Content-Type", "Application/JSON; charset=utf-8"]],
        requestBody: "a=1",
        responseBody: "äöü",
        os: "iOS 19",
        deviceCountry: "CH",
        source: "pac",
        error: "reset",
        colour: "blue",
      },
    };
    expect((await insert(entry)).status).toBe(201);
    expect(await entryOf(entry.request_id)).toMatchObject({
      device_uuid: device.uuid,
      workspace_id: ann.workspaceId,
      kind: "event",
      source: "pac",
      method: "POST",
      url: entry.payload.url,
      host: "api.example.com",
      path: "/v1/Things",
      is_secure: true,
      status: 201,
      duration_ms: 12.5,
      request_size: 100,
      response_size: 6,
      content_type: "application/json",
      os: "iOS 19",
      device_country: "CH",
      error: "reset",
      payload: null,
    });
    const whole = await rpc<{ payload: unknown }>(ann.token, "get_entry", {
      id: (await entryOf(entry.request_id))["id"],
    });
    expect(whole.body.payload).toEqual(entry.payload);
  });

  it("may leave out its device, kind and source", async () => {
    const entry = exchangeOf();
    expect((await insert(entry)).status).toBe(201);
    expect(await entryOf(entry.request_id)).toMatchObject({
      device_uuid: device.uuid,
      kind: "event",
      source: "vpn",
    });
  });

  it("repeated is 409, and ignored where the client asks for that", async () => {
    const entry = row();
    expect((await insert(entry)).status).toBe(201);
    expect((await insert(entry)).status).toBe(409);
    const ignoring = await rest(
      device.token,
      "POST",
      "entries?on_conflict=device_uuid,request_id,ts",
      [entry, row()],
      { Prefer: "resolution=ignore-duplicates,return=minimal" },
    );
    expect(ignoring.status).toBe(201);
    const merging = await insert(entry, {
      Prefer: "resolution=merge-duplicates,return=minimal",
    });
    expect(merging.status).toBe(403);
  });

  it("comes back with the columns a device may name, and no others", async () => {
    const entry = row();
    const keys = await rest(
      device.token,
      "POST",
      "entries?select=device_uuid,request_id",
      entry,
    );
    expect(keys.body).toEqual([{ device_uuid: device.uuid, request_id: entry.request_id }]);
    expect((await rest(device.token, "POST", "entries?select=id", row())).status).toBe(403);
  });

  it.each([
    ["an empty request_id", { request_id: "" }, 400, /request_id/],
    ["a request_id over 200 characters", { request_id: "x".repeat(201) }, 400, /request_id/],
    ["a ts before 1970", { ts: "1969-12-31T23:59:59Z" }, 400, /ts/],
    ["a ts that never comes", { ts: "infinity" }, 400, /ts/],
    ["no ts at all", { ts: undefined }, 400, /ts/],
    ["a ts that is none", { ts: "yesterday-ish" }, 400, /ts|date|time/],
    ["an unknown kind", { kind: "metric" }, 400, /kind/],
    ["an unknown source", { source: "usb" }, 400, /source/],
    ["a payload that is a list", { payload: [] }, 400, /payload/],
    ["a column it may not write", { workspace_id: randomUUID() }, 403, /permission/],
    ["an id of its own", { id: randomUUID() }, 403, /permission/],
    ["a derived column", { host: "forged" }, 403, /permission/],
    ["a column that is none", { colour: "red" }, 400, /colour/],
  ])("with %s is refused by name", async (_, change, status, message) => {
    const answer = await insert({ ...row(), ...change });
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringMatching(message)]);
  });
});

describe("both ways in", () => {
  const name = fc.constantFrom("content-type", "Content-Type", "X-Y", "set-cookie", "CONTENT-TYPE");
  // NUL and lone surrogates are what Postgres cannot hold: the ingest function's own tests cover them.
  const text = fc.string({ unit: "grapheme", maxLength: 40 });
  const value = fc.oneof(
    text,
    fc.constantFrom("text/html", " Text/HTML ; q=1", "application/json"),
  );
  const headers = fc.oneof(
    fc.constant(null),
    fc.dictionary(name, fc.oneof(value, fc.array(value, { maxLength: 3 })), { maxKeys: 4 }),
    fc.array(fc.tuple(name, value), { maxLength: 4 }),
  );
  const small = fc.oneof(
    fc.constant(null),
    text,
    fc.record({ text, size: fc.nat(), truncated: fc.constant(true) }, { requiredKeys: ["text"] }),
    fc.base64String({ maxLength: 64 }).map((text) => ({ text, encoding: "base64" })),
  );
  const large = fc.constantFrom(
    "x".repeat(1_048_576),
    "é".repeat(600_000),
    { text: "QUJD".repeat(400_000), encoding: "base64" },
  );
  const body = fc.oneof({ weight: 60, arbitrary: small }, { weight: 1, arbitrary: large });
  const url = fc.oneof(
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    text,
    fc.constantFrom(
      "HTTPS://A.example:8443",
      "wss://[2001:db8::1]:9/x?y",
      "data:text/plain,hello",
      "//host/path",
      "http://u:p@host",
      "http://host?only=query",
    ),
  );
  const numeric = fc.oneof(
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, -1, 999_999.5, 1e300, 5e-324, 9e15, 0.1),
  );
  const payload = fc.record({
    timestamp: text,
    method: fc.oneof(text, fc.constant("GET"), fc.constant("M".repeat(100))),
    url,
    statusCode: numeric,
    duration: numeric,
    requestSize: numeric,
    responseSize: numeric,
    isSecure: fc.oneof(fc.boolean(), fc.constant(null)),
    host: fc.oneof(text, fc.constantFrom("Example.COM:80", "[::1]:443", "")),
    requestHeaders: headers,
    responseHeaders: headers,
    requestBody: body,
    responseBody: body,
    os: text,
    deviceCountry: text,
    source: fc.constantFrom("vpn", "pac", "proxy", "cdp", "har"),
    error: text,
    resentFrom: fc.oneof(fc.uuid(), text),
    extra: fc.jsonValue({ depthSize: "small", stringUnit: "grapheme" }),
  }, { requiredKeys: [] });

  it("derive the same columns and give back the same exchange", async () => {
    const payloads = fc.sample(payload, { numRuns: 160, seed: 20_261_124 });
    const ts = new Date().toISOString();
    const entries = payloads.map((payload, at) => ({ request_id: `${at}`, ts, payload }));
    const [batched, plain] = await Promise.all([newDevice(ann), newDevice(ann)]);
    for (let at = 0; at < entries.length; at += 80) {
      const some = entries.slice(at, at + 80);
      const answer = await rpc(batched.token, "ingest_entries", { entries: some });
      expect(answer.body).toEqual({ accepted: some.length, duplicates: 0, rejected: [] });
      const rows = await rest(plain.token, "POST", "entries", some, { Prefer: "return=minimal" });
      expect([rows.status, rows.body]).toEqual([201, null]);
    }
    const read = async (uuid: string) => {
      const rows = await database()<{ id: string }[]>`
        select id from public.entries where device_uuid = ${uuid} order by request_id`;
      const found: Record<string, unknown>[] = [];
      for (let at = 0; at < rows.length; at += 40) {
        const ids = rows.slice(at, at + 40).map(({ id }) => id);
        const answer = await rpc<Record<string, unknown>[]>(ann.token, "get_entries", { ids });
        expect(answer.status).toBe(200);
        found.push(...answer.body);
      }
      return found.map(({ id: _, device_uuid: _uuid, received_at: _at, ...rest }) => rest);
    };
    const [byBatch, byInsert] = [await read(batched.uuid), await read(plain.uuid)];
    expect(byBatch).toHaveLength(entries.length);
    for (const [at, entry] of byBatch.entries()) expect(byInsert[at]).toEqual(entry);
  });

  it("take a number too small for a column, and a list of content types", async () => {
    const entry = (type: unknown) => ({
      ...exchangeOf({}, { responseHeaders: { "content-type": type } }),
    });
    const [listed, bare] = [entry(["Text/HTML; q=1", "x/y"]), entry("Text/HTML")];
    await rpc(device.token, "ingest_entries", { entries: [listed] });
    await insert(bare);
    for (const { request_id } of [listed, bare]) {
      expect((await entryOf(request_id))["content_type"]).toBe("text/html");
    }
    // Not by JSON.stringify, which knows no such number.
    const tiny = exchangeOf({}, { duration: 7.25 });
    const text = JSON.stringify({ entries: [tiny] }).replace("7.25", "1e-400");
    const answer = await call("/rest/v1/rpc/ingest_entries", device.token, {
      method: "POST",
      body: text,
    });
    expect(await answer.json()).toMatchObject({ accepted: 1 });
  });
});
