import { Hono } from "hono";
import type { IssuedCredential, Service } from "../db/service.ts";
import type { AppEnv } from "../http/app.ts";
import { readJson } from "../http/body.ts";
import { validate } from "../http/validate.ts";
import { limitByAddress } from "../token/guard.ts";
import type { Signer } from "../token/sign.ts";
import { pairingRequest } from "./device.ts";
import { BODY_LIMIT, PAIRING_LIMIT } from "./limits.ts";
import { hashPairingCode, readPairingCode } from "./pairing-code.ts";
import { invalidCode, refusal } from "./refusal.ts";

/** `POST / {code, device}`: the device turns the code into its credential. Takes no token. */
export function pairing(service: Service, signer: Signer): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post("/", limitByAddress(service, PAIRING_LIMIT), async (c) => {
    const request = validate(pairingRequest, await readJson(c.req.raw, { limit: BODY_LIMIT }));
    const code = readPairingCode(request.code);
    if (!code) throw invalidCode();
    const issued = await service.redeemPairingCode({
      code_hash: await hashPairingCode(code),
      device: request.device,
    }, c.req.raw.signal).catch(refusal);
    c.set("actor", `device:${issued.device_uuid}`);
    return c.json(await credentialAnswer(signer, issued), 201, { "Cache-Control": "no-store" });
  });
  return app;
}

/** `{device_uuid, token, expires_at}`; the token is shown here and stored nowhere. */
export async function credentialAnswer(signer: Signer, issued: IssuedCredential) {
  const token = await signer.device({ ...issued, issued_at: new Date() });
  return { device_uuid: issued.device_uuid, token, expires_at: issued.expires_at };
}
