// The function `stats`: what it answers to whom, and what it takes from whom.

import { beforeAll, describe, expect, it } from "vitest";
import { rest, rowsOf, rpc } from "../support/rest.ts";
import {
  answer,
  call,
  clientWith,
  type Device,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";

const KEYS = [
  "connection_type_mix",
  "devices",
  "entries",
  "generated_at",
  "source_mix",
  "status_mix",
  "throughput",
  "top_devices",
  "top_domains",
];

interface Snapshot {
  generated_at: string;
  devices: Record<string, unknown>;
  entries: Record<string, number>;
  throughput: { per_minute: number[]; per_hour: number[] };
  top_domains: { host: string; count: number }[];
  [key: string]: unknown;
}

let admin: Person, member: Person, stranger: Person;
let device: Device;

beforeAll(async () => {
  [admin, member, stranger] = await Promise.all([newPerson("admin"), newPerson(), newPerson()]);
  device = await newDevice(member);
});

const stats = (token: string | null, query = "") => call(`/functions/v1/stats${query}`, token);
const post = (path: string, token: string, body?: unknown) =>
  call(`/functions/v1/stats${path}`, token, {
    method: "POST",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

async function refusal(response: Response) {
  const { error } = await response.json() as { error: { code: string; message: string } };
  return { status: response.status, code: error.code, message: error.message };
}

describe("statistics of a workspace", () => {
  it("are exact to the moment, for its people", async () => {
    const others = [404, 500, -1].map((statusCode) => exchangeOf({}, { statusCode }));
    const batch = [...others, exchangeOf({ source: "har" }), exchangeOf()];
    const elsewhere = exchangeOf({}, { url: "https://b.example/" });
    await ingest(device, [...batch, elsewhere]);
    await ingest(device, batch);
    const snapshot = await answer<Snapshot>(
      await stats(member.token, `?workspace_id=${member.workspaceId}`),
    );
    expect(Object.keys(snapshot).sort()).toEqual(KEYS);
    expect(snapshot).toMatchObject({
      devices: { total: 1, online: 1, by_os: { iOS: 1 }, by_connection_type: { vpn: 1 } },
      entries: { total: 6, last_24h: 6, last_hour: 6, last_minute: 6 },
      status_mix: { "2xx": 3, "4xx": 1, "5xx": 1, none: 1 },
      source_mix: { har: 1, vpn: 5 },
      connection_type_mix: { vpn: 6 },
      top_domains: [{ host: "api.example.com", count: 5 }, { host: "b.example", count: 1 }],
      top_devices: [{ device_uuid: device.uuid, name: device.name, count: 6 }],
    });
    const { per_minute, per_hour } = snapshot.throughput;
    expect([per_minute.length, per_hour.length]).toEqual([60, 24]);
    expect(per_minute.reduce((sum, n) => sum + n)).toBe(6);
  });

  it("follow the ten busiest hosts through a clear of busier ones", async () => {
    const owner = await newPerson();
    const busy = await newDevice(owner);
    const of = (prefix: string, count: number) =>
      Array.from(
        { length: 15 },
        (_, i) =>
          Array.from({ length: count }, () =>
            exchangeOf({}, { url: `https://${prefix}${String(i).padStart(2, "0")}.example/` })),
      ).flat();
    await ingest(busy, of("quiet", 1));
    await ingest(busy, of("loud", 3));
    await post("/refresh", admin.token);
    const { error } = await owner.client.from("entries").delete().like("host", "loud%");
    expect(error).toBeNull();
    const top = async () =>
      (await answer<Snapshot>(await stats(owner.token, `?workspace_id=${owner.workspaceId}`)))
        .top_domains.map(({ host }) => host);
    const expected = Array.from({ length: 10 }, (_, i) => `quiet0${i}.example`);
    expect(await top()).toEqual(expected);
    await post("/refresh", admin.token);
    expect(await top()).toEqual(expected);
  });

  it("are refused to others, a workspace that is not there alike", async () => {
    const theirs = await refusal(
      await stats(stranger.token, `?workspace_id=${member.workspaceId}`),
    );
    expect(theirs).toMatchObject({ status: 403, code: "forbidden" });
    expect(theirs.message).toContain("entries:view");
    expect(await refusal(await stats(stranger.token, `?workspace_id=${crypto.randomUUID()}`)))
      .toEqual(theirs);
    expect((await rpc(stranger.token, "get_stats", { workspace_id: member.workspaceId })).body)
      .toBeNull();
  });

  it("name the argument that is wrong", async () => {
    expect(await refusal(await stats(member.token, "?workspace_id=mine"))).toMatchObject({
      status: 400,
      code: "invalid_request",
      message: "workspace_id: give a uuid, or leave it out",
    });
  });
});

describe("statistics of the fleet", () => {
  it("are for holders of stats:view and global:view", async () => {
    const snapshot = await answer<Snapshot>(await stats(admin.token));
    expect(Object.keys(snapshot).sort()).toEqual(KEYS);
    expect(snapshot.entries["total"]).toBeGreaterThanOrEqual(6);
    const refused = await refusal(await stats(member.token));
    expect(refused).toMatchObject({ status: 403, code: "forbidden" });
    expect(refused.message).toContain("stats:view and global:view");
    expect((await rpc(member.token, "get_stats")).body).toBeNull();
  });

  it("are kept as a row that stats:view opens, refreshed on demand", async () => {
    const row = () =>
      admin.client.from("service_stats").select("snapshot, updated_at").single<
        { snapshot: Snapshot; updated_at: string }
      >();
    const before = (await row()).data!;
    await ingest(device, [exchangeOf()]);
    expect(await answer(await post("/refresh", admin.token))).toEqual({ refreshed: true });
    const after = (await row()).data!;
    expect(Object.keys(after.snapshot).sort()).toEqual(KEYS);
    expect(Date.parse(after.updated_at)).toBeGreaterThan(Date.parse(before.updated_at));
    expect(after.snapshot.entries["total"]).toBeGreaterThan(0);
    expect((await member.client.from("service_stats").select("*")).data).toEqual([]);
  });

  it("are refreshed only by holders of status:edit", async () => {
    const refused = await refusal(await post("/refresh", member.token));
    expect(refused).toMatchObject({ status: 403, code: "forbidden" });
    expect(refused.message).toContain("status:edit");
    expect((await rpc(member.token, "refresh_stats")).body).toBeNull();
  });
});

describe("the function stats", () => {
  it("takes a person's live token and nothing else", async () => {
    expect(await refusal(await stats(null))).toMatchObject({ status: 401, code: "missing_token" });
    expect(await refusal(await stats(member.sessionToken))).toMatchObject({ status: 401 });
    expect(await refusal(await stats(device.token))).toMatchObject({
      status: 403,
      code: "wrong_credential",
    });
  });

  it("lets a service account with status:edit refresh, and one without not", async () => {
    const granted = async (role: string) => {
      const name = `agent-${crypto.randomUUID()}`;
      const [account] = rowsOf<{ id: string }>(
        await rest(admin.token, "POST", "service_accounts", { name, role }),
      );
      const { body } = await rpc<{ client_id: string; client_secret: string }>(
        admin.token,
        "create_service_client",
        { service_account_id: account!.id },
      );
      const { access_token } = await answer<{ access_token: string }>(
        await call("/functions/v1/mcp/token", null, {
          method: "POST",
          headers: {
            Authorization: `Basic ${btoa(`${body.client_id}:${body.client_secret}`)}`,
            "Content-Type": "application/x-www-form-urlencoded",
          },
          body: "grant_type=client_credentials",
        }),
      );
      return access_token;
    };
    const agent = await granted("admin");
    expect(await answer(await post("/refresh", agent))).toEqual({ refreshed: true });
    expect((await clientWith(agent).from("service_stats").select("id")).data).toEqual([{ id: 1 }]);
    expect((await post("/refresh", await granted("member"))).status).toBe(403);
  });
});
