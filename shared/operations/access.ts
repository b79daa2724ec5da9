import { z } from "zod";
import { found, rowsOf } from "./failure.ts";
import { id, name } from "./fields.ts";
import { type Operation, operation } from "./operation.ts";
import { tableOperations } from "./rows.ts";
import { workspacesOf } from "./workspaces.ts";

const jti = id("a token (its jti)");
const grantId = id("a grant");
const accountId = id("a service account");
const role = z.string().min(1).max(63).describe("name of a role");
const common = { toolset: "access", content: "product", peopleOnly: true } as const;

export const ACCESS_OPERATIONS: Operation[] = [
  operation({
    ...common,
    name: "whoami",
    title: "Who am I",
    summary: "Your account, workspaces, role, capabilities and the scopes of this token.",
    needs: null,
    effect: "read",
    top: true,
    input: () => z.strictObject({}),
    async run(call) {
      const { userId, role, isAdmin, scopes, capabilities } = call.rights;
      const [profile, workspaces] = await Promise.all([
        userId === null ? null : call.db.from("profiles")
          .select("id,email,display_name,role,created_at")
          .eq("id", userId).abortSignal(call.signal).maybeSingle().then(rowsOf),
        workspacesOf(call),
      ]);
      return { profile, workspaces, role, admin: isAdmin, scopes, capabilities };
    },
  }),
  ...tableOperations({
    ...common,
    table: "api_tokens",
    one: "token",
    many: "tokens",
    about: "access tokens, your own and with tokens:view those of others; never the token itself",
    section: null,
    key: { jti },
    filters: { user_id: id("a person"), client_id: z.string(), grant_id: grantId },
    order: "created_at",
    newestFirst: true,
  }),
  operation({
    ...common,
    name: "revoke_token",
    title: "Revoke a token",
    summary: "Ends one access token within a second; its grant can still get others.",
    needs: null,
    effect: "destructive",
    input: () => z.strictObject({ jti }),
    async run(call, { jti }) {
      found(rowsOf(await call.db.rpc("revoke_token", { jti }).abortSignal(call.signal)), "token");
      return { revoked: jti };
    },
  }),
  operation({
    ...common,
    name: "list_connections",
    title: "List connected apps",
    summary: "Apps and sessions that can act for you; with tokens:view those of another person.",
    needs: null,
    effect: "read",
    input: () => z.strictObject({ user_id: id("a person").optional() }),
    async run(call, { user_id }) {
      const rows = rowsOf(
        await call.db.rpc("list_connections", user_id === undefined ? {} : { user_id })
          .abortSignal(call.signal),
      );
      return { rows };
    },
  }),
  operation({
    ...common,
    name: "revoke_connection",
    title: "Disconnect an app",
    summary: "Ends a connected app or session: its tokens stop within a second.",
    needs: null,
    effect: "destructive",
    input: () => z.strictObject({ grant_id: grantId }),
    async run(call, { grant_id }) {
      const revoked = rowsOf(
        await call.db.rpc("revoke_connection", { grant_id }).abortSignal(call.signal),
      );
      found(revoked, "connection");
      return { revoked: grant_id };
    },
  }),
  ...tableOperations({
    ...common,
    table: "service_accounts",
    one: "service_account",
    many: "service_accounts",
    about: "accounts for what runs unattended",
    section: "tokens",
    key: { id: accountId },
    filters: { role },
    order: "name",
    create: { name: name(120), role },
    update: {
      name: name(120),
      role,
      disabled_at: z.iso.datetime({ offset: true }).nullable().describe(
        "null switches it on again",
      ),
    },
    remove: "Its clients and tokens stop within a second.",
  }),
  operation({
    ...common,
    name: "create_service_client",
    title: "Make a service account's client",
    summary: "Client id and secret of a service account for client_credentials; shown this once.",
    needs: { section: "tokens", action: "edit" },
    adminOnly: true,
    effect: "write",
    input: () => z.strictObject({ service_account_id: accountId }),
    async run(call, input) {
      const client = rowsOf(
        await call.db.rpc("create_service_client", input).abortSignal(call.signal),
      );
      return found(client, "service account");
    },
  }),
];
