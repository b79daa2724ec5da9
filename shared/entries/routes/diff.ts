import { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../../http/app.ts";
import { AppError } from "../../http/errors.ts";
import { validate } from "../../http/validate.ts";
import { guard } from "../../token/guard.ts";
import type { Gate } from "../../token/guard.ts";
import { diffEntries } from "../diff.ts";
import type { Reader } from "../reader.ts";
import { PRIVATE, READ_LIMIT } from "./limits.ts";

const id = z.guid("give an entry's id");
export const diffQuery = z.object({ a: id, b: id });

/** `GET /diff?a=&b=`: how entry b differs from entry a. */
export function diffRoute(gate: Gate, readerWith: (token: string) => Reader): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const person = guard(gate, { accept: "person", limit: READ_LIMIT });
  app.get("/diff", person, async (c) => {
    const { a, b } = validate(diffQuery, c.req.query());
    const entries = await readerWith(c.var.caller.token).byIds([a, b], c.req.raw.signal);
    const entry = (id: string, field: string) => {
      const found = entries.find((one) => one.id === id.toLowerCase());
      if (!found) throw new AppError("not_found", `${field}: there is no such entry.`);
      return found;
    };
    return c.json(await diffEntries(entry(a, "a"), entry(b, "b")), 200, PRIVATE);
  });
  return app;
}
