import { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../http/app.ts";
import { AppError } from "../http/errors.ts";
import { validate } from "../http/validate.ts";
import { guard } from "../token/guard.ts";
import type { Gate } from "../token/guard.ts";
import { DEVICE_LIMIT } from "./limits.ts";
import { refusal } from "./refusal.ts";

export const devicePath = z.object({ uuid: z.guid() });

/** `DELETE /<uuid>`: a person takes a device's credentials away. */
export function unpairing(gate: Gate): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const person = guard(gate, { accept: "person", scope: "mcp:write", limit: DEVICE_LIMIT });
  app.delete("/:uuid", person, async (c) => {
    const { uuid } = validate(devicePath, c.req.param());
    const unpaired = await gate.service.unpairDevice({
      user_id: c.var.caller.claims.sub,
      device_uuid: uuid,
    }, c.req.raw.signal).catch(refusal);
    // A device of others answers as one that does not exist.
    if (!unpaired) throw new AppError("not_found", "uuid: you have no such device.");
    return c.body(null, 204);
  });
  return app;
}
