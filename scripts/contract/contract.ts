// The surfaces of the product that other programs are written against, and their released snapshots.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { rpcsSurface, tablesSurface } from "./database.ts";
import { eventsSurface } from "./events.ts";
import {
  errorsSurface,
  filterSurface,
  oauthSurface,
  requestsSurface,
  routesSurface,
} from "./functions.ts";
import { toolsSurface } from "./tools.ts";
import { breaks, sorted, Surface } from "./surface.ts";

export const CONTRACT_FOLDER = "contract";

/** Each surface by its file's name. A new one is a line here. */
const GENERATORS: Record<string, (sql: postgres.Sql) => Surface | Promise<Surface>> = {
  tables: tablesSurface,
  rpcs: rpcsSurface,
  events: eventsSurface,
  routes: routesSurface,
  requests: requestsSurface,
  filter: filterSurface,
  errors: errorsSurface,
  oauth: oauthSurface,
  tools: toolsSurface,
};

export type Contract = ReadonlyMap<string, Surface>;

/** What this working copy promises, its database part read from a migrated database. */
export async function currentContract(databaseUrl: string): Promise<Contract> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    const contract = new Map<string, Surface>();
    for (const [name, generate] of Object.entries(GENERATORS)) {
      contract.set(name, sorted(await generate(sql)));
    }
    return contract;
  } finally {
    await sql.end();
  }
}

export const snapshotFile = (root: string, name: string): string =>
  join(root, CONTRACT_FOLDER, `${name}.json`);

/** What the last release promised; a surface that is newer than it has no file. */
export function releasedContract(root: string): Contract {
  const contract = new Map<string, Surface>();
  for (const name of Object.keys(GENERATORS)) {
    const file = snapshotFile(root, name);
    if (existsSync(file)) contract.set(name, Surface.parse(JSON.parse(readFileSync(file, "utf8"))));
  }
  return contract;
}

/** Every broken promise, each with the surface it was made on. */
export function brokenPromises(released: Contract, current: Contract): string[] {
  return [...released].flatMap(([name, surface]) =>
    breaks(surface, current.get(name)!).map((text) => `${name}: ${text}`)
  );
}
