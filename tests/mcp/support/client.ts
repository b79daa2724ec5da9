// The MCP server as programs of the field reach it: through the SDKs' own clients, and bare.

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { stack } from "../../support/stack.ts";

export type Arguments = Record<string, unknown>;

export interface Answer {
  /** All text of the answer. */
  text: string;
  refused: boolean;
  structured: Record<string, unknown> | undefined;
}

export interface Session {
  readonly client: Client;
  /** Calls a tool; a result that is an error is an answer too. */
  call(name: string, args?: Arguments): Promise<Answer>;
  /** The same where only success will do. */
  succeed(name: string, args?: Arguments): Promise<Answer>;
  tools(): Promise<Awaited<ReturnType<Client["listTools"]>>["tools"]>;
}

/** A client of the second generation with a token, speaking the newest protocol. */
export async function open(token: string, query = "", url = stack().issuer): Promise<Session> {
  const transport = new StreamableHTTPClientTransport(new URL(`${url}${query}`), {
    requestInit: { headers: { Authorization: `Bearer ${token}` } },
  });
  const client = new Client({ name: "tests", version: "1.0.0" }, {
    versionNegotiation: { mode: "auto" },
  });
  await client.connect(transport);

  async function call(name: string, args: Arguments = {}): Promise<Answer> {
    const result = await client.callTool({ name, arguments: args });
    return {
      text: result.content.map((part) => part.type === "text" ? part.text : "").join("\n"),
      refused: result.isError === true,
      structured: result.structuredContent as Record<string, unknown> | undefined,
    };
  }

  return {
    client,
    call,
    async succeed(name, args) {
      const answer = await call(name, args);
      if (answer.refused) throw new Error(`${name} was refused: ${answer.text}`);
      return answer;
    },
    tools: async () => (await client.listTools()).tools,
  };
}

/** The JSON of an answer, out of its fence if it has one. */
export function valueOf<T = Record<string, unknown>>({ text }: Pick<Answer, "text">): T {
  const fenced = /<(captured-[0-9a-f]+)>\n([\s\S]*)\n<\/\1>/.exec(text);
  return JSON.parse(fenced?.[2] ?? text) as T;
}

/** One POST to the endpoint, as bytes on the wire: for what no client does. */
export function post(
  token: string | null,
  body: unknown,
  options: { query?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  return fetch(`${stack().issuer}${options.query ?? ""}`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      ...(token !== null && { Authorization: `Bearer ${token}` }),
      ...options.headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

/** A request of the era of handshakes, which the server answers without one. */
export function request(method: string, params: Arguments = {}, id: string | number = 1) {
  return { jsonrpc: "2.0", id, method, params };
}
