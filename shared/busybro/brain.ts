import type { Config } from "../config/config.ts";
import type { Service } from "../db/service.ts";
import { callFactory } from "../mcp/caller.ts";
import type { Operation } from "../operations/operation.ts";
import { OPERATIONS } from "../operations/registry.ts";
import { createSigner } from "../token/sign.ts";
import type { Signer } from "../token/sign.ts";
import { configuredProvider } from "./configured-provider.ts";
import type { Provider } from "./provider.ts";
import { type BRAIN_VARIABLES, providerSettings } from "./settings.ts";

/** BusyBro as configured: made once a function, shared by all turns. */
export interface Brain {
  provider: Provider;
  operations: ReadonlyMap<string, Operation>;
  callFor: ReturnType<typeof callFactory>;
  signer: Signer;
  service: Pick<Service, "proposals">;
}

export function createBrain(
  config: Config<(typeof BRAIN_VARIABLES)[number]>,
  service: Pick<Service, "proposals">,
  fetch: typeof globalThis.fetch,
): Brain {
  return {
    provider: configuredProvider(providerSettings(config), fetch),
    operations: OPERATIONS,
    callFor: callFactory(config, fetch),
    signer: createSigner(config.BUSYMATE_SIGNING_KEY, config.BUSYMATE_ISSUER),
    service,
  };
}
