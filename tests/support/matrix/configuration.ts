// What steers devices and proxies: settings, services and their groups, tags, scripts, proxies, builds.

import { randomInt, randomUUID } from "node:crypto";
import { type Declarations, newAccount, put, type Scene, unique } from "./declaration.ts";

/** Who may read and who may change what belongs to the workspace, by the built-in roles. */
const BELONGING = {
  select: "viewer member admin",
  insert: "member admin",
  update: "member admin",
  delete: "member admin",
} as const;
const { update: _, ...LINKED } = BELONGING;

const hostname = () => `${randomUUID()}.example.com`;

const newService = ({ workspaceId }: Scene) =>
  put("services", { workspace_id: workspaceId, name: unique("service") }, "id");
const newGroup = ({ workspaceId }: Scene) =>
  put("service_groups", { workspace_id: workspaceId, name: unique("group") }, "id");
const newAgent = ({ workspaceId }: Scene) =>
  put("busybro_agents", { workspace_id: workspaceId, name: unique("agent") }, "id");
const newTag = ({ workspaceId }: Scene) =>
  put("tags", { workspace_id: workspaceId, name: unique("tag") }, "id");
const newDevice = ({ workspaceId, ownerId }: Scene) =>
  put("devices", {
    uuid: randomUUID(),
    name: unique("device"),
    workspace_id: workspaceId,
    owner_user_id: ownerId,
  }, "uuid");
const newEntry = ({ device }: Scene) =>
  put("entries", {
    request_id: randomUUID(),
    device_uuid: device.uuid,
    ts: new Date(),
    payload: { url: "https://api.example.com/" },
  }, "id");

export const CONFIGURATION: Declarations = {
  settings_global: {
    row: () => Promise.resolve({ id: 1 }),
    insert: () => ({ id: 1, connection_type: "unheard-of" }),
    sent: ["connection_type"],
    update: () => ({ paused_domains: [hostname()] }),
    may: { select: "viewer member stranger admin", update: "admin" },
  },
  settings_user: {
    row: async () => await put("settings_user", { user_id: await newAccount() }, "user_id"),
    insert: (_, callerId) => ({ user_id: callerId, connection_type: "pac" }),
    sent: ["user_id"],
    update: { connection_type: "pac" },
    may: {
      select: "admin",
      insert: "viewer member stranger keeper admin",
      update: "",
      delete: "",
    },
  },
  settings_device: {
    row: async (scene) =>
      await put("settings_device", { device_uuid: (await newDevice(scene)).uuid }, "device_uuid"),
    insert: async (scene) => ({ device_uuid: (await newDevice(scene)).uuid, mitm_all_hosts: true }),
    update: { mitm_all_hosts: true },
    may: BELONGING,
  },
  redaction_policies: {
    row: () => Promise.resolve({ destination: "telegram" }),
    insert: () => ({ destination: "elsewhere" }),
    update: () => ({ extra_names: [unique("x")] }),
    may: { select: "viewer member stranger admin", update: "admin" },
  },
  services: {
    row: newService,
    insert: ({ workspaceId }) => ({ workspace_id: workspaceId, name: unique("service") }),
    sent: ["name"],
    update: { description: "changed" },
    may: BELONGING,
  },
  service_domains: {
    row: async (scene) =>
      await put(
        "service_domains",
        { service_id: (await newService(scene)).id, domain: hostname() },
        "service_id",
        "domain",
      ),
    insert: async (scene) => ({ service_id: (await newService(scene)).id, domain: hostname() }),
    update: { domain: "changed.example" },
    may: LINKED,
  },
  service_groups: {
    row: newGroup,
    insert: ({ workspaceId }) => ({ workspace_id: workspaceId, name: unique("group") }),
    sent: ["name"],
    update: { description: "changed" },
    may: BELONGING,
  },
  service_group_services: {
    row: async (scene) =>
      await put(
        "service_group_services",
        { group_id: (await newGroup(scene)).id, service_id: (await newService(scene)).id },
        "group_id",
        "service_id",
      ),
    insert: async (scene) => ({
      group_id: (await newGroup(scene)).id,
      service_id: (await newService(scene)).id,
    }),
    update: { created_at: "2020-01-01T00:00:00Z" },
    may: LINKED,
  },
  service_group_includes: {
    row: async (scene) =>
      await put(
        "service_group_includes",
        { group_id: (await newGroup(scene)).id, included_group_id: (await newGroup(scene)).id },
        "group_id",
        "included_group_id",
      ),
    insert: async (scene) => ({
      group_id: (await newGroup(scene)).id,
      included_group_id: (await newGroup(scene)).id,
    }),
    update: { created_at: "2020-01-01T00:00:00Z" },
    may: LINKED,
  },
  tags: {
    row: newTag,
    insert: ({ workspaceId }) => ({ workspace_id: workspaceId, name: unique("tag") }),
    sent: ["name"],
    update: { color: "#00ff00" },
    may: BELONGING,
  },
  device_tags: {
    row: async (scene) =>
      await put(
        "device_tags",
        { device_uuid: (await newDevice(scene)).uuid, tag_id: (await newTag(scene)).id },
        "device_uuid",
        "tag_id",
      ),
    insert: async (scene) => ({
      device_uuid: (await newDevice(scene)).uuid,
      tag_id: (await newTag(scene)).id,
    }),
    update: { created_at: "2020-01-01T00:00:00Z" },
    may: {
      select: "viewer member keeper admin",
      insert: "member keeper admin",
      delete: "member keeper admin",
    },
  },
  entry_tags: {
    row: async (scene) =>
      await put(
        "entry_tags",
        { entry_id: (await newEntry(scene)).id, tag_id: (await newTag(scene)).id },
        "entry_id",
        "tag_id",
      ),
    insert: async (scene) => ({
      entry_id: (await newEntry(scene)).id,
      tag_id: (await newTag(scene)).id,
    }),
    update: { created_at: "2020-01-01T00:00:00Z" },
    may: LINKED,
  },
  scripts: {
    row: ({ workspaceId }) =>
      put("scripts", {
        workspace_id: workspaceId,
        name: unique("script"),
        source: "return request;",
      }, "id"),
    insert: ({ workspaceId }) => ({
      workspace_id: workspaceId,
      name: unique("script"),
      source: "return request;",
    }),
    sent: ["name"],
    update: { enabled: false },
    may: BELONGING,
  },
  upstream_proxies: {
    row: ({ workspaceId }) =>
      put("upstream_proxies", {
        workspace_id: workspaceId,
        name: unique("proxy"),
        host: "proxy.example.com",
        port: 8080,
      }, "id"),
    insert: ({ workspaceId }) => ({
      workspace_id: workspaceId,
      name: unique("proxy"),
      host: "proxy.example.com",
      port: 8080,
    }),
    sent: ["name"],
    update: { enabled: false },
    may: { ...BELONGING, select: "member admin" },
  },
  saved_filters: {
    row: ({ workspaceId }) =>
      put("saved_filters", { workspace_id: workspaceId, name: unique("filter"), filter: {} }, "id"),
    insert: ({ workspaceId }) => ({
      workspace_id: workspaceId,
      name: unique("filter"),
      filter: {},
    }),
    sent: ["name"],
    update: { text: "status>=400", filter: { field: "status", op: "gte", value: 400 } },
    may: BELONGING,
  },
  app_builds: {
    row: () =>
      put(
        "app_builds",
        { platform: "linux", version: "1.0", build: randomInt(1, 2 ** 31 - 1) },
        "id",
      ),
    insert: () => ({ platform: "linux", version: "1.0", build: randomInt(1, 2 ** 31 - 1) }),
    sent: ["build"],
    update: { notes: "changed" },
    may: {
      select: "viewer member stranger admin",
      insert: "admin",
      update: "admin",
      delete: "admin",
    },
  },
  busybro_agents: {
    row: newAgent,
    insert: ({ workspaceId }) => ({ workspace_id: workspaceId, name: unique("agent") }),
    sent: ["name"],
    update: { instructions: "changed" },
    may: BELONGING,
  },
  service_group_agents: {
    row: async (scene) =>
      await put(
        "service_group_agents",
        { group_id: (await newGroup(scene)).id, agent_id: (await newAgent(scene)).id },
        "group_id",
        "agent_id",
      ),
    insert: async (scene) => ({
      group_id: (await newGroup(scene)).id,
      agent_id: (await newAgent(scene)).id,
    }),
    update: { is_primary: true },
    may: BELONGING,
  },
  service_stats: {
    row: () => Promise.resolve({ id: 1 }),
    insert: () => ({ id: 1, updated_at: "2099-01-01T00:00:00+00:00" }),
    sent: ["updated_at"],
    update: () => ({ updated_at: "2098-01-01T00:00:00+00:00" }),
    may: { select: "admin" },
  },
  service_status: {
    row: () => Promise.resolve({ id: 1 }),
    insert: () => ({ id: 1, updated_at: "2099-01-01T00:00:00+00:00" }),
    sent: ["updated_at"],
    update: () => ({ updated_at: "2098-01-01T00:00:00+00:00" }),
    may: { select: "admin" },
  },
};
