// Limits count by address. Every address of 127.0.0.0/8 is this machine, so a test that must not
// share a bucket with others calls from one of its own.

import { randomInt } from "node:crypto";
import { request } from "node:http";

/** A loopback address nobody else uses. */
export function newAddress(): string {
  return `127.${randomInt(1, 255)}.${randomInt(0, 255)}.${randomInt(1, 255)}`;
}

/** fetch, seen by the server as coming from another address of this machine. */
export function fetchFrom(
  address: string,
  url: string,
  init: { method?: string; headers?: HeadersInit; body?: string | Uint8Array } = {},
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const headers = new Headers(init.headers);
    // Node adds it for some methods only, and without it the body of a DELETE is a broken request.
    if (init.body !== undefined) headers.set("Content-Length", `${Buffer.byteLength(init.body)}`);
    const outgoing = request(url, {
      method: init.method ?? "GET",
      headers: Object.fromEntries(headers),
      localAddress: address,
      agent: false,
    }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => {
        const answered = new Headers();
        for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
          answered.append(incoming.rawHeaders[i]!, incoming.rawHeaders[i + 1]!);
        }
        const status = incoming.statusCode!;
        const empty = status === 204 || status === 304;
        resolve(new Response(empty ? null : Buffer.concat(chunks), { status, headers: answered }));
      });
    });
    outgoing.on("error", reject);
    outgoing.end(init.body);
  });
}
