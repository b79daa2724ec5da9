import { offlineProvider } from "./offline.ts";
import type { Provider } from "./provider.ts";
import { sdkProvider } from "./sdk-provider.ts";
import type { ProviderSettings } from "./settings.ts";

const SILENCE_MS = 45_000;

/** The provider of the settings; a vendor's SDK is loaded with the first question. */
export function configuredProvider(
  settings: ProviderSettings,
  fetch: typeof globalThis.fetch,
  silenceMs: number = SILENCE_MS,
): Provider {
  if (settings.name === "anthropic") {
    const { apiKey, baseURL, model, canSearch } = settings;
    return sdkProvider({
      name: "anthropic",
      silenceMs,
      canSearch,
      async load() {
        const { createAnthropic } = await import("@ai-sdk/anthropic");
        const anthropic = createAnthropic({ apiKey, fetch, ...(baseURL && { baseURL }) });
        return {
          model: anthropic.languageModel(model),
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
  if (settings.name === "openai-compatible") {
    const { apiKey, baseURL, model } = settings;
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
