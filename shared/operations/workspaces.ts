import { z } from "zod";
import type { Call } from "./call.ts";
import { found, rowsOf } from "./failure.ts";
import { id, name, workspaceId } from "./fields.ts";
import { type Operation, operation } from "./operation.ts";
import { tableOperations } from "./rows.ts";

const userId = id("a person");
const retention = z.int().min(1).max(30).describe("days that captures are kept");
const common = { toolset: "workspaces", content: "product" } as const;
const edit = { section: "workspaces", action: "edit" } as const;

const MOST = 50;

/** The workspaces that the caller belongs to, the personal one first; global holders see others as well. */
export async function workspacesOf(call: Call) {
  const { userId } = call.rights;
  if (userId === null) return [];
  const rows = rowsOf(
    await call.db.from("workspaces")
      .select("id,name,personal,owner_user_id,workspace_members!inner()")
      .eq("workspace_members.user_id", userId)
      .order("personal", { ascending: false }).order("created_at").limit(MOST)
      .abortSignal(call.signal),
  );
  return (rows ?? []).map(({ id, name, personal, owner_user_id }) => ({
    id,
    name,
    personal,
    owner: owner_user_id === userId,
  }));
}

export const WORKSPACE_OPERATIONS: Operation[] = [
  ...tableOperations({
    ...common,
    table: "workspaces",
    one: "workspace",
    many: "workspaces",
    about: "what devices and captures belong to",
    section: "workspaces",
    key: { id: workspaceId },
    filters: { owner_user_id: userId, personal: z.boolean() },
    order: "created_at",
    update: { name: name(120), retention_days: retention },
    remove: "Its devices, captures and everything else in it go with it.",
    peopleOnly: true,
  }),
  operation({
    ...common,
    name: "create_workspace",
    title: "Create a workspace",
    summary: "A new workspace of your own; invite people with invite_to_workspace.",
    needs: edit,
    effect: "write",
    input: () => z.strictObject({ name: name(120), retention_days: retention.optional() }),
    async run(call, input) {
      const owner_user_id = found(
        call.rights.userId,
        "person: a service account owns no workspace",
      );
      return rowsOf(
        await call.db.from("workspaces").insert({
          name: input.name,
          owner_user_id,
          ...(input.retention_days !== undefined && { retention_days: input.retention_days }),
        }).select().abortSignal(call.signal).single(),
      );
    },
  }),
  ...tableOperations({
    ...common,
    table: "workspace_members",
    one: "workspace_member",
    many: "workspace_members",
    names: { create: "add_workspace_member", remove: "remove_workspace_member" },
    about: "who belongs to which workspace",
    section: "workspaces",
    key: { workspace_id: workspaceId, user_id: userId },
    filters: { workspace_id: workspaceId, user_id: userId },
    order: "created_at",
    get: false,
    create: { workspace_id: workspaceId, user_id: userId },
    remove: "They lose access within a second.",
    peopleOnly: true,
  }),
  ...tableOperations({
    ...common,
    table: "workspace_invitations",
    one: "workspace_invitation",
    many: "workspace_invitations",
    names: { remove: "withdraw_workspace_invitation" },
    about: "invitations to workspaces you manage",
    section: "workspaces",
    select: "id,workspace_id,email,created_at,expires_at",
    key: { id: id("an invitation") },
    filters: { workspace_id: workspaceId },
    order: "created_at",
    newestFirst: true,
    get: false,
    remove: "Its code stops working.",
    peopleOnly: true,
  }),
  operation({
    ...common,
    name: "invite_to_workspace",
    title: "Invite to a workspace",
    summary:
      "Invites an e-mail address into a workspace you manage. Answers a code, shown this once: its person joins with accept_invitation.",
    needs: edit,
    effect: "write",
    peopleOnly: true,
    input: () => z.strictObject({ workspace_id: workspaceId, email: z.email() }),
    async run(call, input) {
      const invitation = rowsOf(
        await call.db.rpc("invite_to_workspace", input).abortSignal(call.signal),
      );
      return found(invitation, "workspace");
    },
  }),
  operation({
    ...common,
    name: "accept_invitation",
    title: "Accept an invitation",
    summary: "Joins the workspace of an invitation made for your own e-mail address.",
    needs: null,
    effect: "write",
    peopleOnly: true,
    input: () => z.strictObject({ code: z.string().min(1).max(200) }),
    async run(call, input) {
      const joined = rowsOf(await call.db.rpc("accept_invitation", input).abortSignal(call.signal));
      return found(joined, "invitation");
    },
  }),
  operation({
    ...common,
    name: "transfer_workspace",
    title: "Hand a workspace over",
    summary: "Makes another member the owner of a workspace you own.",
    needs: edit,
    effect: "destructive",
    peopleOnly: true,
    input: () => z.strictObject({ workspace_id: workspaceId, user_id: userId }),
    async run(call, { workspace_id, user_id }) {
      const done = rowsOf(
        await call.db.rpc("transfer_workspace", { workspace_id, user_id }).abortSignal(call.signal),
      );
      found(done, "workspace with that member");
      return { transferred: { workspace_id, owner_user_id: user_id } };
    },
  }),
  operation({
    ...common,
    name: "leave_workspace",
    title: "Leave a workspace",
    summary: "Takes you out of a workspace you do not own.",
    needs: null,
    effect: "destructive",
    peopleOnly: true,
    input: () => z.strictObject({ workspace_id: workspaceId }),
    async run(call, { workspace_id }) {
      const left = rowsOf(
        await call.db.rpc("leave_workspace", { workspace_id }).abortSignal(call.signal),
      );
      found(left, "workspace");
      return { left: workspace_id };
    },
  }),
];
