import { z } from "zod";
import { id, name, workspaceId } from "./fields.ts";
import type { Operation } from "./operation.ts";
import { tableOperations } from "./rows.ts";

const proxy = {
  name: name(120),
  protocol: z.enum(["http", "https", "socks5"]),
  host: z.string().min(1).max(253),
  port: z.int().min(1).max(65_535),
  username: z.string().max(200).nullable(),
  password: z.string().max(500).nullable().describe("stored, shown to no person again"),
  country: z.string().regex(/^[A-Z]{2}$/, "give two capital letters").nullable(),
  enabled: z.boolean(),
};

export const PROXY_OPERATIONS: Operation[] = tableOperations({
  table: "upstream_proxies",
  one: "upstream_proxy",
  many: "upstream_proxies",
  about: "proxies that devices leave through; passwords are masked",
  toolset: "proxies",
  section: "proxies",
  content: "product",
  key: { id: id("an upstream proxy") },
  filters: { workspace_id: workspaceId, enabled: proxy.enabled, country: proxy.country },
  order: "name",
  create: {
    workspace_id: workspaceId.nullable().optional()
      .describe("null shares it with all, which needs global:edit"),
    name: proxy.name,
    host: proxy.host,
    port: proxy.port,
    protocol: proxy.protocol.optional(),
    username: proxy.username.optional(),
    password: proxy.password.optional(),
    country: proxy.country.optional(),
    enabled: proxy.enabled.optional(),
  },
  update: proxy,
  remove: "",
});
