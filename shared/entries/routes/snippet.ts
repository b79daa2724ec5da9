import { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../../http/app.ts";
import { AppError } from "../../http/errors.ts";
import { validate } from "../../http/validate.ts";
import { UnsendableRequest } from "../../snippets/request.ts";
import { snippetOf, TARGET_NAMES } from "../../snippets/snippet.ts";
import { guard } from "../../token/guard.ts";
import type { Gate } from "../../token/guard.ts";
import type { Reader } from "../reader.ts";
import { PRIVATE, READ_LIMIT } from "./limits.ts";

export const snippetPath = z.object({ id: z.guid("give an entry's id") });
export const snippetQuery = z.object({
  target: z.enum(TARGET_NAMES, `use one of ${TARGET_NAMES.join(", ")}`),
  secrets: z.enum(["true", "false"], "use true or false").default("false"),
});

/** `GET /<id>/snippet?target=&secrets=`: code that sends an entry's request again. */
export function snippetRoute(gate: Gate, readerWith: (token: string) => Reader): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const person = guard(gate, { accept: "person", limit: READ_LIMIT });
  app.get("/:id/snippet", person, async (c) => {
    const { id } = validate(snippetPath, c.req.param());
    const { target, secrets } = validate(snippetQuery, c.req.query());
    const [entry] = await readerWith(c.var.caller.token).byIds([id], c.req.raw.signal);
    if (!entry) throw new AppError("not_found", "id: there is no such entry.");
    try {
      const snippet = snippetOf(entry, target, { secrets: secrets === "true" });
      return c.json({ target, ...snippet }, 200, PRIVATE);
    } catch (error) {
      if (!(error instanceof UnsendableRequest)) throw error;
      throw new AppError("invalid_request", error.message);
    }
  });
  return app;
}
