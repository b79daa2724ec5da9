import { Hono } from "hono";
import type { AppEnv } from "../http/app.ts";
import { authorizationServerMetadata, protectedResourceMetadata, WELL_KNOWN } from "./metadata.ts";

const CACHED = { "Cache-Control": "public, max-age=3600" };

/** The documents a client finds everything else by. A query, as users type one, changes nothing. */
export function discovery(issuer: string, authUrl: string): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const resource = protectedResourceMetadata(issuer);
  const server = authorizationServerMetadata(issuer, authUrl);
  app.get(WELL_KNOWN.resource, (c) => c.json(resource, 200, CACHED));
  app.get(WELL_KNOWN.server, (c) => c.json(server, 200, CACHED));
  app.get(WELL_KNOWN.openid, (c) => c.json(server, 200, CACHED));
  return app;
}
