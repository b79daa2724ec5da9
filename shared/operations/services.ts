import { z } from "zod";
import { rowsOf } from "./failure.ts";
import { domain, id, name, workspaceId } from "./fields.ts";
import { type Operation, operation } from "./operation.ts";
import { tableOperations } from "./rows.ts";

const serviceId = id("a service");
const groupId = id("a service group");
const words = { name: name(120), description: z.string().max(2_000) };
const shared = workspaceId.nullable().describe("null shares it with all, which needs global:edit");
const creation = {
  workspace_id: shared.optional(),
  name: words.name,
  description: words.description.optional(),
};
const common = { toolset: "services", section: "services", content: "product" } as const;

export const SERVICE_OPERATIONS: Operation[] = [
  ...tableOperations({
    ...common,
    table: "services",
    one: "service",
    many: "services",
    about: "named sets of domains",
    key: { id: serviceId },
    filters: { workspace_id: workspaceId, name: words.name },
    order: "name",
    create: creation,
    update: words,
    remove: "Its domains go with it, and it leaves every group.",
  }),
  ...tableOperations({
    ...common,
    table: "service_domains",
    one: "service_domain",
    many: "service_domains",
    names: { create: "add_service_domain", remove: "remove_service_domain" },
    about: "the domains of services",
    key: { service_id: serviceId, domain },
    filters: { service_id: serviceId, domain },
    order: "domain",
    get: false,
    create: { service_id: serviceId, domain },
    remove: "",
  }),
  ...tableOperations({
    ...common,
    table: "service_groups",
    one: "service_group",
    many: "service_groups",
    about: "groups of services, which may contain groups",
    key: { id: groupId },
    filters: { workspace_id: workspaceId, name: words.name },
    order: "name",
    create: creation,
    update: words,
    remove: "Services and groups in it stay.",
  }),
  ...tableOperations({
    ...common,
    table: "service_group_services",
    one: "service_group_member",
    many: "service_group_members",
    names: { create: "add_service_to_group", remove: "remove_service_from_group" },
    about: "which service is in which group",
    key: { group_id: groupId, service_id: serviceId },
    filters: { group_id: groupId, service_id: serviceId },
    order: "created_at",
    get: false,
    create: { group_id: groupId, service_id: serviceId },
    remove: "The service itself stays.",
  }),
  ...tableOperations({
    ...common,
    table: "service_group_includes",
    one: "service_group_include",
    many: "service_group_includes",
    names: { create: "include_service_group", remove: "exclude_service_group" },
    about: "which group contains which; a cycle is refused",
    key: { group_id: groupId, included_group_id: id("the contained group") },
    filters: { group_id: groupId },
    order: "created_at",
    get: false,
    create: { group_id: groupId, included_group_id: id("the contained group") },
    remove: "Both groups stay.",
  }),
  operation({
    name: "expand_service_groups",
    title: "Expand service groups",
    summary: "All services and domains of groups, nested groups followed, each once a group.",
    toolset: "services",
    needs: { section: "services", action: "view" },
    effect: "read",
    content: "product",
    input: () => z.strictObject({ group_ids: z.array(groupId).min(1).max(100) }),
    async run(call, { group_ids }) {
      const rows = rowsOf(
        await call.db.rpc("expand_service_groups", { group_ids }).abortSignal(call.signal),
      );
      return { rows };
    },
  }),
];
