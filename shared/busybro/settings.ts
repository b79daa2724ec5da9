import { ConfigError } from "../config/config.ts";
import type { Config } from "../config/config.ts";

const PROVIDER_VARIABLES = [
  "BUSYBRO_PROVIDER",
  "BUSYBRO_BASE_URL",
  "BUSYBRO_MODEL",
  "BUSYBRO_API_KEY",
  "BUSYBRO_WEB_SEARCH",
] as const;

/** What BusyBro needs of the environment, in every function that it answers in. */
export const BRAIN_VARIABLES = [
  "SUPABASE_URL",
  "SUPABASE_PUBLISHABLE_KEYS",
  "BUSYMATE_ISSUER",
  "BUSYMATE_SIGNING_KEY",
  ...PROVIDER_VARIABLES,
] as const;

const DEFAULT_MODEL = "claude-sonnet-4-5";

export type ProviderSettings =
  | { name: "offline" }
  | {
    name: "anthropic";
    apiKey: string;
    baseURL: string | undefined;
    model: string;
    canSearch: boolean;
  }
  | { name: "openai-compatible"; apiKey: string | undefined; baseURL: string; model: string };

/**
 * The provider that the environment names. Half a configuration is none, and is not passed over: a
 * function that will need it asks when it starts.
 *
 * @throws ConfigError
 */
export function providerSettings(
  config: Config<(typeof PROVIDER_VARIABLES)[number]>,
): ProviderSettings {
  const {
    BUSYBRO_PROVIDER: name,
    BUSYBRO_API_KEY: apiKey,
    BUSYBRO_BASE_URL: baseURL,
    BUSYBRO_MODEL: model,
  } = config;
  if (name === "anthropic") {
    if (!apiKey) throw missing("BUSYBRO_API_KEY");
    const canSearch = config.BUSYBRO_WEB_SEARCH === "1";
    return { name, apiKey, baseURL, model: model ?? DEFAULT_MODEL, canSearch };
  }
  if (name === "openai-compatible") {
    if (!baseURL) throw missing("BUSYBRO_BASE_URL");
    if (!model) throw missing("BUSYBRO_MODEL");
    return { name, apiKey, baseURL, model };
  }
  return { name };
}

function missing(name: string): ConfigError {
  return new ConfigError(`${name} is missing: the provider that BUSYBRO_PROVIDER names needs it`);
}
