// fetch resolves a name by itself, and nobody can say which address it then connects to. These two
// node: modules, which Deno and Node both have, keep the two steps apart.

import { lookup } from "node:dns/promises";
import { request as requestHttp } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { Readable } from "node:stream";

export interface Answered {
  status: number;
  headers: Headers;
  body: NonNullable<Response["body"]>;
}

/** The outside world, one step at a time. */
export interface Network {
  /** Every address a name has now. */
  resolve(hostname: string): Promise<string[]>;
  /** GETs a URL from this very address, whatever its name resolves to now. Follows no redirect. */
  get(url: URL, address: string, signal: AbortSignal): Promise<Answered>;
}

export const network: Network = {
  async resolve(hostname) {
    return (await lookup(hostname, { all: true })).map(({ address }) => address);
  },
  get: (url, address, signal) =>
    new Promise((resolve, reject) => {
      const request = url.protocol === "https:" ? requestHttps : requestHttp;
      const outgoing = request({
        host: address,
        port: url.port,
        path: `${url.pathname}${url.search}`,
        // The certificate must be the name's, not the address's.
        servername: url.hostname,
        headers: { host: url.host, accept: "application/json", "accept-encoding": "identity" },
        agent: false,
        signal,
      }, (incoming) => resolve(answered(incoming)));
      outgoing.on("error", reject);
      outgoing.end();
    }),
};

function answered(incoming: IncomingMessage): Answered {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (typeof value === "string") headers.set(name, value);
  }
  return {
    status: incoming.statusCode ?? 0,
    headers,
    body: Readable.toWeb(incoming) as Answered["body"],
  };
}
