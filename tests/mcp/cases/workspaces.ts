import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { put, unique } from "../../support/matrix/declaration.ts";
import { MATRIX } from "../../support/matrix.ts";
import { database } from "../../support/world.ts";
import { answers, type Cases, find, tableCases } from "../support/case.ts";
import { valueOf } from "../support/client.ts";
import { newAgent, type Scene } from "../support/scene.ts";

/** A workspace of the owner's beside the personal one, with one who belongs to it. */
async function shared(scene: Scene, user_id: string) {
  const { id } = await MATRIX["workspaces"]!.row(scene);
  await put("workspace_members", { workspace_id: id, user_id });
  return { workspace_id: id as string, user_id };
}

const isOwner = async (workspace_id: unknown, owner_user_id: unknown) =>
  expect(await find("workspaces", { id: workspace_id, owner_user_id })).toHaveLength(1);

export const WORKSPACE_CASES: Cases = {
  ...tableCases("workspaces", {
    list: "list_workspaces",
    get: "get_workspace",
    update: "update_workspace",
    remove: "delete_workspace",
  }),
  create_workspace: {
    args: () => ({ name: unique("workspace"), retention_days: 7 }),
    async check(_answer, { ownerId }, args) {
      expect(await find("workspaces", { ...args, owner_user_id: ownerId })).toHaveLength(1);
    },
    everyone: true,
  },
  ...tableCases("workspace_members", {
    list: "list_workspace_members",
    create: "add_workspace_member",
    remove: "remove_workspace_member",
  }),
  ...tableCases("workspace_invitations", {
    list: "list_workspace_invitations",
    remove: "withdraw_workspace_invitation",
  }),
  invite_to_workspace: {
    args: ({ workspaceId }) => ({
      workspace_id: workspaceId,
      email: `${randomUUID()}@example.com`,
    }),
    async check(_answer, _scene, args) {
      expect(await find("workspace_invitations", args)).toHaveLength(1);
    },
  },
  accept_invitation: {
    by: () => newAgent(),
    async args({ owner }, caller) {
      const { id } = await put("workspaces", { name: "Shared", owner_user_id: owner.id }, "id");
      const invitation = await owner.mcp.succeed("invite_to_workspace", {
        workspace_id: id,
        email: caller.email,
      });
      return { code: valueOf<{ code: string }>(invitation).code };
    },
    check: answers({ workspace_id: expect.any(String) }),
  },
  transfer_workspace: {
    args: (scene) => shared(scene, scene.admin.id),
    check: (_answer, _scene, { workspace_id, user_id }) => isOwner(workspace_id, user_id),
  },
  leave_workspace: {
    by: () => newAgent(),
    async args(scene, caller) {
      const { workspace_id } = await shared(scene, caller.id);
      return { workspace_id };
    },
    async check(_answer, _scene, { workspace_id }) {
      const members = await database()`
        select user_id from public.workspace_members where workspace_id = ${workspace_id as string}`;
      expect(members.length).toBeGreaterThan(0);
    },
  },
};
