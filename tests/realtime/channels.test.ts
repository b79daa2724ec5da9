import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ChannelName } from "../../shared/realtime/events/catalogue.ts";
import { rest, rpc } from "../support/rest.ts";
import { call } from "../support/world.ts";
import { assembleCast, type Caller, CALLERS, type Cast, channelNames } from "./support/cast.ts";
import { join, until } from "./support/client.ts";

let cast: Cast;
beforeAll(async () => {
  cast = await assembleCast();
});
afterAll(() => cast?.close());

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
  const client = await cast.connect(caller);
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
      const address = cast.addressOf(name);
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

describe("nobody broadcasts", () => {
  it.each(channelNames)("into %s, over the socket or over HTTP", async (name) => {
    const address = cast.addressOf(name);
    const { broadcasts } = JOINERS[name];
    const listener = await join(await cast.connect(broadcasts[0]!), address);
    const event = `forged-${randomUUID()}`;
    await Promise.all(CALLERS.map(async (caller) => {
      const answer = await call(
        `/realtime/v1/api/broadcast/${encodeURIComponent(address)}/events/${event}?private=true`,
        caller === "anonymous" ? null : cast.tokens[caller],
        { method: "POST", body: "{}" },
      );
      expect({ caller, status: answer.status }).toEqual({ caller, status: 403 });
      await answer.body?.cancel();
      const batch = await call(
        "/realtime/v1/api/broadcast",
        caller === "anonymous" ? null : cast.tokens[caller],
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
        const { channel } = await join(await cast.connect(caller), address);
        await channel.send({ type: "broadcast", event, payload: {} });
      }),
    );
    await listener.channel.send({ type: "broadcast", event, payload: {} });
    // What an administrator may send by RPC comes after all that, and arrives.
    expect(
      (await rpc(cast.member.token, "realtime_broadcast", { topic: address, event, payload: {} }))
        .body,
    ).toBeNull();
    const sent = await rpc(cast.admin.token, "realtime_broadcast", {
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
    const admins = await cast.connect("admin");
    const dashboard = admins.channel("devices:all", { config: { private: true } });
    dashboard.on("presence", { event: "sync" }, () => {});
    await new Promise((joined) => dashboard.subscribe(joined));
    const own = await cast.connect("device");
    const channel = own.channel("devices:all", {
      config: { private: true, presence: { key: cast.device.uuid, enabled: true } },
    });
    const heard: unknown[] = [];
    channel.on("broadcast", { event: "*" }, (message) => heard.push(message));
    await new Promise((joined) => channel.subscribe(joined));
    expect(await channel.track({ app_version: "1.0" })).toBe("ok");
    const here = () => dashboard.presenceState()[cast.device.uuid];
    await until(() => here() !== undefined);
    expect(here()).toMatchObject([{ app_version: "1.0" }]);
    // Hints about devices are not for devices.
    await rest(cast.member.token, "PATCH", `devices?uuid=eq.${cast.device.uuid}`, {
      name: randomUUID(),
    });
    await own.realtime.disconnect();
    await until(() => here() === undefined);
    expect(heard).toEqual([]);
  });

  it("is announced by nobody where it is not foreseen", async () => {
    const own = await cast.connect("device");
    const { channel } = await join(own, "settings:all", {
      private: true,
      presence: { enabled: true } as never,
    });
    expect(await channel.track({ x: 1 })).toBe("error");
  });
});
