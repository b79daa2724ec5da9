import { randomUUID } from "node:crypto";
import type { SupabaseClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ChannelName,
  CHANNELS,
  payloadSchema,
} from "../../shared/realtime/events/catalogue.ts";
import { uuid } from "../../shared/realtime/events/event.ts";
import { rest, rowsOf, rpc } from "../support/rest.ts";
import { stack } from "../support/stack.ts";
import {
  call,
  database,
  type Device,
  enrol,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";
import { Clients, join, type Listener, until } from "./support/client.ts";
import type { Target } from "./support/target.ts";

const CALLERS = [
  "anonymous",
  "viewer",
  "member",
  "stranger",
  "admin",
  "device",
  "proxy",
  "revoked",
] as const;
type Caller = (typeof CALLERS)[number];

// All of one workspace, the member's, but the stranger. The proxy writes for itself and the device.
let member: Person, viewer: Person, stranger: Person, admin: Person;
let device: Device, proxy: Device;
let tokens: Record<Exclude<Caller, "anonymous">, string>;
let sockets: Clients;

beforeAll(async () => {
  const [m, v, s, a, gone] = await Promise.all([
    newPerson(),
    newPerson("viewer"),
    newPerson(),
    newPerson("admin"),
    newPerson("admin"),
  ]);
  [member, viewer, stranger, admin] = [m!, v!, s!, a!];
  await enrol(member.workspaceId, viewer);
  [device, proxy] = await Promise.all([newDevice(member), newDevice(member)]);
  const sql = database();
  await sql`
    update public.device_jwts set device_uuids = array[${proxy.uuid}, ${device.uuid}]::uuid[]
    where device_uuid = ${proxy.uuid}`;
  await sql`update public.api_tokens set revoked_at = now() where user_id = ${gone!.id}`;
  tokens = {
    viewer: viewer.token,
    member: member.token,
    stranger: stranger.token,
    admin: admin.token,
    device: device.token,
    proxy: proxy.token,
    revoked: gone!.token,
  };
  const { url, publishable_key: publishableKey } = stack();
  sockets = new Clients({ url, publishableKey } as Target, "2.0.0");
});
afterAll(() => sockets?.close());

/** A new connection: supabase-js ends one with its last channel, and shares channels by name. */
const connect = (caller: Caller): Promise<SupabaseClient> =>
  sockets.connect(caller === "anonymous" ? undefined : () => Promise.resolve(tokens[caller]));

/** The name of a channel in this test's world. */
function addressOf(channel: ChannelName): string {
  return CHANNELS[channel].address
    .replace("{workspace_id}", member.workspaceId)
    .replace("{device_uuid}", device.uuid)
    .replace("{user_id}", viewer.id);
}

const channelNames = Object.keys(CHANNELS) as ChannelName[];

/** Who may join; where it says `presence`, for that alone. */
const JOINERS: Record<ChannelName, { broadcasts: Caller[]; presence: Caller[] }> = {
  workspace: { broadcasts: ["viewer", "member", "admin"], presence: [] },
  device: { broadcasts: ["member", "admin", "device", "proxy"], presence: [] },
  person: { broadcasts: ["viewer"], presence: [] },
  devices: { broadcasts: ["admin"], presence: ["device", "proxy"] },
  deviceStatus: { broadcasts: ["admin"], presence: [] },
  profiles: { broadcasts: ["admin"], presence: [] },
  settings: {
    broadcasts: ["viewer", "member", "stranger", "admin", "device", "proxy"],
    presence: [],
  },
  proxies: { broadcasts: ["proxy"], presence: [] },
  iosBuild: {
    broadcasts: ["viewer", "member", "stranger", "admin", "device", "proxy"],
    presence: [],
  },
};

/** Joins and leaves; why not, where it is refused. */
async function attempt(
  caller: Caller,
  address: string,
  presence: boolean,
): Promise<string | undefined> {
  const client = await connect(caller);
  const channel = client.channel(address, {
    config: { private: true, presence: { enabled: presence } },
  });
  const [status, reason] = await new Promise<[string, string]>((settled) =>
    channel.subscribe((status, error) => settled([status, error?.message ?? ""]))
  );
  await client.realtime.disconnect();
  return status === "SUBSCRIBED" ? undefined : reason;
}

describe("each channel is joined by whom the catalogue says, and by nobody else", () => {
  it.each(channelNames)("%s", async (name) => {
    const { broadcasts, presence } = JOINERS[name];
    await Promise.all(CALLERS.map(async (caller) => {
      const address = addressOf(name);
      const refused = /Unauthorized: You do not have permissions to read from this Channel topic/;
      const listens = await attempt(caller, address, false);
      if (broadcasts.includes(caller)) expect({ caller, listens }).toEqual({ caller });
      else expect({ caller, listens }).toMatchObject({ listens: expect.stringMatching(refused) });
      const sees = await attempt(caller, address, true);
      if ([...broadcasts, ...presence].includes(caller)) {
        expect({ caller, sees }).toEqual({ caller });
      } else expect({ caller, sees }).toMatchObject({ sees: expect.stringMatching(refused) });
    }));
  });
});

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
      heard[name] = await join(await connect(listeners[name]), addressOf(name));
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
    await ingest(device, [entry]);
    await hears("workspace", "entries", {});
    const [row] = rowsOf<{ id: string }>(
      await rest(member.token, "GET", `entries?request_id=eq.${entry.request_id}&select=id`),
    );
    const command = await ok(rpc(member.token, "resend_entry", { id: row!.id })) as { id: string };
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
    await ingest(device, [old, kept]);
    const clear = (token: string) =>
      rpc(token, "clear_entries", { workspace_id: member.workspaceId, before });
    for (const token of [viewer.token, stranger.token]) {
      expect((await clear(token)).body).toBeNull();
    }
    expect((await clear(member.token)).body).toEqual({ deleted: 1, complete: true });
    await hears("workspace", "cleared", { deleted: 1, complete: true });
    const left = rowsOf<{ request_id: string }>(
      await rest(
        member.token,
        "GET",
        `entries?request_id=in.(${old.request_id},${kept.request_id})&select=request_id`,
      ),
    );
    expect(left).toEqual([{ request_id: kept.request_id }]);
    // With nothing to delete there is nothing to say.
    expect((await clear(member.token)).body).toEqual({ deleted: 0, complete: true });
    expect(heard.workspace.broadcasts.filter(({ event }) => event === "cleared")).toHaveLength(1);
  });

  it("held exchanges and decisions on them", async () => {
    const held = { id: randomUUID(), request_id: randomUUID(), device_uuid: device.uuid };
    await ok(rest(device.token, "POST", "breakpoint_events", {
      ...held,
      phase: "request",
      method: "POST",
      url: `https://api.example.com/${"x".repeat(3000)}`,
      raw: "POST / HTTP/1.1\r\n\r\n",
    }));
    await hears("workspace", "breakpoint", { ...held, phase: "request" });
    await ok(rpc(member.token, "resolve_breakpoint", {
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
    await ok(rest(member.token, "POST", "settings_device", {
      device_uuid: device.uuid,
      mitm_all_hosts: true,
    }));
    await hears("device", "settings", { scope: "device" });
    await ok(rest(member.token, "POST", "settings_user", {
      user_id: member.id,
      connection_type: "pac",
    }));
    await hears("device", "settings", { scope: "user" });
    // To what it is: other tests read it.
    const [global] = rowsOf<{ mitm_all_hosts: boolean }>(
      await rest(admin.token, "GET", "settings_global?select=mitm_all_hosts"),
    );
    await ok(rest(admin.token, "PATCH", "settings_global?id=eq.1", global));
    await hears("settings", "UPDATE", { scope: "global" });
    const [service] = rowsOf<{ id: string }>(
      await rest(member.token, "POST", "services", {
        workspace_id: member.workspaceId,
        name: `Service ${randomUUID()}`,
      }),
    );
    await ok(rest(member.token, "POST", "service_domains", {
      service_id: service!.id,
      domain: "live.example.com",
    }));
    await hears("settings", "UPDATE", { scope: "services" });
  });

  it("commands, and what came of them", async () => {
    const args = { reason: "because" };
    const sent = await ok(rpc(member.token, "send_device_command", {
      device_uuid: device.uuid,
      name: "reconnect",
      args,
    })) as { id: string };
    await hears("device", "command", { id: sent.id, name: "reconnect", args });
    await ok(rpc(device.token, "report_command_result", {
      command_id: sent.id,
      status: "done",
      result: { took: 3 },
    }));
    await hears("device", "command-result", { id: sent.id, status: "done", result: { took: 3 } });
  });

  it("the message of a live activity, and that it is gone", async () => {
    await ok(rest(member.token, "POST", "device_live_activity_message", {
      device_uuid: device.uuid,
      message: "Recording",
    }));
    await hears("device", "live-activity-message", {
      device_uuid: device.uuid,
      message: "Recording",
    });
    await ok(rest(
      member.token,
      "DELETE",
      `device_live_activity_message?device_uuid=eq.${device.uuid}`,
    ));
    await hears("device", "live-activity-message", { device_uuid: device.uuid, message: null });
  });

  it("another role", async () => {
    const somebody = await newPerson();
    await ok(rest(admin.token, "PATCH", `profiles?id=eq.${somebody.id}`, { role: "viewer" }));
    await hears("profiles", "UPDATE", { id: somebody.id, role: "viewer" });
    // One's own role is what one's own channel is for.
    await ok(rest(admin.token, "PATCH", `profiles?id=eq.${viewer.id}`, { role: "member" }));
    await ok(rest(admin.token, "PATCH", `profiles?id=eq.${viewer.id}`, { role: "viewer" }));
    await hears("person", "access-changed", {});
  });

  it("a published build", async () => {
    const build = 1_000_000 + Math.floor(Math.random() * 1_000_000_000);
    await ok(
      rest(admin.token, "POST", "app_builds", { platform: "android", version: "1.2", build }),
    );
    await ok(rest(admin.token, "POST", "app_builds", { platform: "ios", version: "1.2.3", build }));
    await hears("iosBuild", "INSERT", { version: "1.2.3", build });
    expect(
      heard.iosBuild.broadcasts.filter(({ payload }) =>
        (payload as { build: number }).build === build
      ),
    ).toHaveLength(1);
  });

  it("devices that come, change, report and go", async () => {
    visitor = await newDevice(member);
    const hint = { uuid: visitor.uuid, workspace_id: member.workspaceId };
    await hears("devices", "INSERT", hint);
    await hears("workspace", "device", { uuid: visitor.uuid, op: "INSERT" });
    await ok(rest(member.token, "PATCH", `devices?uuid=eq.${device.uuid}`, { name: "Renamed" }));
    await hears("device", "UPDATE", { uuid: device.uuid });
    await hears("workspace", "device", { uuid: device.uuid, op: "UPDATE" });
    await hears("devices", "UPDATE", { ...hint, uuid: device.uuid });

    // A device may read no more of its state than whose it is: so it is not returned, and not merged.
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
    await database()`delete from public.device_status where device_uuid = ${visitor.uuid}`;
    await hears("deviceStatus", "DELETE", hint);

    const unpaired = await call(`/functions/v1/device-pair/${visitor.uuid}`, member.token, {
      method: "DELETE",
    });
    expect(unpaired.ok).toBe(true);
    await unpaired.body?.cancel();
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
        const schema = payloadSchema(name, event);
        expect({ name, event, declared: schema !== undefined })
          .toEqual({ name, event, declared: true });
        schema!.extend({ id: uuid }).strict().parse(payload);
      }
    }
  });
});

describe("nobody broadcasts", () => {
  it.each(channelNames)("into %s, over the socket or over HTTP", async (name) => {
    const address = addressOf(name);
    const { broadcasts } = JOINERS[name];
    const listener = await join(await connect(broadcasts[0]!), address);
    const event = `forged-${randomUUID()}`;
    await Promise.all(CALLERS.map(async (caller) => {
      const answer = await call(
        `/realtime/v1/api/broadcast/${encodeURIComponent(address)}/events/${event}?private=true`,
        caller === "anonymous" ? null : tokens[caller],
        { method: "POST", body: "{}" },
      );
      expect({ caller, status: answer.status }).toEqual({ caller, status: 403 });
      await answer.body?.cancel();
      const batch = await call(
        "/realtime/v1/api/broadcast",
        caller === "anonymous" ? null : tokens[caller],
        {
          method: "POST",
          body: JSON.stringify({
            messages: [{ topic: address, event, payload: {}, private: true }],
          }),
        },
      );
      await batch.body?.cancel();
    }));
    await Promise.all(
      broadcasts.slice(1).map(async (caller) => {
        const { channel } = await join(await connect(caller), address);
        await channel.send({ type: "broadcast", event, payload: {} });
      }),
    );
    await listener.channel.send({ type: "broadcast", event, payload: {} });
    // What an administrator may send by RPC comes after all that, and arrives.
    expect(
      (await rpc(member.token, "realtime_broadcast", { topic: address, event, payload: {} })).body,
    ).toBeNull();
    const sent = await rpc(admin.token, "realtime_broadcast", {
      topic: address,
      event: `${event}-by-rpc`,
      payload: { n: 1 },
    });
    expect(sent.body).toBe(true);
    await until(() => listener.broadcasts.some((message) => message.event === `${event}-by-rpc`));
    expect(listener.broadcasts.filter((message) => message.event === event)).toEqual([]);
  });
});

describe("presence on devices:all", () => {
  it("shows dashboards which devices are there, until they are gone", async () => {
    const admins = await connect("admin");
    const dashboard = admins.channel("devices:all", { config: { private: true } });
    dashboard.on("presence", { event: "sync" }, () => {});
    await new Promise((joined) => dashboard.subscribe(joined));
    const own = await connect("device");
    const channel = own.channel("devices:all", {
      config: { private: true, presence: { key: device.uuid, enabled: true } },
    });
    const heard: unknown[] = [];
    channel.on("broadcast", { event: "*" }, (message) => heard.push(message));
    await new Promise((joined) => channel.subscribe(joined));
    expect(await channel.track({ app_version: "1.0" })).toBe("ok");
    const here = () => dashboard.presenceState()[device.uuid];
    await until(() => here() !== undefined);
    expect(here()).toMatchObject([{ app_version: "1.0" }]);
    // Hints about devices are not for devices.
    await rest(member.token, "PATCH", `devices?uuid=eq.${device.uuid}`, { name: randomUUID() });
    await own.realtime.disconnect();
    await until(() => here() === undefined);
    expect(heard).toEqual([]);
  });

  it("is announced by nobody where it is not foreseen", async () => {
    const own = await connect("device");
    const { channel } = await join(own, "settings:all", {
      private: true,
      presence: { enabled: true } as never,
    });
    expect(await channel.track({ x: 1 })).toBe("error");
  });
});

describe("changes of tables", () => {
  interface Change {
    table: string;
    eventType: string;
    new: Record<string, unknown>;
    errors: string[] | null;
  }
  const TABLES = ["service_stats", "service_status", "settings_global", "settings_user", "tags"];
  /** Who may see a changed row of each. */
  const READERS: Record<string, Caller[]> = {
    service_stats: ["admin"],
    service_status: ["admin"],
    settings_global: ["viewer", "member", "stranger", "admin"],
    settings_user: ["member", "admin"],
    tags: ["viewer", "member", "admin"],
  };

  it("reach who may see the row, and show it to nobody else", async () => {
    const told = {} as Record<Caller, Change[]>;
    await Promise.all(CALLERS.map(async (caller) => {
      const changes: Change[] = told[caller] = [];
      const channel = (await connect(caller)).channel(randomUUID());
      const ready: string[] = [];
      for (const table of TABLES) {
        channel.on(
          "postgres_changes",
          { event: "UPDATE", schema: "public", table },
          (change) => changes.push(change as unknown as Change),
        );
      }
      channel.on("system", {}, ({ message }) => ready.push(message)).subscribe();
      await until(() => ready.length > 0, 20_000);
      expect({ caller, ready }).toEqual({ caller, ready: ["Subscribed to PostgreSQL"] });
    }));

    const [tag] = rowsOf<{ id: string }>(
      await rest(member.token, "POST", "tags", {
        workspace_id: member.workspaceId,
        name: randomUUID(),
      }),
    );
    await rest(member.token, "PATCH", `tags?id=eq.${tag!.id}`, { color: "#aabbcc" });
    const own = { user_id: member.id, connection_type: "vpn" };
    await rest(member.token, "POST", "settings_user", own, {
      Prefer: "resolution=ignore-duplicates",
    });
    await rest(member.token, "PATCH", `settings_user?user_id=eq.${member.id}`, {
      connection_type: "vpn",
    });
    const sql = database();
    await sql`update public.settings_global set mitm_all_hosts = mitm_all_hosts`;
    await sql`update public.service_status set snapshot = snapshot`;
    await sql`update public.service_stats set snapshot = snapshot`;

    const isOurs = ({ table, new: row }: Change) =>
      table === "tags"
        ? row["id"] === tag!.id
        : table === "settings_user"
        ? row["user_id"] === member.id
        : row["id"] === 1;
    const seenBy = (caller: Caller) =>
      [...new Set(told[caller].filter(isOurs).map(({ table }) => table))].sort();
    const readable = (caller: Caller) =>
      TABLES.filter((table) => READERS[table]!.includes(caller)).sort();
    await expect.poll(() => seenBy("admin"), { timeout: 15_000 }).toEqual(readable("admin"));
    for (const caller of CALLERS) {
      await expect.poll(() => ({ caller, sees: seenBy(caller) }), { timeout: 5000 })
        .toEqual({ caller, sees: readable(caller) });
    }
    // Whose role may select nothing of a table hears that it changed, and no value of it.
    for (const caller of ["anonymous", "device", "proxy"] as const) {
      for (const { new: row, errors } of told[caller]) {
        expect({ caller, row, errors })
          .toEqual({ caller, row: {}, errors: ["Error 401: Unauthorized"] });
      }
    }
    expect(told.revoked).toEqual([]);
  });

  it("are not published for what is partitioned, large or secret", async () => {
    const published = await database()`
      select tablename from pg_publication_tables where pubname = 'supabase_realtime' order by 1`;
    expect(published.map(({ tablename }) => tablename)).toEqual([
      "scripts",
      "service_domains",
      "service_group_includes",
      "service_group_services",
      "service_groups",
      "service_stats",
      "service_status",
      "services",
      "settings_device",
      "settings_global",
      "settings_user",
      "tags",
    ]);
  });
});
