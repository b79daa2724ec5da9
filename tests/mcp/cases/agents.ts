import { put } from "../../support/matrix/declaration.ts";
import { type Cases, tableCases } from "../support/case.ts";
import type { Scene } from "../support/scene.ts";

const message = async ({ ownerId }: Scene) => {
  const thread = await put("busybro_threads", { user_id: ownerId }, "id");
  return { thread_id: thread.id, ...await said(ownerId, thread.id) };
};
const said = (user_id: string, thread_id: string) =>
  put("busybro_messages", { user_id, thread_id, role: "user", text: "Hello" }, "text");

export const AGENT_CASES: Cases = {
  ...tableCases("busybro_agents", {
    list: "list_agents",
    get: "get_agent",
    create: "create_agent",
    update: "update_agent",
    remove: "delete_agent",
  }),
  ...tableCases("service_group_agents", {
    list: "list_group_agents",
    create: "link_agent_to_group",
    update: "set_primary_agent",
    remove: "unlink_agent_from_group",
  }),
  ...tableCases("busybro_threads", {
    list: "list_conversations",
    get: "get_conversation",
    update: "rename_conversation",
    remove: "delete_conversation",
  }),
  ...tableCases("busybro_messages", { list: "list_conversation_messages" }, { row: message }),
};
