/** A tool as a model is told of it. */
export interface ToolSpec {
  name: string;
  description: string;
  /** JSON Schema of its arguments. */
  inputSchema: Record<string, unknown>;
}

/** A model asks for a tool. `args` is whatever it sent: nothing is believed of it. */
export interface ToolCall {
  id: string;
  name: string;
  args: unknown;
}

/** What came of a call. `text` is what a model reads, `value` the same for a program. */
export interface ToolResult {
  id: string;
  name: string;
  text: string;
  value: unknown;
  failed: boolean;
}

export type Message =
  | { role: "user"; text: string }
  | { role: "assistant"; text: string; calls: ToolCall[] }
  | { role: "tool"; results: ToolResult[] };

export interface ModelRequest {
  system: string;
  messages: readonly Message[];
  tools: readonly ToolSpec[];
  /** Whether the provider may search the web by itself in this step. */
  webSearch: boolean;
}

export type ModelEvent =
  | { type: "text"; text: string }
  | { type: "call"; call: ToolCall }
  /** The provider searched the web by itself: its findings are in the context from now on. */
  | { type: "searched" }
  | { type: "usage"; inputTokens: number; outputTokens: number };

/** One step of a model: yields until it is done, or throws a ModelError. Ends with the signal. */
export interface Provider {
  readonly name: "anthropic" | "openai-compatible" | "offline";
  /** Whether it can search the web, as configured. */
  readonly canSearch: boolean;
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent>;
}
