// A device holds an exchange, people decide, the device goes on: with supabase-js at every end.

import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditOf } from "../support/audit.ts";
import {
  clientWith,
  database,
  type Device,
  enrol,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";
import type { Listener } from "../realtime/support/client.ts";
import { ok, refused } from "./support/answers.ts";
import { Ears, heard } from "./support/ears.ts";

// Bea may decide in Ann's workspace as well, Vera only looks there; Ben is somebody else. The proxy
// writes for the device too.
let ann: Person, bea: Person, vera: Person, ben: Person;
let device: Device, proxy: Device;
let watcher: Listener, told: Listener, proxies: Listener;
const ears = new Ears();

beforeAll(async () => {
  [ann, bea, vera, ben] = await Promise.all([
    newPerson(),
    newPerson(),
    newPerson("viewer"),
    newPerson(),
  ]) as [Person, Person, Person, Person];
  await Promise.all([enrol(ann.workspaceId, bea), enrol(ann.workspaceId, vera)]);
  [device, proxy] = await Promise.all([newDevice(ann), newDevice(ann)]) as [Device, Device];
  await database()`
    update public.device_jwts set device_uuids = array[${proxy.uuid}, ${device.uuid}]::uuid[]
    where device_uuid = ${proxy.uuid}`;
  [watcher, told, proxies] = await Promise.all([
    ears.on(vera.token, `ws:${ann.workspaceId}`),
    ears.on(device.token, `device:${device.uuid}`),
    ears.on(proxy.token, "proxy-control"),
  ]) as [Listener, Listener, Listener];
});
afterAll(() => ears.close());

const RAW = "GET /things HTTP/1.1\r\nHost: api.example.com\r\n\r\n";

interface Held {
  id: string;
  request_id: string;
}

/** Holds an exchange as the device, or another that may write for it. */
async function hold(row: Record<string, unknown> = {}, { token } = device): Promise<Held> {
  return await ok(
    clientWith(token).from("breakpoint_events").insert({
      request_id: randomUUID(),
      device_uuid: device.uuid,
      phase: "request",
      method: "GET",
      url: "https://api.example.com/things",
      raw: RAW,
      ...row,
    }).select("id, request_id").single(),
  );
}

interface Decision {
  id: string;
  decision: string;
  won: boolean;
  resumed_at: string;
}

const decide = (person: Person, event_id: string, decision: string, more = {}) =>
  person.client.rpc("resolve_breakpoint", { event_id, decision, ...more });
/** What the device reads when it is told that an exchange goes on. */
const fetched = ({ id }: Held, { token } = device) =>
  ok(
    clientWith(token).from("breakpoint_events")
      .select("decision, edited_raw, edited_encoding").eq("id", id).single(),
  );

describe("a held exchange", () => {
  it("is seen by the workspace's people while it is held, with the server's clock", async () => {
    const { id, request_id } = await hold();
    const seen = await heard(watcher, "breakpoint", { id, request_id, phase: "request" });
    expect(Date.parse(seen["expires_at"] as string) - Date.parse(seen["held_at"] as string))
      .toBe(60_000);
    expect(seen).not.toHaveProperty("raw");
    const waiting = (person: Person) =>
      ok(
        person.client.from("breakpoint_events").select("id, raw").is("resumed_at", null)
          .eq("id", id),
      );
    expect(await waiting(vera)).toEqual([{ id, raw: RAW }]);
    expect(await waiting(ben)).toEqual([]);
    // One phase of an exchange is held once.
    const again = { request_id, device_uuid: device.uuid, phase: "request", raw: RAW };
    expect((await refused(clientWith(device.token).from("breakpoint_events").insert(again))).code)
      .toBe("23505");
    await hold({ request_id, phase: "response" });
  });

  it("is a device's own to hold, and says nothing of its end", async () => {
    const bens = await newDevice(ben);
    const holding = (token: string, row: Record<string, unknown>) =>
      clientWith(token).from("breakpoint_events").insert({
        request_id: randomUUID(),
        device_uuid: device.uuid,
        phase: "request",
        raw: RAW,
        ...row,
      });
    expect((await refused(holding(bens.token, {}))).code).toBe("42501");
    expect((await refused(holding(ann.token, {}))).code).toBe("42501");
    for (
      const forged of [
        { expires_at: "2099-01-01T00:00:00Z" },
        { resumed_at: "2020-01-01T00:00:00Z", decision: "continue" },
        { workspace_id: ben.workspaceId },
      ]
    ) expect((await refused(holding(device.token, forged))).code).toBe("42501");
    expect((await refused(holding(device.token, { phase: "never" }))).message)
      .toContain("breakpoint_events_phase_check");
    const held = await hold();
    const own = clientWith(device.token).from("breakpoint_events");
    expect((await refused(own.update({ decision: "continue" }).eq("id", held.id))).code)
      .toBe("42501");
    expect(await ok(clientWith(bens.token).from("breakpoint_events").select("id"))).toEqual([]);
  });
});

describe("a decision", () => {
  it("is one, of two made at the same moment: the other learns which", async () => {
    for (let round = 0; round < 5; round++) {
      const held = await hold();
      const raw = RAW.replace("/things", `/edited-${round}`);
      const [edit, abort] = await Promise.all([
        ok(decide(ann, held.id, "edit", { raw })),
        ok(decide(bea, held.id, "abort")),
      ]) as [Decision, Decision];
      expect([edit.won, abort.won].sort()).toEqual([false, true]);
      const { decision } = edit.won ? edit : abort;
      expect([edit, abort]).toMatchObject([{ id: held.id, decision }, { id: held.id, decision }]);
      expect(edit.resumed_at).toBe(abort.resumed_at);
      expect(decision).toBe(edit.won ? "edit" : "abort");

      const { id, request_id } = held;
      await heard(told, "breakpoint-continue", { id, request_id, decision });
      await heard(proxies, "breakpoint-continue", {
        id,
        request_id,
        decision,
        device_uuid: device.uuid,
      });
      await heard(watcher, "breakpoint-resolved", { id, decision });
      for (const { broadcasts } of [told, proxies]) {
        const about = broadcasts.filter(({ payload }) => (payload as Held).id === id);
        expect(about).toHaveLength(1);
      }
      expect(await fetched(held)).toEqual({
        decision,
        edited_raw: edit.won ? raw : null,
        edited_encoding: null,
      });
      const [row] = await ok(
        vera.client.from("breakpoint_events").select("decided_by, resumed_at").eq("id", id),
      );
      expect(row).toEqual({
        decided_by: edit.won ? ann.id : bea.id,
        resumed_at: edit.resumed_at,
      });
      expect(await auditOf(id, "breakpoint_events.update")).toMatchObject([
        { actor_type: "user", actor_id: row!.decided_by, after: { decision } },
      ]);
    }
  });

  it("brings the device the edited message to the last character", async () => {
    const message = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: "grapheme-composite" }),
      fc.array(
        fc.constantFrom("\r\n", "\t", "\\", '"', "\u0001", "\u001f", "\u2028", "\uffff", "💩"),
      ),
    ).map((parts) => [parts].flat().join("").replaceAll("\0", ""));
    await fc.assert(
      fc.asyncProperty(message, async (body) => {
        const raw = `${RAW}${body}`;
        const held = await hold({ raw });
        expect(await ok(decide(bea, held.id, "edit", { raw }))).toMatchObject({ won: true });
        const { data } = await bea.client.from("breakpoint_events").select("raw").eq("id", held.id)
          .single();
        expect(data!.raw).toBe(raw);
        expect(await fetched(held, proxy))
          .toEqual({ decision: "edit", edited_raw: raw, edited_encoding: null });
      }),
      { numRuns: 12 },
    );
  });

  it("brings the device edited bytes that are no text", async () => {
    const bytes = Buffer.from([...Array(256).keys()]);
    const raw = Buffer.concat([Buffer.from(RAW), bytes]).toString("base64");
    const held = await hold({ raw, encoding: "base64" });
    const edited = Buffer.concat([Buffer.from(RAW), bytes.reverse()]);
    const more = { raw: edited.toString("base64"), encoding: "base64" };
    expect(await ok(decide(ann, held.id, "edit", more))).toMatchObject({ won: true });
    const { edited_raw, edited_encoding } = await fetched(held);
    expect(edited_encoding).toBe("base64");
    expect(Buffer.from(edited_raw, "base64").equals(edited)).toBe(true);
    const broken = clientWith(device.token).from("breakpoint_events").insert({
      request_id: randomUUID(),
      device_uuid: device.uuid,
      phase: "request",
      raw: RAW,
      encoding: "base64",
    });
    expect((await refused(broken)).code).toBe("23514");
  });

  it("leaves the message as it is, or ends it", async () => {
    for (const decision of ["continue", "abort"]) {
      const held = await hold();
      expect(await ok(decide(ann, held.id, decision))).toMatchObject({ decision, won: true });
      expect(await fetched(held)).toEqual({ decision, edited_raw: null, edited_encoding: null });
      await heard(told, "breakpoint-continue", { id: held.id, decision });
    }
  });

  it("is refused in words when it makes no sense, and stays open", async () => {
    const held = await hold();
    const says = async (decision: string | null, more = {}) => {
      const { status, message } = await refused(decide(ann, held.id, decision!, more));
      expect(status).toBe(400);
      return message;
    };
    expect(await says("stop")).toBe("decision: use continue, edit or abort");
    expect(await says(null)).toBe("decision: use continue, edit or abort");
    expect(await says("edit")).toMatch(/^raw: /);
    expect(await says("continue", { raw: RAW })).toMatch(/^raw: /);
    expect(await says("edit", { raw: "x".repeat(1_500_001) })).toBe("raw: at most 1,500,000 bytes");
    expect(await says("edit", { raw: "####", encoding: "base64" })).toMatch(/^encoding: /);
    expect(await says("edit", { raw: RAW, encoding: "gzip" })).toMatch(/^encoding: /);
    expect(await ok(decide(ann, held.id, "continue"))).toMatchObject({ won: true });
  });

  it("is nothing for who may not make it, as for what does not exist", async () => {
    const held = await hold();
    for (const person of [vera, ben]) {
      expect(await ok(decide(person, held.id, "abort"))).toBeNull();
    }
    expect(await ok(decide(ann, randomUUID(), "abort"))).toBeNull();
    expect(
      (await refused(
        clientWith(device.token).rpc("resolve_breakpoint", {
          event_id: held.id,
          decision: "abort",
        }),
      )).code,
    ).toBe("42501");
    expect((await fetched(held)).decision).toBeNull();
  });
});

describe("without a decision", () => {
  it("an exchange goes on unchanged after 60 seconds, and says so", async () => {
    const sql = database();
    const [due, waiting] = await Promise.all([hold(), hold()]) as [Held, Held];
    await sql`
      update public.breakpoint_events
      set held_at = held_at - interval '61 seconds', expires_at = expires_at - interval '61 seconds'
      where id = ${due.id}`;
    // Too late already, whether or not it has been written down.
    expect(await ok(decide(ann, due.id, "abort"))).toMatchObject({
      decision: "timeout",
      won: false,
    });
    await sql`select private.time_out_breakpoints()`;
    const { id, request_id } = due;
    await heard(told, "breakpoint-continue", { id, request_id, decision: "timeout" });
    await heard(proxies, "breakpoint-continue", { id, decision: "timeout" });
    await heard(watcher, "breakpoint-resolved", { id, decision: "timeout" });
    const [row] = await ok(vera.client.from("breakpoint_events").select().eq("id", id));
    expect(row).toMatchObject({ decision: "timeout", decided_by: null, edited_raw: null });
    expect(row!.resumed_at).toBe(row!.expires_at);
    expect((await fetched(waiting)).decision).toBeNull();
    const [job] =
      await sql`select schedule from cron.job where command like '%time_out_breakpoints%'`;
    expect(job).toEqual({ schedule: "5 seconds" });
  });

  it("it is gone after a month, or when somebody takes it away", async () => {
    const sql = database();
    const [old, unwanted] = await Promise.all([hold(), hold()]) as [Held, Held];
    await sql`
      update public.breakpoint_events set held_at = now() - interval '31 days' where id = ${old.id}`;
    await sql`select private.sweep()`;
    const left = async (person = ann) =>
      (await ok(
        person.client.from("breakpoint_events").select("id").in("id", [old.id, unwanted.id]),
      ))
        .map(({ id }) => id);
    expect(await left()).toEqual([unwanted.id]);
    const remove = (person: Person) =>
      ok(person.client.from("breakpoint_events").delete().eq("id", unwanted.id).select("id"));
    expect(await remove(vera)).toEqual([]);
    expect(await remove(ann)).toHaveLength(1);
    expect(await left()).toEqual([]);
  });
});
