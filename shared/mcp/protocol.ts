import {
  createMcpHandler,
  isLegacyRequest,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import type { Server } from "@modelcontextprotocol/server";
import type { Call } from "../operations/call.ts";
import { mcpServer } from "./server.ts";
import type { Surface } from "./surface.ts";

/** Streams that wait for changes: each would hold an isolate, and nothing changes while one listens. */
const MOST_SUBSCRIPTIONS = 8;

// One handler, so that it can count subscriptions; the server of a request travels with its caller.
const modern = createMcpHandler(
  ({ authInfo }) => (authInfo!.extra as { server: Server }).server,
  { legacy: "reject", maxSubscriptions: MOST_SUBSCRIPTIONS },
);

/** Answers a message, whose body has been read, in the era of the protocol that it speaks. */
export async function answer(
  request: Request,
  body: unknown,
  { call, surface }: { call: Call; surface: Surface },
): Promise<Response> {
  const server = mcpServer(call, surface);
  if (!await isLegacyRequest(request, body)) {
    const authInfo = { token: "", clientId: "", scopes: [], extra: { server } };
    return await modern.fetch(request, { parsedBody: body, authInfo });
  }
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  await server.connect(transport);
  return await transport.handleRequest(request, { parsedBody: body });
}
