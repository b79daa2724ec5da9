import type { Toolset } from "../../../shared/operations/operation.ts";

export const FIRST_HALF = [
  "entries",
  "devices",
  "breakpoints",
  "settings",
  "services",
  "scripts",
  "proxies",
] as const satisfies Toolset[];

export const SECOND_HALF = [
  "tags",
  "workspaces",
  "agents",
  "people",
  "access",
  "insight",
  "releases",
  "telegram",
  "tables",
] as const satisfies Toolset[];
