import { ACCESS_OPERATIONS } from "./access.ts";
import { AGENT_OPERATIONS } from "./agents.ts";
import { BREAKPOINT_OPERATIONS } from "./breakpoints.ts";
import { DEVICE_OPERATIONS } from "./devices.ts";
import { ENTRY_OPERATIONS } from "./entries.ts";
import { EXPORT_OPERATIONS } from "./exports.ts";
import { INSIGHT_OPERATIONS } from "./insight.ts";
import { LIVE_OPERATIONS } from "./live.ts";
import type { Operation } from "./operation.ts";
import { PEOPLE_OPERATIONS } from "./people.ts";
import { PROXY_OPERATIONS } from "./proxies.ts";
import { RELEASE_OPERATIONS } from "./releases.ts";
import { SCRIPT_OPERATIONS } from "./scripts.ts";
import { SERVICE_OPERATIONS } from "./services.ts";
import { SETTINGS_OPERATIONS } from "./settings.ts";
import { TABLE_OPERATIONS } from "./tables.ts";
import { TAG_OPERATIONS } from "./tags.ts";
import { TELEGRAM_OPERATIONS } from "./telegram.ts";
import { WORKSPACE_OPERATIONS } from "./workspaces.ts";

/** Every operation of the product, by name. MCP, BusyBro, the documentation and the tests go by it. */
export const OPERATIONS: ReadonlyMap<string, Operation> = byName([
  ...ENTRY_OPERATIONS,
  ...EXPORT_OPERATIONS,
  ...DEVICE_OPERATIONS,
  ...BREAKPOINT_OPERATIONS,
  ...SETTINGS_OPERATIONS,
  ...SERVICE_OPERATIONS,
  ...SCRIPT_OPERATIONS,
  ...PROXY_OPERATIONS,
  ...TAG_OPERATIONS,
  ...WORKSPACE_OPERATIONS,
  ...AGENT_OPERATIONS,
  ...PEOPLE_OPERATIONS,
  ...ACCESS_OPERATIONS,
  ...INSIGHT_OPERATIONS,
  ...RELEASE_OPERATIONS,
  ...TELEGRAM_OPERATIONS,
  ...TABLE_OPERATIONS,
  ...LIVE_OPERATIONS,
]);

function byName(operations: Operation[]): Map<string, Operation> {
  const found = new Map<string, Operation>();
  for (const one of operations.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
    if (found.has(one.name)) throw new Error(`two operations are called ${one.name}`);
    found.set(one.name, one);
  }
  return found;
}
