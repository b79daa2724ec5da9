// People, their roles, workspaces and credentials, and the log of what they did.

import { randomUUID } from "node:crypto";
import { database } from "../world.ts";
import { type Declarations, newAccount, newRole, put, unique } from "./declaration.ts";

export const IDENTITY: Declarations = {
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
};
