// Each table of configuration as an integrator uses it with supabase-js: rows are made, read,
// changed and removed by who may, and are not there for who may not.

import { randomInt, randomUUID } from "node:crypto";
import type { SupabaseClient } from "@supabase/supabase-js";
import { beforeAll, describe, expect, it } from "vitest";
import {
  database,
  type Device,
  enrol,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";
import { ok, refused } from "./support/answers.ts";

// Vera only looks and Tom has a role of his own that only edits tags, both in Ann's workspace; Ben is
// somebody else's member; Root is an admin.
let ann: Person, ben: Person, vera: Person, tom: Person, root: Person;
let device: Device;
let entryId: string;

beforeAll(async () => {
  const role = `tagger-${randomUUID()}`;
  const sql = database();
  await sql`insert into public.roles (name) values (${role})`;
  await sql`insert into public.role_capabilities values (${role}, 'tags', 'edit')`;
  [ann, ben, vera, tom, root] = await Promise.all([
    newPerson(),
    newPerson(),
    newPerson("viewer"),
    newPerson(role),
    newPerson("admin"),
  ]) as [Person, Person, Person, Person, Person];
  await Promise.all([enrol(ann.workspaceId, vera), enrol(ann.workspaceId, tom)]);
  device = await newDevice(ann);
  await ingest(device, [exchangeOf()]);
  const [entry] = await ok(ann.client.from("entries").select("id").eq("device_uuid", device.uuid));
  entryId = entry!.id;
});

type Row = Record<string, unknown>;
const named = (what: string) => `${what} ${randomUUID()}`;
const own = (row: Row): Row => ({ workspace_id: ann.workspaceId, ...row });
const newId = async (table: string, row: Row): Promise<string> =>
  (await ok(ann.client.from(table).insert(own(row)).select("id").single())).id as string;
const newService = () => newId("services", { name: named("service") });
const newGroup = () => newId("service_groups", { name: named("group") });
const newAgent = () => newId("busybro_agents", { name: named("agent") });
const newTag = () => newId("tags", { name: named("tag") });

interface Use {
  /** A row as Ann would insert it. */
  insert: () => Row | Promise<Row>;
  /** What she changes about it then; nothing where rows are only put and taken away. */
  update?: Row;
  /** Whether viewers see it; they do, unless it concerns secrets. */
  viewers?: false;
}

const TABLES: Record<string, Use> = {
  services: {
    insert: () => own({ name: named("service"), description: "Payments" }),
    update: { description: "Payments and refunds" },
  },
  service_domains: {
    insert: async () => ({ service_id: await newService(), domain: "*.pay.example.com" }),
  },
  service_groups: {
    insert: () => own({ name: named("group") }),
    update: { description: "What the app talks to" },
  },
  service_group_services: {
    insert: async () => ({ group_id: await newGroup(), service_id: await newService() }),
  },
  service_group_includes: {
    insert: async () => ({ group_id: await newGroup(), included_group_id: await newGroup() }),
  },
  tags: { insert: () => own({ name: named("tag"), color: "#ff8800" }), update: { color: null } },
  device_tags: { insert: async () => ({ device_uuid: device.uuid, tag_id: await newTag() }) },
  entry_tags: { insert: async () => ({ entry_id: entryId, tag_id: await newTag() }) },
  scripts: {
    insert: () =>
      own({
        name: named("script"),
        phase: "both",
        url_pattern: "*.example.com/api/*",
        source: "export default (exchange) => exchange;",
        position: 3,
      }),
    update: { enabled: false, position: -1 },
  },
  upstream_proxies: {
    insert: () =>
      own({
        name: named("proxy"),
        protocol: "socks5",
        host: "10.0.0.7",
        port: 1080,
        country: "DE",
      }),
    update: { port: 1081, enabled: false },
    viewers: false,
  },
  saved_filters: {
    insert: () =>
      own({
        name: named("filter"),
        filter: { field: "status", op: "gte", value: 400 },
        text: "status>=400",
      }),
    update: { filter: {}, text: "" },
  },
  busybro_agents: {
    insert: () => own({ name: named("agent"), emoji: "💳", instructions: "Knows payments." }),
    update: { enabled: false },
  },
  service_group_agents: {
    insert: async () => ({
      group_id: await newGroup(),
      agent_id: await newAgent(),
      is_primary: true,
    }),
    update: { is_primary: false },
  },
  settings_device: {
    insert: async () => ({ device_uuid: (await newDevice(ann)).uuid, dns_servers: ["9.9.9.9"] }),
    update: { dns_servers: ["2620:fe::fe"], mitm_all_hosts: true },
  },
  device_live_activity_message: {
    insert: async () => ({ device_uuid: (await newDevice(ann)).uuid, message: "Recording" }),
    update: { message: "Paused" },
  },
};

/** What finds a row of a table again: its key, whole. */
const keyOf = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).filter(([column]) =>
      "id" in row ? column === "id" : /^(\w+_id|device_uuid|domain)$/.test(column) &&
        column !== "workspace_id"
    ),
  );

describe.concurrent.each(Object.entries(TABLES))(
  "%s",
  (table, { insert, update, viewers = true }) => {
    const of = ({ client }: { client: SupabaseClient }) => client.from(table);
    const found = (person: Person, key: Row) => ok(of(person).select().match(key));

    it("is made, read, changed and removed by its workspace's members alone", async () => {
      const sent = await insert();
      const made = await ok(of(ann).insert(sent).select().single()) as Row;
      expect(made).toMatchObject(sent);
      const key = keyOf(made);

      expect(await found(vera, key)).toEqual(viewers ? [made] : []);
      expect(await found(root, key)).toEqual([made]);
      expect(await found(ben, key)).toEqual([]);
      for (const outsider of [vera, ben]) {
        if (update) {
          expect(await ok(of(outsider).update(update).match(key).select())).toEqual([]);
        }
        expect(await ok(of(outsider).delete().match(key).select())).toEqual([]);
        expect((await refused(of(outsider).insert(await insert()))).code).toBe("42501");
      }
      expect(await found(ann, key)).toEqual([made]);

      if (update) {
        const changed = await ok(of(ann).update(update).match(key).select().single()) as Row;
        expect(changed).toEqual({ ...made, ...update, ...stamps(changed) });
        if ("updated_at" in made) {
          expect(Date.parse(changed["updated_at"] as string))
            .toBeGreaterThan(Date.parse(made["updated_at"] as string));
        }
      }
      expect(await ok(of(ann).delete().match(key).select())).toHaveLength(1);
      expect(await found(ann, key)).toEqual([]);
    });

    it("has one row a key", async () => {
      const sent = await insert();
      await ok(of(ann).insert(sent));
      expect(await refused(of(ann).insert(sent))).toMatchObject({ status: 409, code: "23505" });
    });
  },
);

const stamps = ({ updated_at, updated_by }: Row): Row => ({
  ...(updated_at === undefined ? {} : { updated_at }),
  ...(updated_by === undefined ? {} : { updated_by }),
});

describe("a role of one's own", () => {
  it("opens what its capabilities say and nothing else", async () => {
    const tag = await ok(
      tom.client.from("tags").insert(own({ name: named("tag") })).select().single(),
    );
    expect(await ok(tom.client.from("tags").update({ color: "#000000" }).eq("id", tag.id).select()))
      .toMatchObject([{ color: "#000000" }]);
    for (const table of ["services", "scripts", "devices", "entries", "upstream_proxies"]) {
      expect([table, await ok(tom.client.from(table).select("workspace_id"))]).toEqual([table, []]);
    }
    expect(
      (await refused(tom.client.from("services").insert(own({ name: named("service") })))).code,
    )
      .toBe("42501");
    const elsewhere = { workspace_id: ben.workspaceId, name: named("tag") };
    expect((await refused(tom.client.from("tags").insert(elsewhere))).code).toBe("42501");
  });
});

describe("what belongs to no workspace", () => {
  it.each(["services", "service_groups", "scripts", "upstream_proxies", "busybro_agents"])(
    "of %s is read by section and changed only with global:edit",
    async (table) => {
      const row = {
        name: named("shared"),
        ...(table === "scripts" ? { source: "0" } : {}),
        ...(table === "upstream_proxies" ? { host: "proxy.example", port: 3128 } : {}),
      };
      expect((await refused(ann.client.from(table).insert(row))).code).toBe("42501");
      const made = await ok(root.client.from(table).insert(row).select().single());
      expect(made.workspace_id).toBeNull();
      for (const person of [ann, ben]) {
        const mine = person.client.from(table);
        expect(await ok(mine.select().eq("id", made.id))).toEqual([made]);
        expect(await ok(mine.update({ name: "taken" }).eq("id", made.id).select())).toEqual([]);
        expect(await ok(mine.delete().eq("id", made.id).select())).toEqual([]);
      }
      expect(await ok(tom.client.from(table).select().eq("id", made.id))).toEqual([]);
      await ok(root.client.from(table).delete().eq("id", made.id));
    },
  );
});

describe("a row that makes no sense", () => {
  /** Each with what its author is told. */
  const BAD: [table: string, row: () => Row | Promise<Row>, message: RegExp][] = [
    ["services", () => own({ name: "" }), /"services_name_check"/],
    ["tags", () => own({ name: named("tag"), color: "red" }), /"tags_color_check"/],
    ["scripts", () => script({ phase: "never" }), /"scripts_phase_check"/],
    ["scripts", () => script({ url_pattern: "https://" }), /"url_pattern_check"/],
    ["scripts", () => script({ url_pattern: "a b.example" }), /"url_pattern_check"/],
    ["scripts", () => script({ url_pattern: "a.*.example" }), /"url_pattern_check"/],
    ["scripts", () => script({ source: "" }), /"scripts_source_check"/],
    ["upstream_proxies", () => proxy({ port: 0 }), /"port_number_check"/],
    ["upstream_proxies", () => proxy({ port: 65536 }), /"port_number_check"/],
    ["upstream_proxies", () => proxy({ host: "http://a.example" }), /"host_name_check"/],
    ["upstream_proxies", () => proxy({ protocol: "ftp" }), /"upstream_proxies_protocol_check"/],
    ["upstream_proxies", () => proxy({ country: "Germany" }), /"upstream_proxies_country_check"/],
    [
      "service_domains",
      async () => ({ service_id: await newService(), domain: "Pay.Example.com" }),
      /"domain_pattern_check"/,
    ],
    [
      "service_domains",
      async () => ({ service_id: await newService(), domain: "https://pay.example.com/" }),
      /"domain_pattern_check"/,
    ],
    ["settings_device", () => overrides({ dns_servers: ["dns.example"] }), /"ip_address_check"/],
    ["settings_device", () => overrides({ connection_type: "usb" }), /"settings_device_connection/],
    ["settings_device", () => overrides({ env: { "a b": "c" } }), /"settings_device_env_check"/],
    ["settings_device", () => overrides({ env: { A: 1 } }), /"settings_device_env_check"/],
    ...[
      { host: "proxy.example", port: 80 },
      { enabled: "yes" },
      { enabled: true, host: "a b", port: 80 },
      { enabled: true, host: "a", port: 80.5 },
      { enabled: true, host: "a", port: 65536 },
      { enabled: true, host: "a", port: "80" },
      { enabled: true, host: "a", port: 80, country: "Germany" },
      { enabled: true, upstream_proxy_id: "mine" },
      { enabled: true, host: "a", port: 80, upstream_proxy_id: randomUUID() },
      { enabled: true, host: "a", port: 80, via: "b" },
    ].map((external_proxy): [string, () => Row, RegExp] => [
      "settings_device",
      () => overrides({ external_proxy }),
      /"settings_device_external_proxy_check"/,
    ]),
    [
      "settings_device",
      () => overrides({ breakpoint_request_patterns: ["", "*"] }),
      /"url_pattern_check"/,
    ],
    ["saved_filters", () => filter({ field: "colour", op: "eq", value: 1 }), /^filter\S*: /],
    ["saved_filters", () => filter({ field: "status", op: "gte", value: "x" }), /^filter\S*: /],
  ];
  const script = (row: Row) => own({ name: named("script"), source: "0", ...row });
  const proxy = (row: Row) => own({ name: named("proxy"), host: "a.example", port: 80, ...row });
  const overrides = (row: Row) => ({ device_uuid: device.uuid, ...row });
  const filter = (value: Row) => own({ name: named("filter"), filter: value });

  it.each(BAD)("of %s is refused by name", async (table, row, message) => {
    const refusal = await refused(ann.client.from(table).insert(await row()));
    expect(refusal).toMatchObject({ status: 400, message: expect.stringMatching(message) });
  });

  it.each(["*", "a.example", "*.a.example", "a.example/path*", "/path*", "a.example:8443/x?y=*"])(
    "is none whose URL pattern is %s",
    async (url_pattern) => {
      await ok(ann.client.from("scripts").insert(script({ url_pattern })));
    },
  );

  it("is a build of a version, number or platform that cannot be", async () => {
    const builds = root.client.from("app_builds");
    const good = { platform: "android", version: "1.2", build: randomInt(1, 2 ** 31) };
    for (
      const [bad, constraint] of [
        [{ platform: "amiga" }, "platform"],
        [{ version: "next" }, "version"],
        [{ build: 0 }, "build"],
      ] as const
    ) {
      const { message } = await refused(builds.insert({ ...good, ...bad }));
      expect(message).toContain(`"app_builds_${constraint}_check"`);
    }
    await ok(builds.insert(good));
  });
});

describe("links", () => {
  it("join what is of one workspace or shared; anything else might as well not exist", async () => {
    const theirs = await ok(
      ben.client.from("services").insert({ workspace_id: ben.workspaceId, name: named("service") })
        .select("id").single(),
    );
    const shared = await ok(
      root.client.from("services").insert({ name: named("shared") }).select("id").single(),
    );
    const group_id = await newGroup();
    const link = (service_id: string) =>
      ann.client.from("service_group_services").insert({ group_id, service_id });
    await ok(link(shared.id));
    const nothing = await refused(link(randomUUID()));
    expect(nothing).toMatchObject({ status: 409, code: "23503" });
    expect((await refused(link(theirs.id))).code).toBe("23503");
    await ok(root.client.from("services").delete().eq("id", shared.id));

    const tag_id = await newTag();
    const bens = await newDevice(ben);
    for (const device_uuid of [bens.uuid, randomUUID()]) {
      const tagging = ann.client.from("device_tags").insert({ device_uuid, tag_id });
      expect((await refused(tagging)).code).toBe("23503");
    }
    const tagging = ann.client.from("entry_tags").insert({ entry_id: randomUUID(), tag_id });
    expect((await refused(tagging)).code).toBe("23503");
  });

  it("of groups make no circle, however long, also when two are made at once", async () => {
    const [a, b, c] = await Promise.all([newGroup(), newGroup(), newGroup()]);
    const include = (group_id: string, included_group_id: string) =>
      ann.client.from("service_group_includes").insert({ group_id, included_group_id });
    await ok(include(a, b));
    await ok(include(b, c));
    for (const [outer, inner] of [[b, a], [c, a], [c, b], [a, a]] as const) {
      expect(await refused(include(outer, inner))).toMatchObject({
        status: 409,
        message: "included_group_id: that group contains this one already",
      });
    }
    const [d, e] = await Promise.all([newGroup(), newGroup()]);
    const halves = await Promise.all([include(d, e), include(e, d)]);
    expect(halves.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it("leave a group one primary agent", async () => {
    const group_id = await newGroup();
    const [first, second] = await Promise.all([newAgent(), newAgent()]);
    const links = () => ann.client.from("service_group_agents");
    await ok(links().insert({ group_id, agent_id: first, is_primary: true }));
    expect(await refused(links().insert({ group_id, agent_id: second, is_primary: true })))
      .toMatchObject({ code: "23505", message: expect.stringContaining("one_primary") });
    await ok(links().insert({ group_id, agent_id: second }));
    expect((await refused(links().update({ is_primary: true }).eq("agent_id", second))).code)
      .toBe("23505");
    await ok(links().update({ is_primary: false }).eq("agent_id", first));
    await ok(links().update({ is_primary: true }).eq("agent_id", second));
    // Links are read with the group and its agents in one request.
    const group = await ok(
      ann.client.from("service_groups")
        .select("id, service_group_agents(is_primary, busybro_agents(id))").eq("id", group_id)
        .single(),
    );
    expect(group.service_group_agents).toEqual(expect.arrayContaining([
      { is_primary: false, busybro_agents: { id: first } },
      { is_primary: true, busybro_agents: { id: second } },
    ]));
  });
});
