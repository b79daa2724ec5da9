import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { generateCACertificate } from "mockttp";

/** Bytes that are no text in any encoding that counts: a PNG's signature and some more. */
export const BINARY = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0xff]);
export const GZIPPED_TEXT = JSON.stringify({ greeting: "Grüße", list: [1, 2, 3] });

export interface Origin {
  httpUrl: string;
  httpsUrl: string;
  stop(): Promise<void>;
}

/** A small website to capture, by HTTP and by HTTPS with a certificate of its own making. */
export async function startOrigin(): Promise<Origin> {
  const { key, cert } = await generateCACertificate({ subject: { commonName: "localhost" } });
  const http = createServer(answer);
  const https = createSecureServer({ key, cert }, answer);
  const [httpPort, httpsPort] = await Promise.all([listen(http), listen(https)]);
  return {
    httpUrl: `http://localhost:${httpPort}`,
    httpsUrl: `https://localhost:${httpsPort}`,
    stop: async () => void await Promise.all([close(http), close(https)]),
  };
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  if (path === "/gzip") {
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
    response.end(gzipSync(GZIPPED_TEXT));
  } else if (path === "/binary") {
    response.writeHead(200, { "content-type": "image/png" });
    response.end(BINARY);
  } else if (path === "/broken") {
    response.writeHead(503, { "content-type": "text/plain" });
    response.end("out of order");
  } else if (path === "/cookies") {
    response.writeHead(200, { "set-cookie": ["a=1; Path=/", "b=2; Path=/"] });
    response.end("two cookies");
  } else {
    response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
    if (request.method === "POST") request.pipe(response);
    else response.end(`hello from ${path}`);
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // "localhost" may be ::1 first; the port must answer on both.
    server.listen(0, "localhost", () => resolve((server.address() as AddressInfo).port));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.closeAllConnections();
    server.close(() => resolve());
  });
}
