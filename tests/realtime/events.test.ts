import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ChannelName,
  CHANNELS,
  payloadSchema,
} from "../../shared/realtime/events/catalogue.ts";
import { uuid } from "../../shared/realtime/events/event.ts";
import { rest, rowsOf, rpc } from "../support/rest.ts";
import { call, type Device, exchangeOf, ingest, newDevice, newPerson } from "../support/world.ts";
import { assembleCast, type Caller, type Cast, channelNames } from "./support/cast.ts";
import { join, type Listener } from "./support/client.ts";

let cast: Cast;
beforeAll(async () => {
  cast = await assembleCast();
});
afterAll(() => cast?.close());

describe("what is announced", () => {
  /** Who listens to each channel, and what they have heard of it. */
  const heard = {} as Record<ChannelName, Listener>;
  /** Another device, so that its coming and going is seen. */
  let visitor: Device;

  beforeAll(async () => {
    const listeners: Record<ChannelName, Caller> = {
      workspace: "viewer",
      device: "device",
      person: "viewer",
      devices: "admin",
      deviceStatus: "admin",
      profiles: "admin",
      settings: "device",
      proxies: "proxy",
      iosBuild: "stranger",
    };
    for (const name of channelNames) {
      heard[name] = await join(await cast.connect(listeners[name]), cast.addressOf(name));
    }
  });

  /** Waits for an event that says this, and checks it against its schema to the last field. */
  async function hears(
    channel: ChannelName,
    event: string,
    says: Record<string, unknown>,
  ): Promise<void> {
    const fits = () =>
      heard[channel].broadcasts.find(({ event: heardEvent, payload }) =>
        heardEvent === event &&
        Object.entries(says).every(([key, value]) =>
          JSON.stringify((payload as Record<string, unknown>)[key]) === JSON.stringify(value)
        )
      );
    await expect.poll(() => fits() !== undefined, {
      message: `${channel}: ${event} ${JSON.stringify(says)}`,
      timeout: 10_000,
    }).toBe(true);
    const schema = payloadSchema(channel, event)!;
    schema.extend({ id: uuid }).strict().parse(fits()!.payload);
    received.add(`${channel} ${event}`);
  }
  const received = new Set<string>();

  const ok = async (answer: Promise<{ status: number; body: unknown }>) => {
    const { status, body } = await answer;
    expect({ ok: status < 300, body }).toMatchObject({ ok: true });
    return body;
  };

  it("captures and their resending", async () => {
    const entry = exchangeOf();
    await ingest(cast.device, [entry]);
    await hears("workspace", "entries", {});
    const [row] = rowsOf<{ id: string }>(
      await rest(cast.member.token, "GET", `entries?request_id=eq.${entry.request_id}&select=id`),
    );
    const command = await ok(rpc(cast.member.token, "resend_entry", { id: row!.id })) as {
      id: string;
    };
    await hears("device", "resend", {
      id: command.id,
      entry_id: row!.id,
      request_id: entry.request_id,
    });
  });

  it("that a workspace was cleared, by its owner alone", async () => {
    const before = new Date(Date.now() - 60_000).toISOString();
    const old = exchangeOf({ ts: new Date(Date.now() - 120_000).toISOString() });
    const kept = exchangeOf();
    await ingest(cast.device, [old, kept]);
    const clear = (token: string) =>
      rpc(token, "clear_entries", { workspace_id: cast.member.workspaceId, before });
    for (const token of [cast.viewer.token, cast.stranger.token]) {
      expect((await clear(token)).body).toBeNull();
    }
    expect((await clear(cast.member.token)).body).toEqual({ deleted: 1, complete: true });
    await hears("workspace", "cleared", { deleted: 1, complete: true });
    const left = rowsOf<{ request_id: string }>(
      await rest(
        cast.member.token,
        "GET",
        `entries?request_id=in.(${old.request_id},${kept.request_id})&select=request_id`,
      ),
    );
    expect(left).toEqual([{ request_id: kept.request_id }]);
    // With nothing to delete there is nothing to say.
    expect((await clear(cast.member.token)).body).toEqual({ deleted: 0, complete: true });
    expect(heard.workspace.broadcasts.filter(({ event }) => event === "cleared")).toHaveLength(1);
  });

  it("held exchanges and decisions on them", async () => {
    const held = { id: randomUUID(), request_id: randomUUID(), device_uuid: cast.device.uuid };
    await ok(rest(cast.device.token, "POST", "breakpoint_events", {
      ...held,
      phase: "request",
      method: "POST",
      url: `https://api.example.com/${"x".repeat(3000)}`,
      raw: "POST / HTTP/1.1\r\n\r\n",
    }));
    await hears("workspace", "breakpoint", { ...held, phase: "request" });
    await ok(rpc(cast.member.token, "resolve_breakpoint", {
      event_id: held.id,
      decision: "edit",
      raw: "POST /other HTTP/1.1\r\n\r\n",
    }));
    const { device_uuid: _, ...decided } = { ...held, decision: "edit" };
    await hears("device", "breakpoint-continue", decided);
    await hears("proxies", "breakpoint-continue", { ...held, decision: "edit" });
    await hears("workspace", "breakpoint-resolved", { ...held, decision: "edit" });
  });

  it("settings of every level", async () => {
    await ok(rest(cast.member.token, "POST", "settings_device", {
      device_uuid: cast.device.uuid,
      mitm_all_hosts: true,
    }));
    await hears("device", "settings", { scope: "device" });
    await ok(rest(cast.member.token, "POST", "settings_user", {
      user_id: cast.member.id,
      connection_type: "pac",
    }));
    await hears("device", "settings", { scope: "user" });
    // To what it is: other tests read it.
    const [global] = rowsOf<{ mitm_all_hosts: boolean }>(
      await rest(cast.admin.token, "GET", "settings_global?select=mitm_all_hosts"),
    );
    await ok(rest(cast.admin.token, "PATCH", "settings_global?id=eq.1", global));
    await hears("settings", "UPDATE", { scope: "global" });
    const [service] = rowsOf<{ id: string }>(
      await rest(cast.member.token, "POST", "services", {
        workspace_id: cast.member.workspaceId,
        name: `Service ${randomUUID()}`,
      }),
    );
    await ok(rest(cast.member.token, "POST", "service_domains", {
      service_id: service!.id,
      domain: "live.example.com",
    }));
    await hears("settings", "UPDATE", { scope: "services" });
  });

  it("commands, and what came of them", async () => {
    const args = { reason: "because" };
    const sent = await ok(rpc(cast.member.token, "send_device_command", {
      device_uuid: cast.device.uuid,
      name: "reconnect",
      args,
    })) as { id: string };
    await hears("device", "command", { id: sent.id, name: "reconnect", args });
    await ok(rpc(cast.device.token, "report_command_result", {
      command_id: sent.id,
      status: "done",
      result: { took: 3 },
    }));
    await hears("device", "command-result", { id: sent.id, status: "done", result: { took: 3 } });
  });

  it("the message of a live activity, and that it is gone", async () => {
    await ok(rest(cast.member.token, "POST", "device_live_activity_message", {
      device_uuid: cast.device.uuid,
      message: "Recording",
    }));
    await hears("device", "live-activity-message", {
      device_uuid: cast.device.uuid,
      message: "Recording",
    });
    await ok(rest(
      cast.member.token,
      "DELETE",
      `device_live_activity_message?device_uuid=eq.${cast.device.uuid}`,
    ));
    await hears("device", "live-activity-message", {
      device_uuid: cast.device.uuid,
      message: null,
    });
  });

  it("another role", async () => {
    const somebody = await newPerson();
    await ok(rest(cast.admin.token, "PATCH", `profiles?id=eq.${somebody.id}`, { role: "viewer" }));
    await hears("profiles", "UPDATE", { id: somebody.id, role: "viewer" });
    // One's own role is what one's own channel is for.
    await ok(
      rest(cast.admin.token, "PATCH", `profiles?id=eq.${cast.viewer.id}`, { role: "member" }),
    );
    await ok(
      rest(cast.admin.token, "PATCH", `profiles?id=eq.${cast.viewer.id}`, { role: "viewer" }),
    );
    await hears("person", "access-changed", {});
  });

  it("a published build", async () => {
    const build = 1_000_000 + Math.floor(Math.random() * 1_000_000_000);
    await ok(
      rest(cast.admin.token, "POST", "app_builds", { platform: "android", version: "1.2", build }),
    );
    await ok(
      rest(cast.admin.token, "POST", "app_builds", { platform: "ios", version: "1.2.3", build }),
    );
    await hears("iosBuild", "INSERT", { version: "1.2.3", build });
    expect(
      heard.iosBuild.broadcasts.filter(({ payload }) =>
        (payload as { build: number }).build === build
      ),
    ).toHaveLength(1);
  });

  it("devices that come, change, report and go", async () => {
    visitor = await newDevice(cast.member);
    const hint = { uuid: visitor.uuid, workspace_id: cast.member.workspaceId };
    await hears("devices", "INSERT", hint);
    await hears("workspace", "device", { uuid: visitor.uuid, op: "INSERT" });
    await ok(
      rest(cast.member.token, "PATCH", `devices?uuid=eq.${cast.device.uuid}`, { name: "Renamed" }),
    );
    await hears("device", "UPDATE", { uuid: cast.device.uuid });
    await hears("workspace", "device", { uuid: cast.device.uuid, op: "UPDATE" });
    await hears("devices", "UPDATE", { ...hint, uuid: cast.device.uuid });

    // A device may not read when its row was changed: so the row is not returned.
    const minimal = { Prefer: "return=minimal" };
    const online = { online: true, vpn_state: "connected", ip_country: "DE" };
    await ok(rest(
      visitor.token,
      "POST",
      "device_status",
      { device_uuid: visitor.uuid, ...online },
      minimal,
    ));
    await hears("deviceStatus", "INSERT", hint);
    const update = (row: Record<string, unknown>) =>
      ok(rest(
        visitor.token,
        "PATCH",
        `device_status?device_uuid=eq.${visitor.uuid}`,
        row,
        minimal,
      ));
    // A heartbeat that changes nothing people see is not announced.
    await update({ last_heartbeat_at: new Date().toISOString(), online: true });
    await update({ vpn_state: "disconnected" });
    await hears("deviceStatus", "UPDATE", hint);
    await hears("workspace", "device-status", {
      uuid: visitor.uuid,
      online: true,
      vpn_state: "disconnected",
      ip_country: "DE",
    });
    expect(
      heard.deviceStatus.broadcasts.filter(({ event, payload }) =>
        event === "UPDATE" && (payload as { uuid: string }).uuid === visitor.uuid
      ),
    ).toHaveLength(1);
    const unpaired = await call(`/functions/v1/device-pair/${visitor.uuid}`, cast.member.token, {
      method: "DELETE",
    });
    expect(unpaired.ok).toBe(true);
    await unpaired.body?.cancel();
    // With the device goes what was known of its state.
    await hears("deviceStatus", "DELETE", hint);
    await hears("workspace", "device-status", {
      uuid: visitor.uuid,
      online: false,
      vpn_state: null,
      ip_country: null,
    });
    await hears("devices", "DELETE", hint);
    await hears("workspace", "device", { uuid: visitor.uuid, op: "DELETE" });
  });

  it("was every event of the catalogue, and nothing that is not in it", () => {
    const declared = channelNames.flatMap((name) =>
      Object.keys(CHANNELS[name].events).map((event) => `${name} ${event}`)
    );
    expect([...received].sort()).toEqual(declared.sort());
    for (const name of channelNames) {
      for (const { event, payload } of heard[name].broadcasts) {
        // What an administrator broadcasts on channels that all tests share.
        if (event.startsWith("forged-")) continue;
        const schema = payloadSchema(name, event);
        expect({ name, event, declared: schema !== undefined })
          .toEqual({ name, event, declared: true });
        schema!.extend({ id: uuid }).strict().parse(payload);
      }
    }
  });
});
