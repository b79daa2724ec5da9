// Who may do what to a row of each table, declared once. The row belongs to a workspace and its
// owner; nobody in the matrix is the owner.

import { randomUUID } from "node:crypto";
import { database } from "./world.ts";

/** Everybody who tries. */
export const CALLERS = [
  "anonymous",
  "viewer", // role viewer, belongs to the workspace
  "member", // role member, belongs to the workspace
  "stranger", // role member, belongs to another workspace
  "keeper", // belongs to the workspace; a role of its own whose single capability is devices:edit
  "admin",
  "device", // paired into the workspace
  "revoked", // the member's role and workspace, with a revoked token
] as const;
export type Caller = (typeof CALLERS)[number];

export type Verb = "select" | "insert" | "update" | "delete";

/** What the rows are about. */
export interface Scene {
  readonly ownerId: string;
  readonly workspaceId: string;
  /** Those who belong to the workspace, its owner not included. */
  readonly memberIds: readonly string[];
  readonly device: { readonly uuid: string };
}

type Row = Record<string, unknown>;

export interface Declaration {
  /** Makes a row of the owner's and answers the columns that find it. */
  readonly row: (scene: Scene) => Promise<Record<string, string>>;
  /** A new row as a caller would send it. The columns of `row` or of `sent` find it afterwards. */
  readonly insert: (scene: Scene, callerId: string) => Row | Promise<Row>;
  readonly sent?: readonly string[];
  readonly update: Row;
  /** The callers who may, separated by spaces. A verb left out is granted to nobody. */
  readonly may: Partial<Record<Verb, string>>;
}

/** Adds a row as the owner of the database. */
async function put<Key extends string>(
  table: string,
  row: Row,
  ...key: Key[]
): Promise<Record<Key, string>> {
  const sql = database();
  const [made] = await sql`insert into ${sql(`public.${table}`)} ${sql(row)} returning *`;
  return Object.fromEntries(key.map((column) => [column, made![column]])) as Record<Key, string>;
}

const unique = (what: string) => `${what}-${randomUUID()}`;

async function newAccount(): Promise<string> {
  const id = randomUUID();
  await database()`insert into auth.users (id, email) values (${id}, ${`${id}@example.com`})`;
  return id;
}

/** A device of the workspace that the scene's device may write for as well, as a shared proxy may. */
async function attributedDevice({ workspaceId, device }: Scene): Promise<string> {
  const { uuid } = await put("devices", {
    uuid: randomUUID(),
    name: unique("device"),
    workspace_id: workspaceId,
  }, "uuid");
  await database()`
    update public.device_jwts set device_uuids = device_uuids || ${uuid}::uuid
    where device_uuid = ${device.uuid} and expires_at > now()`;
  return uuid;
}

const newRole = () => put("roles", { name: `r${randomUUID()}` }, "name");

export const MATRIX: Readonly<Record<string, Declaration>> = {
  profiles: {
    row: async () => ({ id: await newAccount() }),
    insert: () => ({ id: randomUUID() }),
    update: { display_name: "changed" },
    may: { select: "admin", update: "admin" },
  },
  roles: {
    row: newRole,
    insert: () => ({ name: `r${randomUUID()}` }),
    update: { description: "changed" },
    may: {
      select: "viewer member stranger keeper admin",
      insert: "admin",
      update: "admin",
      delete: "admin",
    },
  },
  role_capabilities: {
    row: async () =>
      await put(
        "role_capabilities",
        { role: (await newRole()).name, section: "tags", action: "view" },
        "role",
        "section",
      ),
    insert: async () => ({ role: (await newRole()).name, section: "devices", action: "view" }),
    update: { action: "edit" },
    may: {
      select: "viewer member stranger keeper admin",
      insert: "admin",
      update: "admin",
      delete: "admin",
    },
  },
  workspaces: {
    row: async ({ ownerId, memberIds }) => {
      const made = await put("workspaces", { name: "Shared", owner_user_id: ownerId }, "id");
      for (const user_id of memberIds) {
        await put("workspace_members", { workspace_id: made.id, user_id });
      }
      return made;
    },
    insert: (_, callerId) => ({ name: unique("workspace"), owner_user_id: callerId }),
    sent: ["name"],
    update: { name: "changed" },
    may: {
      select: "viewer member admin",
      insert: "member stranger admin",
      update: "admin",
      delete: "admin",
    },
  },
  workspace_members: {
    row: async ({ workspaceId }) =>
      await put(
        "workspace_members",
        { workspace_id: workspaceId, user_id: await newAccount() },
        "workspace_id",
        "user_id",
      ),
    insert: async ({ workspaceId }) => ({
      workspace_id: workspaceId,
      user_id: await newAccount(),
    }),
    update: { created_at: "2020-01-01T00:00:00Z" },
    may: { select: "viewer member admin", insert: "admin", delete: "admin" },
  },
  workspace_invitations: {
    row: ({ workspaceId }) =>
      put("workspace_invitations", {
        workspace_id: workspaceId,
        email: `${randomUUID()}@example.com`,
      }, "id"),
    insert: ({ workspaceId }) => ({
      workspace_id: workspaceId,
      email: `${randomUUID()}@example.com`,
    }),
    sent: ["email"],
    update: { expires_at: "2099-01-01T00:00:00Z" },
    may: { select: "admin", delete: "admin" },
  },
  devices: {
    row: ({ workspaceId, ownerId }) =>
      put("devices", {
        uuid: randomUUID(),
        name: unique("device"),
        workspace_id: workspaceId,
        owner_user_id: ownerId,
      }, "uuid"),
    insert: ({ workspaceId }) => ({
      uuid: randomUUID(),
      name: unique("device"),
      workspace_id: workspaceId,
    }),
    update: { model: "changed" },
    may: {
      select: "viewer member keeper admin",
      insert: "member keeper admin",
      update: "member keeper admin",
      delete: "member keeper admin",
    },
  },
  device_status: {
    row: async (scene) =>
      await put("device_status", { device_uuid: await attributedDevice(scene) }, "device_uuid"),
    insert: async (scene) => ({ device_uuid: await attributedDevice(scene), online: true }),
    update: { vpn_state: "connected" },
    may: {
      select: "viewer member keeper admin device",
      insert: "device",
      update: "device",
    },
  },
  device_jwts: {
    row: ({ device }) =>
      put("device_jwts", {
        device_uuid: device.uuid,
        device_uuids: [device.uuid],
        expires_at: new Date(),
      }, "id"),
    insert: ({ device }) => ({
      id: randomUUID(),
      device_uuid: device.uuid,
      device_uuids: [device.uuid],
      expires_at: "2099-01-01T00:00:00Z",
    }),
    update: { expires_at: "2099-01-01T00:00:00Z" },
    may: { select: "member keeper admin" },
  },
  entries: {
    row: async ({ device }) => {
      const request_id = randomUUID();
      await put("entries", {
        request_id,
        device_uuid: device.uuid,
        ts: new Date(),
        payload: { url: "https://api.example.com/" },
      });
      return { request_id };
    },
    insert: ({ device }) => ({
      request_id: randomUUID(),
      device_uuid: device.uuid,
      ts: new Date().toISOString(),
      kind: "event",
      payload: { url: "https://api.example.com/" },
    }),
    update: { host: "changed.example" },
    may: { select: "viewer member admin device", insert: "device", delete: "admin" },
  },
  audit_log: {
    row: ({ workspaceId }) =>
      put("audit_log", {
        workspace_id: workspaceId,
        actor_type: "system",
        action: "matrix.made",
        target: randomUUID(),
      }, "target"),
    insert: ({ workspaceId }) => ({
      workspace_id: workspaceId,
      actor_type: "user",
      action: "matrix.forged",
      target: randomUUID(),
    }),
    update: { action: "matrix.changed" },
    may: { select: "admin" },
  },
  api_tokens: {
    row: async ({ ownerId }) => {
      const [grant] = await database()`
        insert into private.grants (user_id, client_id, scope, expires_at)
        values (${ownerId}, 'matrix', 'mcp:read', now()) returning id`;
      return await put("api_tokens", {
        user_id: ownerId,
        grant_id: grant!["id"],
        client_id: "matrix",
        label: "oauth",
        scope: "mcp:read",
        expires_at: new Date(),
      }, "jti");
    },
    insert: (_, callerId) => ({
      jti: randomUUID(),
      user_id: callerId,
      grant_id: randomUUID(),
      client_id: "matrix",
      label: "oauth",
      scope: "admin",
      expires_at: "2099-01-01T00:00:00Z",
    }),
    update: { scope: "admin" },
    may: { select: "admin" },
  },
  service_accounts: {
    row: () => put("service_accounts", { name: unique("service"), role: "viewer" }, "id"),
    insert: () => ({ name: unique("service"), role: "viewer" }),
    sent: ["name"],
    update: { role: "member" },
    may: { select: "admin", insert: "admin", update: "admin", delete: "admin" },
  },
};
