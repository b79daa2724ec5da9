import { Hono } from "hono";
import { z } from "zod";
import { checkFilter } from "../../filter/ast.ts";
import type { Filter } from "../../filter/ast.ts";
import { FilterError } from "../../filter/error.ts";
import { parseFilter } from "../../filter/parse.ts";
import type { AppEnv } from "../../http/app.ts";
import { readJson } from "../../http/body.ts";
import { AppError } from "../../http/errors.ts";
import { validate } from "../../http/validate.ts";
import { OpenApiBuilder } from "../../openapi/builder.ts";
import { guard } from "../../token/guard.ts";
import type { Gate } from "../../token/guard.ts";
import type { Reader } from "../reader.ts";
import { BULK_LIMIT, PRIVATE } from "./limits.ts";

const REQUEST_LIMIT = 65_536;
export const MOST_ENTRIES = 5_000;

export const openApiRequest = z.strictObject({
  workspace_id: z.guid("give a uuid, or leave it out for all workspaces").optional(),
  /** As a tree or as text. */
  filter: z.union([z.string(), z.record(z.string(), z.unknown())]).default({}),
  limit: z.int().min(1).max(MOST_ENTRIES).default(1_000),
  title: z.string().min(1).max(200).optional(),
});

/** `POST /openapi {workspace_id?, filter?, limit?, title?}`: the API that a selection of entries shows. */
export function openApiRoute(gate: Gate, readerWith: (token: string) => Reader): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const person = guard(gate, { accept: "person", limit: BULK_LIMIT });
  app.post("/openapi", person, async (c) => {
    const body = await readJson(c.req.raw, { limit: REQUEST_LIMIT });
    const { workspace_id, filter, limit, title } = validate(openApiRequest, body ?? {});
    const selection = { workspace_id, filter: filterOf(filter), limit };
    const builder = new OpenApiBuilder();
    const reader = readerWith(c.var.caller.token);
    for await (const entry of reader.select(selection, c.req.raw.signal)) builder.add(entry);
    return c.json(builder.document(title), 200, PRIVATE);
  });
  return app;
}

function filterOf(filter: string | Record<string, unknown>): Filter {
  try {
    return typeof filter === "string" ? parseFilter(filter) : checkFilter(filter);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    const { message, position } = error;
    throw new AppError("invalid_request", `filter: ${message}`, { details: { position } });
  }
}
