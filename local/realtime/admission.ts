import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Version } from "./frames.ts";
import { TokenRefused, type Verify } from "./token.ts";

/** The token that stands behind each opaque sb_… key. */
export type ApiKeys = ReadonlyMap<string, string>;

/** Stands in for what a request's path leaves out. */
const ORIGIN = "http://localhost";

/** The answer to an upgrade that is not granted. */
export class ConnectRefused extends Error {
  readonly status: number;

  constructor(status: number, message = "") {
    super(message);
    this.status = status;
  }
}

/** Finds the protocol version and the token behind the key; throws ConnectRefused. */
export async function admit(
  request: IncomingMessage,
  verify: Verify,
  apiKeys: ApiKeys,
): Promise<{ version: Version; token: string }> {
  const url = request.url ?? "";
  if (!URL.canParse(url, ORIGIN)) throw new ConnectRefused(404, "Not found");
  const { pathname, searchParams } = new URL(url, ORIGIN);
  if (!pathname.endsWith("/websocket")) throw new ConnectRefused(404, "Not found");
  const version = versionOf(searchParams.get("vsn"));
  const header = request.headers["x-api-key"];
  const key = typeof header === "string" ? header : searchParams.get("apikey");
  if (!key) throw new ConnectRefused(401, "API key is missing");
  const token = apiKeys.get(key) ?? key;
  try {
    await verify(token);
  } catch (error) {
    if (error instanceof TokenRefused) throw new ConnectRefused(401, error.atConnect);
    throw error;
  }
  return { version, token };
}

function versionOf(vsn: string | null): Version {
  const major = /^([12])\.0\.\d+$/.exec(vsn ?? "1.0.0")?.[1];
  if (!major) throw new ConnectRefused(403);
  return major === "1" ? 1 : 2;
}

/** Answers an upgrade by HTTP and ends the connection. */
export function refuse(connection: Duplex, { status, message }: ConnectRefused): void {
  const body = message && JSON.stringify({ error: message });
  connection.end([
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
    "",
    body,
  ].join("\r\n"));
}
