import type { Config } from "../config/config.ts";
import type { Service } from "../db/service.ts";
import type { ask } from "./ask.ts";
import type { Brain } from "./brain.ts";
import type { confirmProposal } from "./proposals.ts";
import { type BRAIN_VARIABLES, providerSettings } from "./settings.ts";

export interface BusyBro {
  ask: typeof ask;
  confirmProposal: typeof confirmProposal;
  brain: Brain;
}

/**
 * BusyBro, loaded with the first question: it brings every operation of the product along, which takes
 * as long to load as the rest of a function. What is wrong with its configuration is said at once.
 *
 * @throws ConfigError
 */
export function busybroOnDemand(
  config: Config<(typeof BRAIN_VARIABLES)[number]>,
  service: Pick<Service, "proposals">,
  fetch: typeof globalThis.fetch,
): () => Promise<BusyBro> {
  providerSettings(config);
  let busybro: Promise<BusyBro> | undefined;
  async function load(): Promise<BusyBro> {
    const [{ ask }, { confirmProposal }, { createBrain }] = await Promise.all([
      import("./ask.ts"),
      import("./proposals.ts"),
      import("./brain.ts"),
    ]);
    return { ask, confirmProposal, brain: createBrain(config, service, fetch) };
  }
  return () => busybro ??= load();
}
