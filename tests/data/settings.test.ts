// What a device ends up with, from settings of three levels and the service groups they apply. The
// global level is everybody's: this file changes nothing of it that it does not put back, and tells
// its own values from others' by their names.

import { randomUUID } from "node:crypto";
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
import { ok, refused } from "./support/answers.ts";
import { Ears, heard } from "./support/ears.ts";

interface Effective {
  device_uuid: string;
  sources: Record<string, string | string[]>;
  ssl_proxying_domains: string[];
  external_proxy: Record<string, unknown> | null;
  [setting: string]: unknown;
}

// Vera only looks, in Ann's workspace; Ben has his own; Root is an admin.
let ann: Person, ben: Person, vera: Person, root: Person;
let device: Device;
const ears = new Ears();

beforeAll(async () => {
  [ann, ben, vera, root] = await Promise.all([
    newPerson(),
    newPerson(),
    newPerson("viewer"),
    newPerson("admin"),
  ]) as [Person, Person, Person, Person];
  await enrol(ann.workspaceId, vera);
  device = await newDevice(ann);
});
afterAll(() => ears.close());

const seenWith = (token: string, device_uuid: string) =>
  ok(clientWith(token).rpc("effective_settings_for_device", { device_uuid })) as Promise<
    Effective | null
  >;
/** As the device itself reads it. */
const effective = async ({ token, uuid }: Device) => (await seenWith(token, uuid))!;
const override = (device_uuid: string, row: Record<string, unknown>) =>
  ok(ann.client.from("settings_device").upsert({ device_uuid, ...row }));
const global = async () => await ok(root.client.from("settings_global").select().single());
const FIELDS = [
  "inspect_all_requests",
  "mitm_all_hosts",
  "connection_type",
  "ssl_proxying_domains",
  "ignore_hosts",
  "service_group_ids",
  "dns_servers",
  "external_proxy",
  "breakpoint_request_patterns",
  "breakpoint_response_patterns",
  "paused_domains",
  "env",
];

describe("the settings of a device", () => {
  it("are the global ones, each named with where it comes from", async () => {
    const fresh = await newDevice(ann);
    const { device_uuid, sources, ...settings } = await effective(fresh);
    expect(device_uuid).toBe(fresh.uuid);
    expect(Object.keys(settings).sort()).toEqual([...FIELDS].sort());
    expect(Object.keys(sources).sort()).toEqual([...FIELDS].sort());
    for (const field of FIELDS.filter((field) => field !== "ssl_proxying_domains")) {
      expect([field, sources[field]]).toEqual([field, "global"]);
    }
  });

  it("are its own where it has some: an empty list too, and null is none", async () => {
    const own = {
      inspect_all_requests: true,
      mitm_all_hosts: false,
      ignore_hosts: [],
      dns_servers: ["9.9.9.9"],
      breakpoint_request_patterns: ["*"],
      paused_domains: null,
      env: { TOKEN: "Ünï\n" },
    };
    await override(device.uuid, own);
    const { sources, ...settings } = await effective(device);
    const { paused_domains: _, ...set } = own;
    expect(settings).toMatchObject(set);
    expect(sources).toMatchObject({
      ...Object.fromEntries(Object.keys(set).map((field) => [field, "device"])),
      paused_domains: "global",
      breakpoint_response_patterns: "global",
    });
    await override(device.uuid, Object.fromEntries(Object.keys(own).map((field) => [field, null])));
    const inherited = (await effective(device)).sources;
    expect(Object.values(inherited).filter((source) => source === "device")).toEqual([]);
  });

  it("take the connection type of the device, else of its owner, else of all", async () => {
    const reads = async () => {
      const { connection_type, sources } = await effective(device);
      return [connection_type, sources["connection_type"]];
    };
    const everybodys = (await global()).connection_type;
    // What it reported when it was paired is what it does, not what it should.
    expect(await reads()).toEqual([everybodys, "global"]);
    await ok(ann.client.from("settings_user").upsert({ user_id: ann.id, connection_type: "pac" }));
    expect(await reads()).toEqual(["pac", "user"]);
    await override(device.uuid, { connection_type: "vpn" });
    expect(await reads()).toEqual(["vpn", "device"]);
    await override(device.uuid, { connection_type: null });
    await ok(
      ann.client.from("settings_user").update({ connection_type: null }).eq("user_id", ann.id),
    );
    expect(await reads()).toEqual([everybodys, "global"]);
  });

  it("are read by the device itself and by who may see it, and by nobody else", async () => {
    const bens = await newDevice(ben);
    const answers = await Promise.all(
      [ann.token, vera.token, root.token, ben.token, bens.token]
        .map(async (token) => (await seenWith(token, device.uuid))?.device_uuid ?? null),
    );
    expect(answers).toEqual([device.uuid, device.uuid, device.uuid, null, null]);
    expect(await seenWith(device.token, bens.uuid)).toBeNull();
    expect(await seenWith(ann.token, randomUUID())).toBeNull();
    for (const table of ["settings_global", "settings_device"]) {
      expect((await refused(clientWith(device.token).from(table).select())).code).toBe("42501");
    }
  });

  it("keep the one global row, which global:edit alone changes", async () => {
    const row = await global();
    for (const person of [ann, vera]) {
      const changed = person.client.from("settings_global").update({ mitm_all_hosts: true })
        .eq("id", 1).select();
      expect(await ok(changed)).toEqual([]);
      expect((await ok(person.client.from("settings_global").select().single())).id).toBe(1);
    }
    expect((await refused(root.client.from("settings_global").insert({ id: 2 }))).code)
      .toBe("42501");
    expect((await refused(root.client.from("settings_global").delete().eq("id", 1))).code)
      .toBe("42501");
    expect(await global()).toMatchObject({ mitm_all_hosts: row.mitm_all_hosts });
  });
});

describe("decrypted hosts", () => {
  const named = async (table: string, name: string, person = ann) =>
    (await ok(
      person.client.from(table).insert({ workspace_id: person.workspaceId, name }).select("id")
        .single(),
    )).id as string;
  const host = (name: string) => `${name}-${tag}.example`;
  const tag = randomUUID().slice(0, 8);

  it("are those of all levels and of the services in the groups that are applied", async () => {
    const [outer, inner, lost] = await Promise.all(
      ["outer", "inner", "lost"].map((name) => named("service_groups", `${name} ${tag}`)),
    ) as [string, string, string];
    const [pay, mail, idle] = await Promise.all(
      ["pay", "mail", "idle"].map((name) => named("services", `${name} ${tag}`)),
    ) as [string, string, string];
    await ok(
      ann.client.from("service_domains").insert([
        { service_id: pay, domain: host("pay") },
        { service_id: pay, domain: `*.${host("pay")}` },
        { service_id: mail, domain: host("mail") },
      ]),
    );
    await ok(
      ann.client.from("service_group_services").insert([
        { group_id: outer, service_id: pay },
        { group_id: inner, service_id: pay },
        { group_id: inner, service_id: mail },
        { group_id: inner, service_id: idle },
      ]),
    );
    await ok(
      ann.client.from("service_group_includes")
        .insert([{ group_id: outer, included_group_id: inner }]),
    );
    // No API makes a circle; one that is there all the same harms nobody.
    const sql = database();
    await sql.begin(async (tx) => {
      await tx`alter table public.service_group_includes disable trigger refuse_group_circle`;
      await tx`insert into public.service_group_includes values (${inner}, ${outer})`;
      await tx`alter table public.service_group_includes enable trigger refuse_group_circle`;
    });

    const group_ids = [outer, inner, outer, lost, randomUUID()];
    const expand = (person: Person) =>
      ok(person.client.rpc("expand_service_groups", { group_ids }));
    const of = (group_id: string) => [
      { group_id, service_id: idle, service: `idle ${tag}`, domain: null },
      { group_id, service_id: mail, service: `mail ${tag}`, domain: host("mail") },
      { group_id, service_id: pay, service: `pay ${tag}`, domain: `*.${host("pay")}` },
      { group_id, service_id: pay, service: `pay ${tag}`, domain: host("pay") },
    ];
    const expanded = await expand(ann) as Record<string, unknown>[];
    expect(expanded).toHaveLength(8);
    expect(expanded).toEqual(expect.arrayContaining([...of(outer), ...of(inner)]));
    expect(await expand(vera)).toEqual(expanded);
    expect(await expand(ben)).toEqual([]);

    // A group of somebody else's is as good as none.
    const bens = await named("service_groups", `Ben's ${tag}`, ben);
    const bensService = await named("services", `Ben's ${tag}`, ben);
    await ok(
      ben.client.from("service_domains").insert({ service_id: bensService, domain: host("ben") }),
    );
    await ok(
      ben.client.from("service_group_services").insert({ group_id: bens, service_id: bensService }),
    );

    await override(device.uuid, {
      ssl_proxying_domains: [host("own"), host("mail")],
      service_group_ids: [outer, bens],
    });
    const { ssl_proxying_domains, sources } = await effective(device);
    const everybodys = (await global()).ssl_proxying_domains as string[];
    expect([...ssl_proxying_domains].sort()).toEqual(
      [
        ...new Set([
          ...everybodys,
          host("own"),
          host("mail"),
          host("pay"),
          `*.${host("pay")}`,
        ]),
      ].sort(),
    );
    expect(sources["ssl_proxying_domains"]).toEqual(
      [...(everybodys.length > 0 ? ["global"] : []), "device", "service_groups"],
    );
    await override(device.uuid, { ssl_proxying_domains: null, service_group_ids: [] });
    expect((await effective(device)).ssl_proxying_domains).toEqual([...everybodys].sort());
  });
});

describe("an external proxy", () => {
  const proxy = {
    enabled: true,
    host: "proxy.example",
    port: 3128,
    username: "ann",
    country: "DE",
  };
  const secret = `s3cret-${randomUUID()}`;
  const shown = async () =>
    (await ok(
      ann.client.from("settings_device").select("external_proxy").eq("device_uuid", device.uuid)
        .single(),
    )).external_proxy;

  it("shows its password to the device that uses it, and a mask to people", async () => {
    const other = await newDevice(ann);
    await override(device.uuid, { external_proxy: { ...proxy, password: secret } });
    expect(await shown()).toEqual({ ...proxy, password: "********" });
    expect((await seenWith(ann.token, device.uuid))!.external_proxy)
      .toEqual({ ...proxy, password: "********" });
    expect(await effective(device)).toMatchObject({
      external_proxy: { ...proxy, password: secret },
      sources: { external_proxy: "device" },
    });
    expect(await seenWith(other.token, device.uuid)).toBeNull();
    expect(JSON.stringify(await auditOf(device.uuid))).not.toContain(secret);
    expect(await auditOf(device.uuid, "proxy_password.set")).toMatchObject([
      { actor_id: ann.id, after: { of: "settings" } },
    ]);
  });

  it("keeps the password when something else changes, but sends it to no other host", async () => {
    const kept = async () => (await effective(device)).external_proxy;
    await override(device.uuid, { mitm_all_hosts: true });
    expect(await kept()).toEqual({ ...proxy, password: secret });
    const masked = { ...proxy, password: "********", username: "ada" };
    await override(device.uuid, { external_proxy: masked });
    expect(await kept()).toEqual({ ...masked, password: secret });
    for (const moved of [{ host: "mine.example" }, { port: 3129 }]) {
      for (const verb of ["update", "upsert"] as const) {
        const row = { device_uuid: device.uuid, external_proxy: { ...masked, ...moved } };
        const table = ann.client.from("settings_device");
        const change = verb === "upsert"
          ? table.upsert(row)
          : table.update(row).eq("device_uuid", device.uuid);
        expect(await refused(change)).toMatchObject({
          status: 400,
          message: "password: give it again when host or port change, or leave it out",
        });
      }
    }
    const moved = { ...proxy, host: "new.example", password: "another" };
    await override(device.uuid, { external_proxy: moved });
    expect(await kept()).toEqual(moved);
    await override(device.uuid, { external_proxy: proxy });
    expect(await kept()).toEqual(proxy);
  });

  it("is forgotten with its row: the mask brings no password back", async () => {
    await override(device.uuid, { external_proxy: { ...proxy, password: secret } });
    await ok(ann.client.from("settings_device").delete().eq("device_uuid", device.uuid));
    await override(device.uuid, { external_proxy: { ...proxy, password: "********" } });
    expect(await shown()).toEqual(proxy);
    expect((await effective(device)).external_proxy).toEqual(proxy);
  });

  it("is none when it says so or cannot be used", async () => {
    for (
      const unusable of [
        { enabled: false },
        { ...proxy, enabled: false },
        { ...proxy, host: "" },
        { ...proxy, port: 0 },
        { enabled: true },
        { enabled: true, upstream_proxy_id: randomUUID() },
      ]
    ) {
      await override(device.uuid, { external_proxy: unusable });
      expect(await effective(device)).toMatchObject({
        external_proxy: null,
        sources: { external_proxy: "device" },
      });
    }
    await override(device.uuid, { external_proxy: null });
    expect((await effective(device)).sources["external_proxy"]).toBe("global");
  });

  it("may be one of the pool, whose password the device gets that uses it", async () => {
    const pooled = {
      name: `Pool ${randomUUID()}`,
      protocol: "socks5",
      host: "10.0.0.9",
      port: 1080,
    };
    const add = async (person: Person) =>
      await ok(
        person.client.from("upstream_proxies")
          .insert({ ...pooled, workspace_id: person.workspaceId, username: "u", password: secret })
          .select().single(),
      );
    const made = await add(ann);
    expect(made).toMatchObject({ ...pooled, password: "********" });
    const use = (upstream_proxy_id: string) =>
      override(device.uuid, { external_proxy: { enabled: true, upstream_proxy_id } });
    await use(made.id);
    const { name: _, ...resolved } = pooled;
    const expected = { ...resolved, enabled: true, upstream_proxy_id: made.id, username: "u" };
    expect((await effective(device)).external_proxy).toEqual({ ...expected, password: secret });
    expect((await seenWith(vera.token, device.uuid))!.external_proxy)
      .toEqual({ ...expected, password: "********" });

    const listener = await ears.on(device.token, "settings:all");
    const change = (row: Record<string, unknown>) =>
      ann.client.from("upstream_proxies").update(row).eq("id", made.id);
    const { message } = await refused(change({ host: "mine.example" }));
    expect(message).toMatch(/^password: give it again/);
    await ok(change({ port: 1081, password: "another" }));
    await heard(listener, "UPDATE", { scope: "proxies" });
    expect((await effective(device)).external_proxy)
      .toMatchObject({ port: 1081, password: "another" });
    await ok(change({ enabled: false }));
    expect((await effective(device)).external_proxy).toBeNull();
    // Nobody else's pool is anybody's.
    await use((await add(ben)).id);
    expect((await effective(device)).external_proxy).toBeNull();
    await override(device.uuid, { external_proxy: null });
  });
});

describe("a change", () => {
  it("is announced to the devices that it is for", async () => {
    const [devices, all, watcher] = await Promise.all([
      ears.on(device.token, `device:${device.uuid}`),
      ears.on(device.token, "settings:all"),
      ears.on(ann.token, `device:${device.uuid}`),
    ]);
    await override(device.uuid, { paused_domains: ["a.example"] });
    await heard(devices, "settings", { scope: "device" });
    await heard(watcher, "settings", { scope: "device" });
    await ok(ann.client.from("settings_user").upsert({ user_id: ann.id, connection_type: null }));
    await heard(devices, "settings", { scope: "user" });
    const { mitm_all_hosts } = await global();
    await ok(root.client.from("settings_global").update({ mitm_all_hosts }).eq("id", 1));
    await heard(all, "UPDATE", { scope: "global" });
    await ok(ann.client.from("settings_device").delete().eq("device_uuid", device.uuid));
    await expect.poll(() =>
      devices.broadcasts.filter(({ payload }) => (payload as { scope: string }).scope === "device")
    ).toHaveLength(2);
    expect(await auditOf(device.uuid, "settings_device.delete")).not.toEqual([]);
  });
});
