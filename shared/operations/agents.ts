import { z } from "zod";
import { id, name, workspaceId } from "./fields.ts";
import type { Operation } from "./operation.ts";
import { tableOperations } from "./rows.ts";

const agentId = id("an agent");
const groupId = id("a service group");
const threadId = id("a conversation");
const agent = {
  name: name(60),
  emoji: z.string().max(8),
  instructions: z.string().max(8_000).describe("what BusyBro is told when this agent answers"),
  enabled: z.boolean(),
};
const primary = z.boolean().describe("whether it answers for the group; one per group");

export const AGENT_OPERATIONS: Operation[] = [
  ...tableOperations({
    table: "busybro_agents",
    one: "agent",
    many: "agents",
    about: "BusyBro's agents, with what each is told",
    toolset: "agents",
    section: "agents",
    content: "product",
    key: { id: agentId },
    filters: { workspace_id: workspaceId, enabled: agent.enabled, name: agent.name },
    order: "name",
    create: {
      workspace_id: workspaceId.nullable().optional()
        .describe("null shares it with all, which needs global:edit"),
      name: agent.name,
      emoji: agent.emoji.optional(),
      instructions: agent.instructions.optional(),
      enabled: agent.enabled.optional(),
    },
    update: agent,
    remove: "It leaves every group.",
    peopleOnly: true,
  }),
  ...tableOperations({
    table: "service_group_agents",
    one: "group_agent",
    many: "group_agents",
    names: {
      create: "link_agent_to_group",
      update: "set_primary_agent",
      remove: "unlink_agent_from_group",
    },
    about: "which agents answer for which service group",
    toolset: "agents",
    section: "agents",
    content: "product",
    key: { group_id: groupId, agent_id: agentId },
    filters: { group_id: groupId, agent_id: agentId },
    order: "created_at",
    get: false,
    create: { group_id: groupId, agent_id: agentId, is_primary: primary.optional() },
    update: { is_primary: primary },
    remove: "Agent and group stay.",
    peopleOnly: true,
  }),
  ...tableOperations({
    table: "busybro_threads",
    one: "conversation",
    many: "conversations",
    names: { update: "rename_conversation" },
    about: "your own conversations with BusyBro",
    toolset: "agents",
    section: null,
    content: "captured",
    key: { id: threadId },
    filters: { surface: z.enum(["web", "telegram"]) },
    order: "updated_at",
    newestFirst: true,
    update: { title: z.string().max(200) },
    remove: "Its messages go with it.",
  }),
  ...tableOperations({
    table: "busybro_messages",
    one: "conversation_message",
    many: "conversation_messages",
    about: "what was said in one of your own conversations",
    toolset: "agents",
    section: null,
    content: "captured",
    key: { id: z.int().min(1) },
    filters: { thread_id: threadId, role: z.enum(["user", "assistant"]) },
    order: "id",
    newestFirst: true,
    get: false,
  }),
];
