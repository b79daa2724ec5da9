import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below Linux's ephemeral range, where a port that is free now may be an outgoing connection's soon. */
const FIRST = 20_000;
const LAST = 32_000;

const taken = new Set<number>();

/** A loopback port that nobody listens on and that this process has not been given before. */
export async function freePort(preferred?: number): Promise<number> {
  for (let port = preferred ?? randomInt(FIRST, LAST);; port = randomInt(FIRST, LAST)) {
    if (taken.has(port) || !await isFree(port)) continue;
    taken.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((answer) => {
    const server = createServer();
    server.once("error", () => answer(false));
    server.listen(port, "127.0.0.1", () => server.close(() => answer(true)));
  });
}
