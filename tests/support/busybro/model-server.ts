// A model's server, speaking Anthropic's Messages protocol and OpenAI's Chat Completions, both streamed.
// What it says is scripted; what it was told is kept.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

export type Protocol = "anthropic" | "openai-compatible";

export interface ScriptedCall {
  name: string;
  args: unknown;
}

/** What the server does with one request. */
export type Step =
  | { does: "say"; text?: string[]; calls?: ScriptedCall[]; everyMs?: number }
  | { does: "refuse"; status: number }
  /** Says something and then nothing, without closing. */
  | { does: "hang"; text: string[] }
  /** Says something and closes without an end. */
  | { does: "cut"; text: string[] }
  /** Says something and then what is no JSON. */
  | { does: "garble"; text: string[] }
  /** An error in the middle of the stream, as the protocol has it. */
  | { does: "fail"; text: string[] };

export interface Asked {
  /** The whole request as it came: all that a model ever sees. */
  body: string;
  /** Names of the tools on offer. */
  tools: string[];
  /** What tools answered, newest request first to last. */
  results: string[];
  headers: IncomingMessage["headers"];
}

export type Script = (asked: Asked, step: number) => Step;

export interface ModelServer {
  readonly url: string;
  readonly asked: Asked[];
  /** Requests that are being answered now. */
  readonly open: () => number;
  /** When, by performance.now(), a client went away in the middle of an answer. */
  readonly abandoned: number[];
  /** When the first word of an answer was written. */
  readonly firstWords: number[];
  script: Script;
  stop(): Promise<void>;
}

export async function startModelServer(script: Script): Promise<ModelServer> {
  const asked: Asked[] = [];
  const abandoned: number[] = [];
  const firstWords: number[] = [];
  let open = 0;
  let steps = 0;

  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += chunk;
    open++;
    response.on("close", () => {
      open--;
      if (!response.writableFinished) abandoned.push(performance.now());
    });
    const protocol = request.url?.endsWith("/messages") ? "anthropic" : "openai-compatible";
    const heard = { ...told(protocol, body), headers: request.headers };
    asked.push(heard);
    const step = model.script(heard, steps++);
    const wire = protocol === "anthropic" ? anthropicWire(response) : openaiWire(response);
    if (step.does === "refuse") {
      response.writeHead(step.status, { "Content-Type": "application/json" });
      response.end(
        JSON.stringify({ type: "error", error: { type: "x", message: "secret words" } }),
      );
      return;
    }
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    wire.begin();
    for (const [at, text] of (step.text ?? []).entries()) {
      if (step.does === "say" && step.everyMs && at > 0) await pause(step.everyMs);
      if (response.destroyed) return;
      if (at === 0) firstWords.push(performance.now());
      wire.text(text);
    }
    if (step.does === "hang") return;
    if (step.does === "cut") return void response.destroy();
    if (step.does === "garble") return void response.end("data: {not json\n\ndata: ]\n\n");
    if (step.does === "fail") return wire.fail();
    for (const call of step.calls ?? []) wire.call(call);
    wire.end((step.calls ?? []).length > 0);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const model: ModelServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    open: () => open,
    abandoned,
    firstWords,
    script,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return model;
}

interface Wire {
  begin(): void;
  text(text: string): void;
  call(call: ScriptedCall): void;
  fail(): void;
  end(calling: boolean): void;
}

let ids = 0;

function anthropicWire(response: ServerResponse): Wire {
  let index = -1;
  let texting = false;
  const send = (type: string, data: object) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  const closeBlock = () => {
    if (texting) send("content_block_stop", { index });
    texting = false;
  };
  return {
    begin: () =>
      send("message_start", {
        message: {
          id: `msg_${ids++}`,
          type: "message",
          role: "assistant",
          model: "scripted",
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 7, output_tokens: 1 },
        },
      }),
    text(text) {
      if (!texting) {
        index++;
        texting = true;
        send("content_block_start", { index, content_block: { type: "text", text: "" } });
      }
      send("content_block_delta", { index, delta: { type: "text_delta", text } });
    },
    call({ name, args }) {
      closeBlock();
      index++;
      send("content_block_start", {
        index,
        content_block: { type: "tool_use", id: `toolu_${ids++}`, name, input: {} },
      });
      const json = typeof args === "string" ? args : JSON.stringify(args);
      // In two pieces, as arguments come in practice.
      for (const partial_json of [json.slice(0, 5), json.slice(5)]) {
        send("content_block_delta", { index, delta: { type: "input_json_delta", partial_json } });
      }
      send("content_block_stop", { index });
    },
    fail() {
      send("error", { error: { type: "overloaded_error", message: "Overloaded" } });
      response.end();
    },
    end(calling) {
      closeBlock();
      send("message_delta", {
        delta: { stop_reason: calling ? "tool_use" : "end_turn", stop_sequence: null },
        usage: { output_tokens: 5 },
      });
      send("message_stop", {});
      response.end();
    },
  };
}

function openaiWire(response: ServerResponse): Wire {
  const id = `chatcmpl-${ids++}`;
  let calls = 0;
  const send = (delta: object, finish_reason: string | null = null) =>
    response.write(`data: ${
      JSON.stringify({
        id,
        object: "chat.completion.chunk",
        created: 1,
        model: "scripted",
        choices: [{ index: 0, delta, finish_reason }],
      })
    }\n\n`);
  return {
    begin: () => send({ role: "assistant", content: "" }),
    text: (content) => send({ content }),
    call({ name, args }) {
      const json = typeof args === "string" ? args : JSON.stringify(args);
      const index = calls++;
      send({
        tool_calls: [{
          index,
          id: `call_${ids++}`,
          type: "function",
          function: { name, arguments: json.slice(0, 5) },
        }],
      });
      send({ tool_calls: [{ index, function: { arguments: json.slice(5) } }] });
    },
    fail() {
      response.write(
        `data: ${JSON.stringify({ error: { message: "Overloaded", type: "server" } })}\n\n`,
      );
      response.end();
    },
    end(calling) {
      send({}, calling ? "tool_calls" : "stop");
      const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };
      response.write(`data: ${JSON.stringify({ id, choices: [], usage })}\n\n`);
      response.end("data: [DONE]\n\n");
    },
  };
}

type Content = string | { type: string; content?: unknown; text?: string }[] | null;

/** What a request tells the model, out of either protocol. */
function told(protocol: Protocol, body: string): Omit<Asked, "headers"> {
  const { messages, tools = [] } = JSON.parse(body) as {
    messages: { role: string; content: Content }[];
    tools?: { name?: string; function?: { name: string } }[];
  };
  const results = protocol === "anthropic"
    ? messages.flatMap(({ content }) =>
      Array.isArray(content)
        ? content.filter(({ type }) => type === "tool_result").map((part) => plain(part.content))
        : []
    )
    : messages.filter(({ role }) => role === "tool").map(({ content }) => plain(content));
  return { body, tools: tools.map((tool) => tool.name ?? tool.function?.name ?? ""), results };
}

const plain = (content: unknown): string =>
  typeof content === "string" ? content : JSON.stringify(content);
