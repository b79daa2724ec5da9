import { decodeJwt } from "jose";
import { beforeEach, describe, expect, it } from "vitest";
import {
  CREDENTIAL,
  DEVICE,
  deviceToken,
  fakeProject,
  personToken,
} from "../token/project.fake.ts";
import type { FakeProject } from "../token/project.fake.ts";
import { devicePairApp } from "./app.ts";
import { hashPairingCode } from "./pairing-code.ts";

const EXPIRES = "2027-11-24T10:00:00+00:00";
let project: FakeProject;

beforeEach(async () => {
  project = await fakeProject();
});

async function call(path: string, init: { method?: string; body?: unknown; token?: string }) {
  return await devicePairApp(project.config, project.runtime).request(`/device-pair${path}`, {
    method: init.method ?? "POST",
    headers: {
      ...(init.token && { Authorization: `Bearer ${init.token}` }),
      ...(init.body !== undefined && { "Content-Type": "application/json" }),
    },
    ...(init.body !== undefined && { body: JSON.stringify(init.body) }),
  });
}

describe("device-pair", () => {
  it("shows a code once and stores its hash alone", async () => {
    project.rpcs.create_pairing_code = () => ({ expires_at: EXPIRES, workspace_id: DEVICE });
    const answer = await call("/codes", { token: await personToken(project) });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const { code } = await answer.json();
    expect(project.calls[1]?.args).toMatchObject({
      workspace_id: null,
      code_hash: await hashPairingCode(code),
    });
    expect(JSON.stringify([project.calls, project.logs])).not.toContain(code);
  });

  it("makes no code for a token that may only read", async () => {
    const answer = await call("/codes", {
      token: await personToken(project, { scope: "mcp:read" }),
    });
    expect(answer.status).toBe(403);
    expect((await answer.json()).error.code).toBe("insufficient_scope");
  });

  it("turns a code into a credential whose sub is its row", async () => {
    project.rpcs.redeem_pairing_code = () => ({
      device_uuid: DEVICE,
      credential_id: CREDENTIAL,
      expires_at: EXPIRES,
    });
    const answer = await call("", {
      body: { code: "abcd-efgh", device: { uuid: DEVICE, name: "Phone" } },
    });
    expect(answer.status).toBe(201);
    const { token, device_uuid } = await answer.json();
    expect(device_uuid).toBe(DEVICE);
    expect(decodeJwt(token)).toMatchObject({
      sub: CREDENTIAL,
      aud: ["device", "authenticated"],
      role: "device",
      app_metadata: { device_uuid: DEVICE },
      exp: Date.parse(EXPIRES) / 1000,
    });
    expect(project.calls[1]?.args.code_hash).toBe(await hashPairingCode("ABCDEFGH"));
  });

  it("answers a code that cannot be and one that is not alike", async () => {
    project.rpcs.redeem_pairing_code = () =>
      Response.json({ code: "P0001", message: "invalid_code" }, { status: 400 });
    const device = { uuid: DEVICE, name: "Phone" };
    const answers = await Promise.all(["ABCDEFGH", "short"].map(async (code) => {
      const answer = await call("", { body: { code, device } });
      const { error } = await answer.json();
      return { status: answer.status, ...error, request_id: null };
    }));
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toMatchObject({ status: 400, code: "invalid_pairing_code" });
  });

  it.each([
    [undefined, /^body: /],
    [{ code: "ABCDEFGH" }, /^device: /],
    [{ code: "ABCDEFGH", device: { uuid: "x", name: "Phone" } }, /^device\.uuid: /],
    [{ code: "ABCDEFGH", device: { uuid: DEVICE, name: "" } }, /^device\.name: /],
    [{ code: "ABCDEFGH", device: { uuid: DEVICE, name: "a\0" } }, /^device\.name: /],
    [
      { code: "ABCDEFGH", device: { uuid: DEVICE, name: "a", connection_type: "usb" } },
      /^device\.connection_type: /,
    ],
  ])("names the field that is wrong in %j", async (body, message) => {
    const answer = await call("", { body });
    expect(answer.status).toBe(400);
    expect((await answer.json()).error.message).toMatch(message);
  });

  it("renews a credential when the database says it is due", async () => {
    const token = await deviceToken(project);
    const credential = { device_uuid: DEVICE, credential_id: CREDENTIAL, expires_at: EXPIRES };
    project.rpcs.renew_device_credential = () => ({ ...credential, renewed: true });
    const renewed = await (await call("/renew", { token })).json();
    expect(renewed).toMatchObject({ code: "renewed", device_uuid: DEVICE });
    expect(decodeJwt(renewed.token).sub).toBe(CREDENTIAL);
    project.rpcs.renew_device_credential = () => ({
      ...credential,
      renewed: false,
      renewable_at: "2026-12-24T10:00:00.5+00:00",
    });
    expect(await (await call("/renew", { token })).json()).toEqual({
      code: "not_due",
      device_uuid: DEVICE,
      expires_at: "2027-11-24T10:00:00.000Z",
      renewable_at: "2026-12-24T10:00:00.500Z",
    });
  });

  it("unpairs, and answers a foreign device as one that does not exist", async () => {
    const token = await personToken(project);
    project.rpcs.unpair_device = ({ device_uuid }) => device_uuid === DEVICE;
    expect((await call(`/${DEVICE}`, { method: "DELETE", token })).status).toBe(204);
    const foreign = await call(`/${crypto.randomUUID()}`, { method: "DELETE", token });
    expect(foreign.status).toBe(404);
    expect((await call("/not-a-uuid", { method: "DELETE", token })).status).toBe(400);
  });
});
