import { z } from "zod";
import { id } from "./fields.ts";
import { type Operation, operation } from "./operation.ts";
import { tableOperations } from "./rows.ts";

const platform = z.enum(["ios", "android", "macos", "windows", "linux"]);
const version = z.string().regex(/^[0-9]+(\.[0-9]+){0,3}$/, "give a version such as 1.4.2");
const notes = z.string().max(10_000);
const common = { toolset: "releases", content: "product" } as const;

export const RELEASE_OPERATIONS: Operation[] = [
  ...tableOperations({
    ...common,
    table: "app_builds",
    one: "app_build",
    many: "app_builds",
    names: { create: "publish_app_build" },
    about: "published builds of the apps",
    section: "releases",
    key: { id: id("a build") },
    filters: { platform, version },
    order: "build",
    newestFirst: true,
    create: { platform, version, build: z.int().min(1), notes: notes.optional() },
    update: { version, notes },
    remove: "Devices that have it keep it.",
    peopleOnly: true,
  }),
  operation({
    ...common,
    name: "get_version",
    title: "Get the version",
    summary: "Version and build of the product and of each component.",
    needs: null,
    effect: "read",
    input: () => z.strictObject({}),
    run: (call) => call.edge("api/version"),
  }),
  operation({
    ...common,
    name: "get_connection",
    title: "Get connection info",
    summary: "URLs and the publishable key for REST, Realtime and MCP with this same token.",
    needs: null,
    effect: "read",
    input: () => z.strictObject({}),
    output: z.looseObject({
      url: z.string(),
      publishable_key: z.string(),
      issuer: z.string(),
      rest_url: z.string(),
      realtime_url: z.string(),
      mcp_url: z.string(),
    }),
    run: (call) => Promise.resolve(call.connection),
  }),
];
