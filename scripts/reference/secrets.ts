// The part of docs/deploy.md about the functions' secrets: which there are, and who reads them.

import { ASK_VARIABLES } from "../../shared/busybro/app.ts";
import { type Variable, VARIABLES } from "../../shared/config/config.ts";
import { DEVICE_PAIR_VARIABLES } from "../../shared/devices/app.ts";
import { INGEST_VARIABLES } from "../../shared/entries/app.ts";
import { ENTRIES_VARIABLES } from "../../shared/entries/routes/app.ts";
import { MCP_VARIABLES } from "../../shared/oauth/app.ts";
import { STATS_VARIABLES } from "../../shared/stats/app.ts";
import { TELEGRAM_VARIABLES } from "../../shared/telegram/app.ts";
import { API_VARIABLES } from "../../shared/version/app.ts";
import { DEPLOYABLE } from "../deploy/secrets.ts";
import { table } from "./parts.ts";

/** What each function reads; a test compares the names with those that are declared. */
export const READ_BY: Record<string, readonly Variable[]> = {
  api: API_VARIABLES,
  ask: ASK_VARIABLES,
  "device-pair": DEVICE_PAIR_VARIABLES,
  entries: ENTRIES_VARIABLES,
  ingest: INGEST_VARIABLES,
  mcp: MCP_VARIABLES,
  stats: STATS_VARIABLES,
  "telegram-bot": TELEGRAM_VARIABLES,
};

export const secretsTable = (): string =>
  table(
    ["Name", "Value", "If it is left out", "Read by"],
    DEPLOYABLE.map((
      name,
    ) => [`\`${name}\``, plain(VARIABLES[name].hint), withoutIt(name), readersOf(name)]),
  );

/** `<project url>` is no tag. */
const plain = (text: string) => text.replaceAll("<", "\\<");

function readersOf(name: Variable): string {
  const readers = Object.entries(READ_BY).filter(([, variables]) => variables.includes(name));
  return readers.length === Object.keys(READ_BY).length
    ? "every function"
    : readers.map(([slug]) => `\`${slug}\``).join(", ");
}

function withoutIt(name: Variable): string {
  const result = VARIABLES[name].shape.safeParse(undefined);
  if (!result.success) return "the deployment ends";
  return result.data === undefined ? "off" : `\`${String(result.data)}\``;
}
