// The pages of docs/ that people write, with the parts that are made from the code and the database.

import { readFile } from "node:fs/promises";
import { formatted } from "../formatted.ts";
import { root } from "../tools.ts";
import { errorsTable } from "./errors.ts";
import { channelsPart, publishedTables } from "./events.ts";
import { lifetimesTable, ratesTable, sizesTable } from "./limits.ts";
import { filled } from "./parts.ts";
import { secretsTable } from "./secrets.ts";
import type { Sources } from "./sources.ts";

/** Each page's text as it should be. */
export async function writtenPages(sources: Sources): Promise<Record<string, string>> {
  const parts: Record<string, Record<string, string>> = {
    "docs/deploy.md": { secrets: secretsTable() },
    "docs/errors-and-limits.md": {
      errors: errorsTable(),
      rates: ratesTable(sources),
      sizes: sizesTable(sources),
    },
    "docs/oauth.md": { lifetimes: lifetimesTable(sources) },
    "docs/realtime.md": { channels: channelsPart(), tables: publishedTables(sources) },
  };
  const pages = Object.entries(parts).map(async ([page, made]) => {
    const text = await readFile(`${root}/${page}`, "utf8");
    return [page, await formatted(filled(page, text, made), "md")];
  });
  return Object.fromEntries(await Promise.all(pages));
}
