import type { Cases } from "../support/case.ts";
import { ACCESS_CASES } from "./access.ts";
import { AGENT_CASES } from "./agents.ts";
import { BREAKPOINT_CASES } from "./breakpoints.ts";
import { DEVICE_CASES } from "./devices.ts";
import { ENTRY_CASES } from "./entries.ts";
import { EXPORT_CASES } from "./exports.ts";
import { INSIGHT_CASES } from "./insight.ts";
import { LIVE_CASES } from "./live.ts";
import { PEOPLE_CASES } from "./people.ts";
import { PROXY_CASES } from "./proxies.ts";
import { RELEASE_CASES } from "./releases.ts";
import { SCRIPT_CASES } from "./scripts.ts";
import { SERVICE_CASES } from "./services.ts";
import { SETTINGS_CASES } from "./settings.ts";
import { TABLE_CASES } from "./tables.ts";
import { TAG_CASES } from "./tags.ts";
import { TELEGRAM_CASES } from "./telegram.ts";
import { WORKSPACE_CASES } from "./workspaces.ts";

export const CASES: Cases = {
  ...ACCESS_CASES,
  ...AGENT_CASES,
  ...BREAKPOINT_CASES,
  ...DEVICE_CASES,
  ...ENTRY_CASES,
  ...EXPORT_CASES,
  ...INSIGHT_CASES,
  ...LIVE_CASES,
  ...PEOPLE_CASES,
  ...PROXY_CASES,
  ...RELEASE_CASES,
  ...SCRIPT_CASES,
  ...SERVICE_CASES,
  ...SETTINGS_CASES,
  ...TABLE_CASES,
  ...TAG_CASES,
  ...TELEGRAM_CASES,
  ...WORKSPACE_CASES,
};
