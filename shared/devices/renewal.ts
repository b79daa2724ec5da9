import { Hono } from "hono";
import type { AppEnv } from "../http/app.ts";
import { guard } from "../token/guard.ts";
import type { Gate } from "../token/guard.ts";
import type { Signer } from "../token/sign.ts";
import { DEVICE_LIMIT } from "./limits.ts";
import { credentialAnswer } from "./pairing.ts";
import { refusal } from "./refusal.ts";

/** `POST /renew`: a device's credential of 30 days or more is renewed; a younger one stays as it is. */
export function renewal(gate: Gate, signer: Signer): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post("/renew", guard(gate, { accept: "device", limit: DEVICE_LIMIT }), async (c) => {
    const renewal = await gate.service.renewDeviceCredential(
      { credential_id: c.var.caller.claims.sub },
      c.req.raw.signal,
    ).catch(refusal);
    c.header("Cache-Control", "no-store");
    if (renewal.renewed) {
      return c.json({ code: "renewed", ...await credentialAnswer(signer, renewal) });
    }
    const { device_uuid, expires_at, renewable_at } = renewal;
    return c.json({ code: "not_due", device_uuid, expires_at, renewable_at });
  });
  return app;
}
