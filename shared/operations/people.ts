import { z } from "zod";
import { AppError } from "../http/errors.ts";
import { found, rowsOf } from "./failure.ts";
import { id } from "./fields.ts";
import { type Operation, operation, SECTIONS } from "./operation.ts";
import { anyTable, tableOperations } from "./rows.ts";

const userId = id("a person");
const role = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, "use a-z, 0-9, _ and -, at most 63")
  .describe("name of a role");
const section = z.enum(SECTIONS);

export const PEOPLE_OPERATIONS: Operation[] = [
  ...tableOperations({
    table: "profiles",
    one: "user",
    many: "users",
    about: "people with an account, and their roles",
    toolset: "people",
    section: "users",
    content: "product",
    key: { id: userId },
    filters: { role, email: z.email() },
    order: "created_at",
    update: { display_name: z.string().max(120) },
    peopleOnly: true,
  }),
  operation({
    name: "set_user_role",
    title: "Give a person a role",
    summary: "Changes a person's role. Only an admin makes an admin, and the last admin stays one.",
    toolset: "people",
    needs: { section: "users", action: "edit" },
    effect: "destructive",
    idempotent: true,
    content: "product",
    peopleOnly: true,
    input: () => z.strictObject({ id: userId, role }),
    async run(call, { id, role }) {
      const row = rowsOf(
        await call.db.from("profiles").update({ role }).eq("id", id).select("id,role")
          .abortSignal(call.signal).maybeSingle(),
      );
      return found(row, "person");
    },
  }),
  ...tableOperations({
    table: "roles",
    one: "role",
    many: "roles",
    about: "what a person may be; capabilities hang on it",
    toolset: "people",
    section: null,
    content: "product",
    key: { name: role },
    order: "name",
    peopleOnly: true,
  }),
  ...editingRoles(),
  operation({
    name: "list_role_capabilities",
    title: "List capabilities",
    summary: "Which role may view or edit which section.",
    toolset: "people",
    needs: null,
    effect: "read",
    content: "product",
    input: () => z.strictObject({ role: role.optional() }),
    async run(call, { role }) {
      const query = call.db.from("role_capabilities").select("role,section,action");
      const rows = rowsOf(
        await (role === undefined ? query : query.eq("role", role)).order("role").order("section")
          .abortSignal(call.signal),
      );
      return { rows };
    },
  }),
  operation({
    name: "grant_capability",
    title: "Grant a capability",
    summary: "Lets a role view or edit a section. Nobody grants what they lack themselves.",
    toolset: "people",
    needs: { section: "roles", action: "edit" },
    effect: "write",
    idempotent: true,
    content: "product",
    peopleOnly: true,
    input: () => z.strictObject({ role, section, action: z.enum(["view", "edit"]) }),
    async run(call, { role, section, action }) {
      const changed = rowsOf(
        await call.db.from("role_capabilities").update({ action }).match({ role, section })
          .select("role,section,action").abortSignal(call.signal).maybeSingle(),
      );
      if (changed) return changed;
      return rowsOf(
        await call.db.from("role_capabilities").insert({ role, section, action })
          .select("role,section,action").abortSignal(call.signal).single(),
      );
    },
  }),
  operation({
    name: "revoke_capability",
    title: "Revoke a capability",
    summary: "Takes a section away from a role, for everybody who has it.",
    toolset: "people",
    needs: { section: "roles", action: "edit" },
    effect: "destructive",
    content: "product",
    peopleOnly: true,
    input: () => z.strictObject({ role, section }),
    async run(call, { role, section }) {
      const rows = rowsOf(
        await call.db.from("role_capabilities").delete().eq("role", role).eq("section", section)
          .select("role").abortSignal(call.signal),
      );
      found(rows?.length, "capability");
      return { revoked: { role, section } };
    },
  }),
  operation({
    name: "export_account",
    title: "Export my account",
    summary: "Everything kept about you as one document; captures are exported as HAR.",
    toolset: "people",
    needs: null,
    effect: "read",
    content: "captured",
    input: () => z.strictObject({}),
    async run(call) {
      return rowsOf(await call.db.rpc("export_account").abortSignal(call.signal));
    },
  }),
  operation({
    name: "delete_account",
    title: "Delete my account",
    summary: "Deletes your own account for good; works only with a token of the dashboard.",
    toolset: "people",
    needs: null,
    effect: "destructive",
    content: "product",
    peopleOnly: true,
    input: () => z.strictObject({ email: z.email().describe("your own address, to be sure") }),
    async run(call, { email }) {
      const deleted = rowsOf(
        await call.db.rpc("delete_account", { confirm: email }).abortSignal(call.signal),
      );
      if (!deleted) {
        throw new AppError(
          "forbidden",
          "Nothing was deleted: give your own e-mail address, with a token of the dashboard.",
        );
      }
      return { deleted };
    },
  }),
];

/** Roles are readable by everyone signed in and changed with roles:edit, so the verbs differ in what they need. */
function editingRoles(): Operation[] {
  const needs = { section: "roles", action: "edit" } as const;
  const common = { toolset: "people", needs, content: "product", peopleOnly: true } as const;
  const description = z.string().max(500);
  return [
    operation({
      ...common,
      name: "create_role",
      title: "Create a role",
      summary: "Adds a role without capabilities; grant_capability gives it some.",
      effect: "write",
      input: () => z.strictObject({ name: role, description: description.optional() }),
      async run(call, input) {
        return rowsOf(
          await anyTable(call, "roles").insert(input).select().abortSignal(call.signal).single(),
        );
      },
    }),
    operation({
      ...common,
      name: "update_role",
      title: "Change a role",
      summary: "Renames a role, which takes its people along, or describes it anew.",
      effect: "write",
      idempotent: true,
      input: () =>
        z.strictObject({
          name: role,
          new_name: role.optional(),
          description: description.optional(),
        }),
      async run(call, { name, new_name, description }) {
        if (new_name === undefined && description === undefined) {
          throw new AppError("invalid_request", "Give at least one of new_name, description.");
        }
        const row = rowsOf(
          await anyTable(call, "roles").update({
            ...(new_name !== undefined && { name: new_name }),
            ...(description !== undefined && { description }),
          }).eq("name", name).select().abortSignal(call.signal).maybeSingle(),
        );
        return found(row, "role");
      },
    }),
    operation({
      ...common,
      name: "delete_role",
      title: "Delete a role",
      summary: "Deletes a role that nobody has any more. Built-in roles stay.",
      effect: "destructive",
      input: () => z.strictObject({ name: role }),
      async run(call, { name }) {
        const rows = rowsOf(
          await anyTable(call, "roles").delete().eq("name", name).select("name")
            .abortSignal(call.signal),
        );
        found(rows?.length, "role");
        return { deleted: { name } };
      },
    }),
  ];
}
