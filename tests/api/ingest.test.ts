// A device's batches: what is stored of them, and that each exchange is stored once.

import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeBody } from "../../shared/entries/body.ts";
import { call, database, exchangeOf, ingest, newDevice, newPerson } from "../support/world.ts";
import type { Device, Person } from "../support/world.ts";

const MIB = 1_048_576;

let ada: Person;
let device: Device;

beforeAll(async () => {
  ada = await newPerson();
  device = await newDevice(ada);
});

async function stored(requestId: string) {
  const { data, error } = await ada.client.from("entries").select("*").eq("request_id", requestId);
  if (error) throw error;
  return data;
}

async function payloadOf(requestId: string) {
  const [entry] = await stored(requestId);
  const { data, error } = await ada.client.rpc("get_entry", { id: entry!.id });
  if (error) throw error;
  return data.payload;
}

describe("ingest", () => {
  it("stores what a device captured where its people read it", async () => {
    const entry = exchangeOf({ ts: "2026-11-24T10:00:00.123456Z", source: "pac" }, {
      method: "POST",
      url: "https://api.example.com:8443/v1/things?page=2",
      statusCode: 201,
    });
    expect(await ingest(device, [entry])).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
    expect(await stored(entry.request_id)).toEqual([expect.objectContaining({
      request_id: entry.request_id,
      device_uuid: device.uuid,
      workspace_id: ada.workspaceId,
      ts: "2026-11-24T10:00:00.123456+00:00",
      kind: "event",
      source: "pac",
      method: "POST",
      host: "api.example.com",
      path: "/v1/things",
      is_secure: true,
      status: 201,
    })]);
  });

  it("stores a batch once, however often it comes and though its copies race", async () => {
    const batch = Array.from({ length: 25 }, () => exchangeOf());
    const answers = await Promise.all(Array.from({ length: 20 }, () => ingest(device, batch)));
    const sum = (of: (answer: (typeof answers)[number]) => number) =>
      answers.reduce((total, answer) => total + of(answer), 0);
    expect(sum(({ accepted }) => accepted)).toBe(25);
    expect(sum(({ duplicates }) => duplicates)).toBe(19 * 25);
    const ids = batch.map(({ request_id }) => request_id);
    const [count] = await database()`
      select count(*)::int as n from public.entries where request_id = any (${ids})`;
    expect(count!.n).toBe(25);
  });

  it("stores one row of an exchange that a batch holds twice", async () => {
    const entry = exchangeOf();
    expect(await ingest(device, [entry, entry])).toEqual({
      accepted: 1,
      duplicates: 1,
      rejected: [],
    });
  });

  it("keeps the good entries of a partly bad batch and names the bad by position", async () => {
    const good = [exchangeOf(), exchangeOf()];
    const answer = await ingest(device, [
      { request_id: "no-ts" },
      good[0],
      exchangeOf({ device_uuid: randomUUID() }),
      "nonsense",
      good[1],
      exchangeOf({ source: "usb" }),
    ]);
    expect(answer).toMatchObject({ accepted: 2, duplicates: 0 });
    expect(answer.rejected.map(({ index, code }) => [index, code])).toEqual([
      [0, "invalid_ts"],
      [2, "unknown_device"],
      [3, "invalid_entry"],
      [5, "invalid_source"],
    ]);
    for (const { request_id } of good) expect(await stored(request_id)).toHaveLength(1);
  });

  it("takes gzip", async () => {
    const entries = Array.from({ length: 500 }, () => exchangeOf());
    const answer = await call("/functions/v1/ingest", device.token, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Content-Encoding": "gzip" },
      body: gzipSync(JSON.stringify({ entries })),
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ accepted: 500 });
  });

  it("says how many requests are left", async () => {
    const answer = await call("/functions/v1/ingest", device.token, {
      method: "POST",
      body: JSON.stringify({ entries: [exchangeOf()] }),
    });
    expect(answer.headers.get("ratelimit-limit")).toBe("600");
    expect(Number(answer.headers.get("ratelimit-remaining"))).toBeLessThan(600);
  });
});

describe("a body", () => {
  it.each([
    ["text", "grüße 😀 \u{feff} \u2028"],
    ["text with NUL", "before\0after"],
    ["text with a lone surrogate", "before\ud800after"],
    ["text with both", "\0\udfff"],
    ["no text at all", ""],
  ])("comes back as it was: %s", async (_, body) => {
    const entry = exchangeOf({}, { requestBody: body, responseBody: body });
    await ingest(device, [entry]);
    const payload = await payloadOf(entry.request_id);
    expect(decodeBody(payload.requestBody)).toBe(body);
    expect(decodeBody(payload.responseBody)).toBe(body);
  });

  it("comes back as it was: bytes", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, n) => n);
    const body = { text: Buffer.from(bytes).toString("base64"), encoding: "base64" };
    const entry = exchangeOf({}, { responseBody: body });
    await ingest(device, [entry]);
    const payload = await payloadOf(entry.request_id);
    expect(payload.responseBody).toEqual(body);
    expect(decodeBody(payload.responseBody)).toEqual(bytes);
  });

  it("is cut at one MiB and says so", async () => {
    const text = "x".repeat(MIB + 1);
    const entry = exchangeOf({}, { responseBody: text, requestBody: "y".repeat(MIB) });
    await ingest(device, [entry]);
    const payload = await payloadOf(entry.request_id);
    expect(payload.responseBody).toMatchObject({ truncated: true, size: MIB + 1 });
    expect(payload.responseBody.text === text.slice(0, MIB)).toBe(true);
    expect(payload.requestBody === "y".repeat(MIB)).toBe(true);
  });

  it("has its text replaced nowhere but where Postgres cannot hold it", async () => {
    const entry = exchangeOf({}, { url: "https://a.example/\0\ud800ü", colour: { "a\0": "b" } });
    await ingest(device, [entry]);
    const payload = await payloadOf(entry.request_id);
    expect(payload.url).toBe("https://a.example/\u{fffd}\u{fffd}ü");
    expect(payload.colour).toEqual({ "a\u{fffd}": "b" });
  });
});

describe("a credential", () => {
  it("of a person does not ingest, and none neither", async () => {
    const body = JSON.stringify({ entries: [exchangeOf()] });
    const person = await call("/functions/v1/ingest", ada.token, { method: "POST", body });
    expect(person.status).toBe(403);
    expect(await person.json()).toMatchObject({ error: { code: "wrong_credential" } });
    const nobody = await call("/functions/v1/ingest", null, { method: "POST", body });
    expect(nobody.status).toBe(401);
    const session = await call("/functions/v1/ingest", ada.sessionToken, { method: "POST", body });
    expect(session.status).toBe(401);
  });

  it("writes for no other device, of the same person or not", async () => {
    const other = await newDevice(ada);
    const answer = await ingest(device, [exchangeOf({ device_uuid: other.uuid })]);
    expect(answer).toMatchObject({ accepted: 0, rejected: [{ index: 0, code: "unknown_device" }] });
  });

  it("stops at once when it is revoked", async () => {
    const gone = await newDevice(ada);
    await ingest(gone, [exchangeOf()]);
    await database()`update public.device_jwts set revoked_at = now() where device_uuid = ${gone.uuid}`;
    const refused = await call("/functions/v1/ingest", gone.token, {
      method: "POST",
      body: JSON.stringify({ entries: [exchangeOf()] }),
    });
    expect(refused.status).toBe(401);
  });
});
