import type { AnthropicProvider } from "@ai-sdk/anthropic";
import type { Message, ModelRequest, ToolResult } from "./provider.ts";

/** The AI SDK's model interface, which every provider package of it speaks. */
export type SdkModel = ReturnType<AnthropicProvider["languageModel"]>;
export type SdkOptions = Parameters<SdkModel["doStream"]>[0];
export type SdkTool = NonNullable<SdkOptions["tools"]>[number];
export type SdkPart = Awaited<ReturnType<SdkModel["doStream"]>>["stream"] extends
  ReadableStream<infer Part> ? Part : never;
type SdkMessage = SdkOptions["prompt"][number];

const OUTPUT_TOKENS = 4_096;

/** A request in the AI SDK's terms. */
export function sdkOptions(
  request: ModelRequest,
  searchTool: SdkTool | undefined,
  abortSignal: AbortSignal,
): SdkOptions {
  const functions = request.tools.map(({ name, description, inputSchema }): SdkTool => ({
    type: "function",
    name,
    description,
    inputSchema: inputSchema as never,
  }));
  const tools = request.webSearch && searchTool ? [...functions, searchTool] : functions;
  return {
    prompt: [{ role: "system", content: request.system }, ...request.messages.map(sdkMessage)],
    maxOutputTokens: OUTPUT_TOKENS,
    ...(tools.length > 0 && { tools, toolChoice: { type: "auto" } }),
    abortSignal,
  };
}

function sdkMessage(message: Message): SdkMessage {
  if (message.role === "user") {
    return { role: "user", content: [{ type: "text", text: message.text }] };
  }
  if (message.role === "tool") {
    return { role: "tool", content: message.results.map(toolResult) };
  }
  return {
    role: "assistant",
    content: [
      // Anthropic refuses an empty text block.
      ...(message.text === "" ? [] : [{ type: "text" as const, text: message.text }]),
      ...message.calls.map(({ id, name, args }) => ({
        type: "tool-call" as const,
        toolCallId: id,
        toolName: name,
        input: typeof args === "object" ? args : {},
      })),
    ],
  };
}

function toolResult({ id, name, text, failed }: ToolResult) {
  return {
    type: "tool-result" as const,
    toolCallId: id,
    toolName: name,
    output: { type: failed ? "error-text" as const : "text" as const, value: text },
  };
}
