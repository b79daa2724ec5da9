// The routes of the edge functions, asked of the apps themselves.

import { askApp } from "../../shared/busybro/app.ts";
import { readConfig, VARIABLE_NAMES } from "../../shared/config/config.ts";
import { devicePairApp } from "../../shared/devices/app.ts";
import { ingestApp } from "../../shared/entries/app.ts";
import { entriesApp } from "../../shared/entries/routes/app.ts";
import { z } from "zod";
import { FIELDS, OPS } from "../../shared/filter/fields.ts";
import { ERROR_STATUS } from "../../shared/http/errors.ts";
import { mcpApp } from "../../shared/oauth/app.ts";
import { AUTH_METHODS, ENDPOINT, GRANT_TYPES, WELL_KNOWN } from "../../shared/oauth/metadata.ts";
import { SCOPES } from "../../shared/oauth/scopes.ts";
import type { Route } from "../../shared/reference/route.ts";
import { ROUTES } from "../../shared/reference/routes.ts";
import { statsApp } from "../../shared/stats/app.ts";
import { telegramApp } from "../../shared/telegram/app.ts";
import { apiApp } from "../../shared/version/app.ts";
import { Complaint } from "../complaint.ts";
import { declaredFunctions } from "../deploy/functions.ts";
import { nowhereEnvironment } from "../nowhere.ts";
import { root } from "../tools.ts";
import { addAccepted, addAnswered, emptySurface, type Surface } from "./surface.ts";

interface Routed {
  readonly routes: readonly { readonly method: string; readonly path: string }[];
}

/** The apps by function, on a configuration that reaches nothing. */
async function apps(): Promise<Record<string, Routed>> {
  const config = readConfig(await nowhereEnvironment(), VARIABLE_NAMES);
  const unreachable = () => Promise.reject(new Error("routes are listed, not called"));
  const runtime = { fetch: unreachable, log: () => {} };
  const network = { resolve: unreachable, get: unreachable };
  return {
    "api": apiApp(config, runtime),
    "ask": askApp(config, runtime),
    "device-pair": devicePairApp(config, runtime),
    "entries": entriesApp(config, runtime),
    "ingest": ingestApp(config, runtime),
    "mcp": mcpApp(config, { ...runtime, network }),
    "stats": statsApp(config, runtime),
    "telegram-bot": telegramApp(
      { ...config, TELEGRAM_BOT_TOKEN: "0:routes", TELEGRAM_WEBHOOK_SECRET: "listed" },
      { ...runtime, background: () => {} },
    ),
  };
}

/** Every method and path below /functions/v1. */
export async function routesSurface(): Promise<Surface> {
  const surface = emptySurface();
  const known = await apps();
  for (const { slug } of declaredFunctions(root)) {
    const app = known[slug];
    if (!app) {
      throw new Complaint(`scripts/contract/functions.ts does not know the function ${slug}`);
    }
    for (const { method, path } of app.routes) {
      // Middleware is not a place to go to.
      if (method !== "ALL") surface.provides[`${method} ${path}`] = "route";
    }
  }
  return surface;
}

/** What each route takes and answers, by the schemas it checks by. */
export function requestsSurface(): Surface {
  const surface = emptySurface();
  for (const route of ROUTES) {
    const place = placeOf(route);
    surface.provides[place] = route.credential;
    surface.provides[`${place} answers`] = `${route.status}`;
    const parts = { path: route.parameters, query: route.query, body: route.body };
    for (const [part, schema] of Object.entries(parts)) {
      if (!schema) continue;
      const name = `${place} ${part}`;
      surface.provides[name] = "read";
      addAccepted(surface, name, schemaOf(schema, "input"));
    }
    if (route.body && !route.bodyOptional) surface.demands[`${place} needs a body`] = place;
    if (route.answer) addAnswered(surface, place, schemaOf(route.answer, "output"));
  }
  return surface;
}

const placeOf = ({ method, function: name, path }: Route) =>
  `${method} /${name}${path === "/" ? "" : path}`;

const schemaOf = (schema: z.ZodType, io: "input" | "output") =>
  z.toJSONSchema(schema, { io, unrepresentable: "any" });

/** The fields of the filter language, and what each may be asked. */
export function filterSurface(): Surface {
  const surface = emptySurface();
  for (const [field, kind] of Object.entries(FIELDS)) {
    surface.provides[field] = kind;
    for (const op of OPS[kind]) surface.provides[`${field} ${op}`] = "asked";
  }
  return surface;
}

/** Every error code a function answers with. */
export function errorsSurface(): Surface {
  const surface = emptySurface();
  for (const [code, status] of Object.entries(ERROR_STATUS)) surface.provides[code] = `${status}`;
  return surface;
}

/** What an OAuth client relies on beyond the routes. */
export function oauthSurface(): Surface {
  const surface = emptySurface();
  const named = (kind: string, values: Iterable<string>) => {
    for (const value of values) surface.provides[`${kind} ${value}`] = "supported";
  };
  named("scope", Object.keys(SCOPES));
  named("grant type", GRANT_TYPES);
  named("client authentication", AUTH_METHODS);
  for (const [name, path] of Object.entries({ ...ENDPOINT, ...WELL_KNOWN })) {
    surface.provides[`endpoint ${name}`] = path;
  }
  return surface;
}
