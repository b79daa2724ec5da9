// What people make devices do: commands, resends, the message of a live activity.

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditOf } from "../support/audit.ts";
import { rpc } from "../support/rest.ts";
import {
  call,
  clientWith,
  database,
  type Device,
  enrol,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";
import type { Listener } from "../realtime/support/client.ts";
import { ok, refused } from "./support/answers.ts";
import { Ears, heard } from "./support/ears.ts";

// Vera only looks, in Ann's workspace; Ben has his own.
let ann: Person, vera: Person, ben: Person;
let device: Device, other: Device, bens: Device;
let told: Listener, watcher: Listener, feed: Listener;
const ears = new Ears();

beforeAll(async () => {
  [ann, vera, ben] = await Promise.all([newPerson(), newPerson("viewer"), newPerson()]) as [
    Person,
    Person,
    Person,
  ];
  await enrol(ann.workspaceId, vera);
  [device, other, bens] = await Promise.all([newDevice(ann), newDevice(ann), newDevice(ben)]) as [
    Device,
    Device,
    Device,
  ];
  [told, watcher, feed] = await Promise.all([
    ears.on(device.token, `device:${device.uuid}`),
    ears.on(ann.token, `device:${device.uuid}`),
    ears.on(vera.token, `ws:${ann.workspaceId}`),
  ]) as [Listener, Listener, Listener];
});
afterAll(() => ears.close());

interface Command {
  id: string;
  name: string;
  status: string;
  created_at: string;
  expires_at: string;
}

const send = (person: Person, args: Record<string, unknown>) =>
  person.client.rpc("send_device_command", {
    device_uuid: device.uuid,
    name: "reconnect",
    ...args,
  });
const report = ({ token }: Device, args: Record<string, unknown>) =>
  clientWith(token).rpc("report_command_result", args);
const rowOf = (id: string, person = ann) =>
  ok(person.client.from("device_commands").select().eq("id", id));

describe("a command", () => {
  it("reaches the device, and its result who asked", async () => {
    const args = { after_ms: 50, why: "Ünï" };
    const sent = await ok(send(ann, { args })) as Command;
    expect(sent).toMatchObject({ name: "reconnect", status: "sent" });
    expect(Date.parse(sent.expires_at) - Date.parse(sent.created_at)).toBe(300_000);
    expect(await heard(told, "command", { id: sent.id }))
      .toMatchObject({ name: "reconnect", args });
    // A device that was away finds it.
    const open = await ok(
      clientWith(device.token).from("device_commands").select("id, name, args")
        .is("finished_at", null),
    );
    expect(open).toEqual([{ id: sent.id, name: "reconnect", args }]);

    const result = { took_ms: 12 };
    const done = { command_id: sent.id, status: "done", result };
    expect(await ok(report(other, done))).toBe(false);
    expect(await ok(report(bens, done))).toBe(false);
    expect(await ok(report(device, done))).toBe(true);
    expect(await ok(report(device, { ...done, status: "failed" }))).toBe(false);
    await heard(watcher, "command-result", { id: sent.id, status: "done", result });
    expect(await rowOf(sent.id, vera))
      .toMatchObject([{ status: "done", result, created_by: ann.id }]);
    expect(await rowOf(sent.id, ben)).toEqual([]);
    expect(await auditOf(sent.id)).toMatchObject([
      { action: "device_commands.insert", actor_type: "user", actor_id: ann.id },
    ]);
  });

  it("is sent once a key, by argument or by header, however often it is asked for", async () => {
    const key = { idempotency_key: randomUUID(), args: { n: 1 } };
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => ok(send(ann, key))),
    ) as Command[];
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    const header = { "Idempotency-Key": key.idempotency_key };
    const byHeader = await ok(
      send(ann, { args: key.args }).setHeader("Idempotency-Key", key.idempotency_key),
    ) as Command;
    expect(byHeader.id).toBe(answers[0]!.id);
    expect(await refused(send(ann, { ...key, args: { n: 2 } }))).toMatchObject({
      status: 422,
      message: "idempotency_key: it was used for another command",
    });
    const elsewhere = await call("/rest/v1/rpc/send_device_command", ann.token, {
      method: "POST",
      headers: header,
      body: JSON.stringify({ device_uuid: other.uuid, name: "reconnect", args: { n: 1 } }),
    });
    expect((await elsewhere.json() as Command).id).not.toBe(byHeader.id);
    await heard(told, "command", { id: byHeader.id });
    const about = told.broadcasts.filter(({ payload }) => (payload as Command).id === byHeader.id);
    expect(about).toHaveLength(1);
  });

  it("is nothing for who may not send it, as to a device that does not exist", async () => {
    for (const person of [vera, ben]) expect(await ok(send(person, {}))).toBeNull();
    expect(await ok(send(ann, { device_uuid: randomUUID() }))).toBeNull();
    expect(
      (await refused(
        clientWith(device.token).rpc("send_device_command", {
          device_uuid: device.uuid,
          name: "x",
        }),
      )).code,
    ).toBe("42501");
    for (const verb of ["insert", "update"] as const) {
      const forged = ann.client.from("device_commands")[verb]({
        device_uuid: device.uuid,
        workspace_id: ann.workspaceId,
        name: "reconnect",
      });
      expect((await refused(verb === "update" ? forged.neq("name", "") : forged)).code)
        .toBe("42501");
    }
  });

  it("is refused in words when it makes no sense", async () => {
    for (const args of [{ name: "Re connect" }, { name: "" }, { args: [1] }]) {
      const { status, message } = await refused(send(ann, args));
      expect([status, message]).toEqual([400, expect.stringMatching(/^name: .*; args: an object/)]);
    }
    const { id } = await ok(send(ann, {})) as Command;
    expect(await refused(report(device, { command_id: id, status: "maybe" })))
      .toMatchObject({ status: 400, message: "status: use done or failed" });
    expect(
      (await refused(ann.client.rpc("report_command_result", { command_id: id, status: "done" })))
        .code,
    ).toBe("42501");
  });

  it("that is large is fetched", async () => {
    const args = { script: "x".repeat(200_000) };
    const { id } = await ok(send(ann, { args })) as Command;
    expect(await heard(told, "command", { id })).toMatchObject({ args: null });
    const [row] = await ok(
      clientWith(device.token).from("device_commands").select("args").eq("id", id),
    );
    expect(row!.args).toEqual(args);
  });
});

describe("a captured request", () => {
  const request = {
    method: "POST",
    url: "https://api.example.com/orders?dry=1",
    requestHeaders: { authorization: "Bearer captured", "x-n": ["1", "2"] },
    requestBody: '{"item":"ü"}',
  };
  let entryId: string;

  beforeAll(async () => {
    const entry = exchangeOf({}, request);
    await ingest(device, [entry]);
    const [row] = await ok(
      ann.client.from("entries").select("id").eq("request_id", entry.request_id),
    );
    entryId = row!.id;
  });

  const resend = (person: Person, args: Record<string, unknown> = {}) =>
    person.client.rpc("resend_entry", { id: entryId, ...args });
  const toRepeat = ({ token }: Device, command_id: string) =>
    ok(clientWith(token).rpc("get_resend_request", { command_id })) as Promise<
      Record<string, unknown> | null
    >;

  it("is sent again through its device, changed; the result is a new entry that names the old", async () => {
    const changes = { method: "PUT", requestBody: '{"item":"o"}' };
    const { id } = await ok(resend(ann, { changes })) as Command;
    await heard(told, "resend", { id, entry_id: entryId });
    const repeated = (await toRepeat(device, id))!;
    expect(repeated).toMatchObject({ ...request, ...changes, entry_id: entryId });
    expect(await toRepeat(other, id)).toBeNull();
    expect(await toRepeat(bens, id)).toBeNull();

    const result = exchangeOf({}, { ...repeated, statusCode: 201, resentFrom: entryId });
    await ingest(device, [result]);
    expect(await ok(report(device, { command_id: id, status: "done", result: { status: 201 } })))
      .toBe(true);
    await heard(watcher, "command-result", { id, name: "resend", status: "done" });
    // Done is done: nothing is left to repeat.
    expect(await toRepeat(device, id)).toBeNull();
    const [made] = await ok(
      vera.client.from("entries").select("id, method, status, resent_from")
        .eq("request_id", result.request_id),
    );
    expect(made).toMatchObject({ method: "PUT", status: 201, resent_from: entryId });
    expect(made!.id).not.toBe(entryId);
    await heard(feed, "entries", { entries: [{ id: made!.id }] });
    expect(await auditOf(id)).toMatchObject([
      { action: "device_commands.insert", actor_id: ann.id, after: { name: "resend" } },
    ]);
  });

  it("is sent again as it was, bytes and all", async () => {
    const bytes = Buffer.from([...Array(256).keys()]);
    const body = { text: bytes.toString("base64"), encoding: "base64" };
    const entry = exchangeOf({}, { ...request, requestBody: body });
    await ingest(device, [entry]);
    const [row] = await ok(
      ann.client.from("entries").select("id").eq("request_id", entry.request_id),
    );
    const { id } = await ok(resend(ann, { id: row!.id })) as Command;
    expect(await toRepeat(device, id)).toMatchObject({ ...request, requestBody: body });
  });

  it("is sent again once a key", async () => {
    const key = { idempotency_key: randomUUID() };
    const [a, b] = await Promise.all([ok(resend(ann, key)), ok(resend(ann, key))]) as Command[];
    expect(a!.id).toBe(b!.id);
    expect((await refused(resend(ann, { ...key, changes: { method: "GET" } }))).status).toBe(422);
  });

  it("is changed only to what can be sent", async () => {
    for (
      const changes of [
        { path: "/x" },
        { method: "GET /x HTTP/1.1\r\nX:" },
        { method: 5 },
        { url: "file:///etc/passwd" },
        { url: "https://a.example/ b" },
        { requestHeaders: "a: b" },
        { requestBody: 7 },
        ["method"],
      ]
    ) {
      const { status, message } = await refused(resend(ann, { changes }));
      expect([status, message]).toEqual([400, expect.stringMatching(/^changes: /)]);
    }
  });

  it("is nothing for who may not resend it, or when device or entry are gone", async () => {
    for (const person of [vera, ben]) expect(await ok(resend(person))).toBeNull();
    expect(await ok(resend(ann, { id: randomUUID() }))).toBeNull();
    const gone = await newDevice(ann);
    const entry = exchangeOf();
    await ingest(gone, [entry]);
    const [row] = await ok(
      ann.client.from("entries").select("id").eq("request_id", entry.request_id),
    );
    await call(`/functions/v1/device-pair/${gone.uuid}`, ann.token, { method: "DELETE" });
    expect(await ok(resend(ann, { id: row!.id }))).toBeNull();
  });
});

describe("the message of a live activity", () => {
  it("is put on, changed and taken away, and the device shows it", async () => {
    const messages = ann.client.from("device_live_activity_message");
    const own = () =>
      ok(clientWith(device.token).from("device_live_activity_message").select("message"));
    const device_uuid = device.uuid;
    const put = (message: string) =>
      ok(messages.upsert({ device_uuid, message }).select().single());
    expect(await put("Recording 🔴")).toMatchObject({ updated_by: ann.id });
    await heard(told, "live-activity-message", { device_uuid, message: "Recording 🔴" });
    expect(await own()).toEqual([{ message: "Recording 🔴" }]);
    await put("Paused");
    await heard(told, "live-activity-message", { message: "Paused" });
    const byVera = vera.client.from("device_live_activity_message");
    expect(await ok(byVera.update({ message: "Mine" }).match({ device_uuid }).select())).toEqual(
      [],
    );
    expect((await refused(messages.upsert({ device_uuid, message: "x".repeat(501) }))).message)
      .toContain("device_live_activity_message_message_check");
    await ok(messages.delete().eq("device_uuid", device_uuid));
    await heard(told, "live-activity-message", { device_uuid, message: null });
    expect(await own()).toEqual([]);
    const actions = (await auditOf(device_uuid)).map(({ action }) => action)
      .filter((action) => action.startsWith("device_live_activity_message"));
    expect(actions.map((action) => action.split(".")[1])).toEqual(["insert", "update", "delete"]);
  });
});

describe("what was asked of devices", () => {
  it("is kept for 30 days", async () => {
    const { id } = await ok(send(ann, {})) as Command;
    await database()`
      update public.device_commands set created_at = now() - interval '31 days' where id = ${id}`;
    await database()`select private.sweep()`;
    expect(await rowOf(id)).toEqual([]);
  });

  it("cannot be asked without a token", async () => {
    const id = randomUUID();
    const calls = {
      send_device_command: { device_uuid: id, name: "reconnect" },
      report_command_result: { command_id: id, status: "done" },
      resend_entry: { id },
      get_resend_request: { command_id: id },
    };
    for (const [name, args] of Object.entries(calls)) {
      expect([name, (await rpc(null, name, args)).status]).toEqual([name, 401]);
    }
  });
});
