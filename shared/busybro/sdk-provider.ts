import { ModelError } from "./model-error.ts";
import type { ModelFailure } from "./model-error.ts";
import type { ModelEvent, Provider } from "./provider.ts";
import { sdkOptions } from "./sdk-prompt.ts";
import type { SdkModel, SdkPart, SdkTool } from "./sdk-prompt.ts";

/** A model of an AI SDK package, loaded when the first question comes: see the function's start-up time. */
export interface SdkModelSource {
  name: Exclude<Provider["name"], "offline">;
  load(): Promise<{ model: SdkModel; searchTool?: SdkTool }>;
  canSearch: boolean;
  /** Silence of the server after which the answer is given up. */
  silenceMs: number;
}

const RETRY_AFTER_MS = 300;

/**
 * A provider of the AI SDK, at the level of its model interface: the loop, the tools and the trust in
 * what comes back are ours. Whatever it throws becomes a ModelError; its own words stay in the cause.
 */
export function sdkProvider(source: SdkModelSource): Provider {
  let loading: ReturnType<SdkModelSource["load"]> | undefined;

  return {
    name: source.name,
    canSearch: source.canSearch,
    async *stream(request, signal) {
      const { model, searchTool } = await (loading ??= source.load());
      const watch = watchdog(signal, source.silenceMs);
      const options = sdkOptions(request, searchTool, watch.signal);
      try {
        const stream = await begin(model, options, signal);
        const reader = stream.getReader();
        try {
          for (;;) {
            const { done, value } = await reader.read();
            if (done) return;
            watch.heard();
            yield* eventsOf(value);
          }
        } finally {
          // A listener that leaves in the middle ends the upstream request with it.
          watch.stop();
          reader.cancel().catch(() => {});
        }
      } catch (cause) {
        if (signal.aborted) throw signal.reason;
        if (cause instanceof ModelError) throw cause;
        throw new ModelError(watch.silent() ? "model_timeout" : failureOf(cause), cause);
      } finally {
        watch.stop();
      }
    },
  };
}

/** Once more after a server that is busy or away, as long as nothing was heard of it yet. */
async function begin(
  model: SdkModel,
  options: Parameters<SdkModel["doStream"]>[0],
  signal: AbortSignal,
): Promise<ReadableStream<SdkPart>> {
  try {
    return (await model.doStream(options)).stream;
  } catch (cause) {
    const failure = failureOf(cause);
    if (options.abortSignal?.aborted || failure === "model_failed") throw cause;
    await pause(RETRY_AFTER_MS, signal);
    return (await model.doStream(options)).stream;
  }
}

function* eventsOf(part: SdkPart): Generator<ModelEvent> {
  switch (part.type) {
    case "text-delta":
      if (part.delta !== "") yield { type: "text", text: part.delta };
      return;
    case "tool-call":
      if (part.providerExecuted) yield { type: "searched" };
      else {
        yield {
          type: "call",
          call: { id: part.toolCallId, name: part.toolName, args: parsed(part.input) },
        };
      }
      return;
    case "tool-result":
      yield { type: "searched" };
      return;
    case "finish":
      // A connection that closes early also "finishes", without the server having said why.
      if (part.finishReason.raw === undefined) {
        throw new ModelError("model_failed", "the stream ended without a finish reason");
      }
      yield {
        type: "usage",
        inputTokens: part.usage.inputTokens.total ?? 0,
        outputTokens: part.usage.outputTokens.total ?? 0,
      };
      return;
    case "error":
      throw new ModelError(failureOf(part.error), part.error);
  }
}

/** Arguments that are no JSON stay text, which no tool accepts. */
function parsed(input: string): unknown {
  try {
    return input === "" ? {} : JSON.parse(input);
  } catch {
    return input;
  }
}

function failureOf(cause: unknown): ModelFailure {
  const { statusCode, type, name } = (cause ?? {}) as Record<string, unknown>;
  if (statusCode === 429 || type === "rate_limit_error") return "model_rate_limited";
  if (type === "overloaded_error" || type === "api_error") return "model_unavailable";
  if (typeof statusCode === "number") {
    return statusCode >= 500 ? "model_unavailable" : "model_failed";
  }
  // fetch says TypeError when there is no connection, or none any more; the SDK wraps the former.
  return cause instanceof TypeError || name === "AI_APICallError"
    ? "model_unavailable"
    : "model_failed";
}

/** Aborts when nothing is heard for a while; says whether that is why. */
function watchdog(signal: AbortSignal, milliseconds: number) {
  const controller = new AbortController();
  let silent = false;
  let timer: ReturnType<typeof setTimeout>;
  const abort = () => controller.abort(signal.reason);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      silent = true;
      controller.abort(new Error("the model's server fell silent"));
    }, milliseconds);
  };
  heard();
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return {
    signal: controller.signal,
    heard,
    silent: () => silent,
    stop() {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      controller.abort();
    },
  };
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", abort, { once: true });
  });
}
