import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

export interface BearerProxy {
  readonly url: string;
  close(): void;
}

/**
 * Passes requests on to the MCP endpoint with a token: the conformance suite cannot send one. Host and
 * Origin stay the caller's, which is what its rebinding scenario is about.
 */
export async function bearerProxy(target: string, token: () => string): Promise<BearerProxy> {
  const { hostname, port, pathname } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    const upstream = request({
      hostname,
      port,
      path: pathname,
      method: incoming.method,
      headers: { ...incoming.headers, authorization: `Bearer ${token()}` },
    }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    upstream.on("error", (error) => {
      if (!outgoing.headersSent) outgoing.writeHead(502);
      outgoing.end(String(error));
    });
    outgoing.on("close", () => upstream.destroy());
    incoming.pipe(upstream);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
