import { Hono } from "hono";
import type { AppEnv } from "../http/app.ts";
import { readJson } from "../http/body.ts";
import { validate } from "../http/validate.ts";
import { guard } from "../token/guard.ts";
import type { Gate } from "../token/guard.ts";
import { codeRequest } from "./device.ts";
import { BODY_LIMIT, DEVICE_LIMIT } from "./limits.ts";
import { createPairingCode, hashPairingCode } from "./pairing-code.ts";
import { refusal } from "./refusal.ts";

/** `POST /codes {workspace_id?}`: a person gets a code to type into the device. */
export function pairingCodes(gate: Gate): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const person = guard(gate, { accept: "person", scope: "mcp:write", limit: DEVICE_LIMIT });
  app.post("/codes", person, async (c) => {
    const request = validate(codeRequest, await readJson(c.req.raw, { limit: BODY_LIMIT }));
    const code = createPairingCode();
    const { expires_at, workspace_id } = await gate.service.createPairingCode({
      user_id: c.var.caller.claims.sub,
      workspace_id: request?.workspace_id ?? null,
      code_hash: await hashPairingCode(code),
    }, c.req.raw.signal).catch(refusal);
    return c.json({ code, expires_at, workspace_id }, 201, { "Cache-Control": "no-store" });
  });
  return app;
}
