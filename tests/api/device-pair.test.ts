// How a device gets its credential, renews it and loses it.

import { decodeJwt } from "jose";
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { newAddress } from "../support/neighbour.ts";
import {
  answer,
  call,
  database,
  enrol,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
} from "../support/world.ts";
import type { Person } from "../support/world.ts";

let ada: Person;
let ben: Person;

beforeAll(async () => {
  [ada, ben] = await Promise.all([newPerson(), newPerson()]);
});

function requestCode(person: Person, body?: unknown): Promise<Response> {
  return call("/functions/v1/device-pair/codes", person.token, {
    method: "POST",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function newCode(person: Person): Promise<string> {
  return (await answer<{ code: string }>(await requestCode(person))).code;
}

const phone = (overrides = {}) => ({
  uuid: randomUUID(),
  name: `Phone ${randomUUID()}`,
  ...overrides,
});

function pair(code: string, device: unknown, address = newAddress()): Promise<Response> {
  return call("/functions/v1/device-pair", null, {
    method: "POST",
    body: JSON.stringify({ code, device }),
    address,
  });
}

function renew(token: string): Promise<Response> {
  return call("/functions/v1/device-pair/renew", token, { method: "POST" });
}

function unpair(person: Person, uuid: string): Promise<Response> {
  return call(`/functions/v1/device-pair/${uuid}`, person.token, { method: "DELETE" });
}

async function codeOf(response: Response): Promise<string> {
  return (await response.json()).error.code;
}

describe("a pairing code", () => {
  it("lasts ten minutes and is for the personal workspace unless told", async () => {
    const created = await requestCode(ada);
    expect(created.status).toBe(201);
    expect(created.headers.get("cache-control")).toBe("no-store");
    const body = await created.json();
    expect(body).toMatchObject({
      code: expect.stringMatching(/^[2-9A-HJ-NP-Z]{8}$/),
      workspace_id: ada.workspaceId,
    });
    const minutes = (Date.parse(body.expires_at) - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(9.5);
    expect(minutes).toBeLessThan(10.5);
  });

  it("is stored as a hash alone", async () => {
    const code = await newCode(ada);
    const rows = await database()`select to_jsonb(c)::text as row from private.pairing_codes c`;
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.every(({ row }) => !row.includes(code))).toBe(true);
  });

  it("is not given for a workspace that is not theirs, real or not", async () => {
    const answers = await Promise.all([ben.workspaceId, randomUUID()].map(async (workspace_id) => {
      const refused = await requestCode(ada, { workspace_id });
      return [refused.status, await codeOf(refused)];
    }));
    expect(answers).toEqual([[403, "forbidden"], [403, "forbidden"]]);
  });

  it("is not given to a viewer", async () => {
    expect((await requestCode(await newPerson("viewer"))).status).toBe(403);
  });

  it("pairs in any case and with a dash, and a device's credential comes of it", async () => {
    const code = await newCode(ada);
    const device = phone({
      os: "iOS",
      model: "iPhone 17",
      app_version: "1.0",
      connection_type: "vpn",
    });
    const paired = await pair(`${code.slice(0, 4)}-${code.slice(4)}`.toLowerCase(), device);
    expect(paired.status).toBe(201);
    const { device_uuid, token, expires_at } = await paired.json();
    expect(device_uuid).toBe(device.uuid);
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({
      aud: ["device", "authenticated"],
      role: "device",
      app_metadata: { device_uuid: device.uuid },
      exp: Date.parse(expires_at) / 1000,
    });
    expect([device.uuid, ada.id]).not.toContain(claims.sub);
    const days = (claims.exp! - claims.iat!) / 86_400;
    expect(Math.round(days)).toBe(365);
    const { data } = await ada.client.from("devices").select("*").eq("uuid", device.uuid).single();
    expect(data).toMatchObject({ ...device, owner_user_id: ada.id, workspace_id: ada.workspaceId });
    expect(await ingest({ token }, [exchangeOf()])).toMatchObject({ accepted: 1 });
  });

  it("works once, whoever is first of twenty", async () => {
    const code = await newCode(ada);
    const attempts = await Promise.all(Array.from({ length: 20 }, () => pair(code, phone())));
    expect(attempts.filter(({ status }) => status === 201)).toHaveLength(1);
    const refused = attempts.filter(({ status }) => status !== 201);
    expect(new Set(await Promise.all(refused.map(codeOf)))).toEqual(
      new Set(["invalid_pairing_code"]),
    );
  });

  it("is refused alike when it is unknown, used, expired or none", async () => {
    const used = await newCode(ada);
    await answer(await pair(used, phone()));
    const expired = await newCode(ben);
    await database()`
      update private.pairing_codes set expires_at = now() - interval '1 second' where user_id = ${ben.id}`;
    const answers = await Promise.all(
      ["ABCDEFGH", used, expired, "0", "x".repeat(64)].map(async (code) => {
        const refused = await pair(code, phone());
        const { error } = await refused.json();
        return { status: refused.status, ...error, request_id: null };
      }),
    );
    expect(answers[0]).toMatchObject({ status: 400, code: "invalid_pairing_code" });
    for (const other of answers) expect(other).toEqual(answers[0]);
  });

  it("may be tried ten times a minute from an address", async () => {
    const address = newAddress();
    const statuses: number[] = [];
    for (let n = 0; n < 12; n++) statuses.push((await pair("ABCDEFGH", phone(), address)).status);
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(400));
    const limited = await pair(await newCode(ada), phone(), address);
    // At six seconds a token, a slow run may have earned one back; twelve tries exceed it.
    expect([...statuses, limited.status]).toContain(429);
  });

  it("survives a name that is taken", async () => {
    const taken = await newDevice(ada);
    const code = await newCode(ada);
    const refused = await pair(code, phone({ name: taken.name.toUpperCase() }));
    expect(refused.status).toBe(409);
    expect(await codeOf(refused)).toBe("name_taken");
    expect((await pair(code, phone())).status).toBe(201);
  });
});

describe("a device paired again", () => {
  it("gets a new credential and its old one ends", async () => {
    const device = await newDevice(ada);
    const again = await answer<{ token: string }>(
      await pair(await newCode(ada), phone({ uuid: device.uuid })),
    );
    expect((await renew(device.token)).status).toBe(401);
    expect(await ingest(again, [exchangeOf()])).toMatchObject({ accepted: 1 });
  });

  it("is not taken over by who may not edit it", async () => {
    const device = await newDevice(ada);
    const refused = await pair(await newCode(ben), phone({ uuid: device.uuid }));
    expect([refused.status, await codeOf(refused)]).toEqual([400, "invalid_pairing_code"]);
    expect(await ingest(device, [exchangeOf()])).toMatchObject({ accepted: 1 });
  });

  it("gains nothing by a uuid that is somebody's user id", async () => {
    const impostor = await newDevice(ben, { uuid: ada.id });
    expect(decodeJwt(impostor.token).sub).not.toBe(ada.id);
    const read = await call("/rest/v1/workspaces?select=id", impostor.token);
    expect([401, 403]).toContain(read.status);
    expect((await requestCode({ ...ada, token: impostor.token })).status).toBe(403);
  });
});

describe("a credential", () => {
  it("stays as it is for thirty days", async () => {
    const device = await newDevice(ada);
    const early = await renew(device.token);
    expect(early.status).toBe(200);
    const body = await early.json();
    expect(body).toMatchObject({ code: "not_due", device_uuid: device.uuid });
    expect(Date.parse(body.expires_at) / 1000).toBe(decodeJwt(device.token).exp);
    expect(body.token).toBeUndefined();
  });

  it("is renewed for another year after that, and both tokens write", async () => {
    const device = await newDevice(ada);
    await database()`
      update public.device_jwts set renewed_at = now() - interval '31 days',
        expires_at = now() + interval '300 days' where device_uuid = ${device.uuid}`;
    const renewed = await answer<{ code: string; token: string }>(await renew(device.token));
    expect(renewed.code).toBe("renewed");
    const days = (decodeJwt(renewed.token).exp! - Date.now() / 1000) / 86_400;
    expect(Math.round(days)).toBe(365);
    for (const token of [renewed.token, device.token]) {
      expect(await ingest({ token }, [exchangeOf()])).toMatchObject({ accepted: 1 });
    }
    expect(await (await renew(renewed.token)).json()).toMatchObject({ code: "not_due" });
  });

  it("ends at once when it is revoked", async () => {
    const device = await newDevice(ada);
    await database()`update public.device_jwts set revoked_at = now() where device_uuid = ${device.uuid}`;
    const refused = await renew(device.token);
    expect([refused.status, await codeOf(refused)]).toEqual([401, "invalid_token"]);
  });

  it("is not renewed for a person", async () => {
    const refused = await renew(ada.token);
    expect([refused.status, await codeOf(refused)]).toEqual([403, "wrong_credential"]);
  });
});

describe("unpairing", () => {
  it("ends a device and its credential at once", async () => {
    const device = await newDevice(ada);
    expect((await unpair(ada, device.uuid)).status).toBe(204);
    expect((await renew(device.token)).status).toBe(401);
    const { data } = await ada.client.from("devices").select("uuid").eq("uuid", device.uuid);
    expect(data).toEqual([]);
    expect((await unpair(ada, device.uuid)).status).toBe(404);
  });

  it("answers a foreign device as one that does not exist", async () => {
    const device = await newDevice(ben);
    const answers = await Promise.all([device.uuid, randomUUID()].map(async (uuid) => {
      const refused = await unpair(ada, uuid);
      const { error } = await refused.json();
      return { status: refused.status, ...error, request_id: null };
    }));
    expect(answers[0]).toMatchObject({ status: 404, code: "not_found" });
    expect(answers[1]).toEqual(answers[0]);
    expect(await ingest(device, [exchangeOf()])).toMatchObject({ accepted: 1 });
  });

  it("is open to who shares the workspace and may edit devices", async () => {
    const viewer = await newPerson("viewer");
    await enrol(ada.workspaceId, viewer);
    const device = await newDevice(ada);
    expect((await unpair(viewer, device.uuid)).status).toBe(404);
    await enrol(ada.workspaceId, ben);
    expect((await unpair(ben, device.uuid)).status).toBe(204);
    await database()`
      delete from public.workspace_members where workspace_id = ${ada.workspaceId} and user_id = ${ben.id}`;
  });
});
