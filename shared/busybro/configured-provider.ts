import { ConfigError } from "../config/config.ts";
import type { Config } from "../config/config.ts";
import { offlineProvider } from "./offline.ts";
import type { Provider } from "./provider.ts";
import { sdkProvider } from "./sdk-provider.ts";

export const PROVIDER_VARIABLES = [
  "BUSYBRO_PROVIDER",
  "BUSYBRO_BASE_URL",
  "BUSYBRO_MODEL",
  "BUSYBRO_API_KEY",
  "BUSYBRO_WEB_SEARCH",
] as const;

const SILENCE_MS = 45_000;
const DEFAULT_MODEL = "claude-sonnet-4-5";

/** The provider that the environment names; half a configuration is none, and is not passed over. */
export function configuredProvider(
  config: Config<(typeof PROVIDER_VARIABLES)[number]>,
  fetch: typeof globalThis.fetch,
  silenceMs: number = SILENCE_MS,
): Provider {
  const apiKey = config.BUSYBRO_API_KEY;
  const baseURL = config.BUSYBRO_BASE_URL;
  if (config.BUSYBRO_PROVIDER === "anthropic") {
    if (!apiKey) throw missing("BUSYBRO_API_KEY");
    return sdkProvider({
      name: "anthropic",
      silenceMs,
      canSearch: config.BUSYBRO_WEB_SEARCH === "1",
      async load() {
        const { createAnthropic } = await import("@ai-sdk/anthropic");
        const anthropic = createAnthropic({ apiKey, fetch, ...(baseURL && { baseURL }) });
        return {
          model: anthropic.languageModel(config.BUSYBRO_MODEL ?? DEFAULT_MODEL),
          // One search a step: what the first one finds must not write the second one's query.
          searchTool: {
            type: "provider",
            id: "anthropic.web_search_20250305",
            name: "web_search",
            args: { maxUses: 1 },
          },
        };
      },
    });
  }
  if (config.BUSYBRO_PROVIDER === "openai-compatible") {
    const model = config.BUSYBRO_MODEL;
    if (!baseURL) throw missing("BUSYBRO_BASE_URL");
    if (!model) throw missing("BUSYBRO_MODEL");
    return sdkProvider({
      name: "openai-compatible",
      silenceMs,
      canSearch: false,
      async load() {
        const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
        const server = createOpenAICompatible({
          name: "configured",
          baseURL,
          fetch,
          includeUsage: true,
          ...(apiKey && { apiKey }),
        });
        return { model: server.languageModel(model) };
      },
    });
  }
  return offlineProvider();
}

function missing(name: string): ConfigError {
  return new ConfigError(`${name} is missing: the provider that BUSYBRO_PROVIDER names needs it`);
}
