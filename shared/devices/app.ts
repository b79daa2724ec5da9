import type { Config } from "../config/config.ts";
import { createApp } from "../http/app.ts";
import type { Runtime } from "../http/app.ts";
import { createGate } from "../token/guard.ts";
import { createSigner } from "../token/sign.ts";
import { pairingCodes } from "./codes.ts";
import { pairing } from "./pairing.ts";
import { renewal } from "./renewal.ts";
import { unpairing } from "./unpairing.ts";

export const DEVICE_PAIR_VARIABLES = [
  "SUPABASE_URL",
  "SUPABASE_SECRET_KEYS",
  "BUSYMATE_ISSUER",
  "BUSYMATE_SIGNING_KEY",
] as const;

/** The function `device-pair`: how a device gets its credential, renews it and loses it. */
export function devicePairApp(
  config: Config<(typeof DEVICE_PAIR_VARIABLES)[number]>,
  runtime: Runtime,
) {
  const gate = createGate(config, runtime.fetch);
  const signer = createSigner(config.BUSYMATE_SIGNING_KEY, config.BUSYMATE_ISSUER);

  const app = createApp("device-pair", runtime);
  app.route("/", pairingCodes(gate));
  app.route("/", pairing(gate.service, signer));
  app.route("/", renewal(gate, signer));
  app.route("/", unpairing(gate));
  return app;
}
