import { request as httpRequest } from "node:http";
import { connect, type TLSSocket } from "node:tls";
import type { Socket } from "node:net";

export interface ProxiedRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

export interface ProxiedResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Uint8Array;
}

/**
 * Sends a request as a client with a configured proxy does: by absolute URL for http, by CONNECT and
 * TLS for https (RFC 9110 section 9.3.6). Node's own fetch takes no proxy on every version supported.
 */
export async function fetchThroughProxy(
  proxy: { port: number; caCertificate: string },
  url: string,
  { method = "GET", headers = {}, body }: ProxiedRequest = {},
): Promise<ProxiedResponse> {
  const target = new URL(url);
  const secure = target.protocol === "https:";
  const socket = secure ? await tunnel(proxy, target) : undefined;
  return await new Promise((resolve, reject) => {
    const request = httpRequest({
      host: "127.0.0.1",
      port: proxy.port,
      method,
      path: secure ? target.pathname + target.search : url,
      headers: { host: target.host, connection: "close", ...headers },
      ...(socket ? { createConnection: () => socket } : {}),
    }, (response) => {
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(new Uint8Array(chunk)));
      response.on("error", reject);
      response.on("end", () => {
        socket?.destroy();
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body: new Uint8Array(Buffer.concat(chunks)) });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

function tunnel(
  proxy: { port: number; caCertificate: string },
  target: URL,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const authority = `${target.hostname}:${target.port || 443}`;
    const request = httpRequest({
      host: "127.0.0.1",
      port: proxy.port,
      method: "CONNECT",
      path: authority,
      headers: { host: authority },
    });
    request.on("error", reject);
    request.on("connect", (response, socket: Socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        reject(new Error(`the proxy answered CONNECT with ${response.statusCode}`));
        return;
      }
      const secure = connect({ socket, servername: target.hostname, ca: proxy.caCertificate });
      secure.on("error", reject);
      secure.on("secureConnect", () => resolve(secure));
    });
    request.end();
  });
}
