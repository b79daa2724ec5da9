import { z } from "zod";
import { id, name, urlPattern, workspaceId } from "./fields.ts";
import type { Operation } from "./operation.ts";
import { tableOperations } from "./rows.ts";

const script = {
  name: name(120),
  description: z.string().max(2_000),
  phase: z.enum(["request", "response", "both"]),
  url_pattern: urlPattern,
  source: z.string().min(1).max(100_000).describe("JavaScript the proxy runs"),
  enabled: z.boolean(),
  position: z.int().describe("lower runs first"),
};
const { name: scriptName, source, ...defaults } = script;

export const SCRIPT_OPERATIONS: Operation[] = tableOperations({
  table: "scripts",
  one: "script",
  many: "scripts",
  about: "scripts that rewrite traffic in the proxy",
  toolset: "scripts",
  section: "scripts",
  content: "product",
  key: { id: id("a script") },
  filters: { workspace_id: workspaceId, enabled: script.enabled, name: scriptName },
  order: "position",
  create: {
    workspace_id: workspaceId.nullable().optional()
      .describe("null shares it with all, which needs global:edit"),
    name: scriptName,
    source,
    ...Object.fromEntries(Object.entries(defaults).map(([key, type]) => [key, type.optional()])),
  },
  update: script,
  remove: "",
});
