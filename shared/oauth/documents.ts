import { readJson } from "../http/body.ts";
import { AppError } from "../http/errors.ts";
import { readDocument } from "./client-metadata.ts";
import type { DocumentMetadata } from "./client-metadata.ts";
import type { Network } from "./network.ts";
import { isPublicAddress } from "./public-address.ts";

const TIMEOUT_MS = 5_000;
export const SIZE_LIMIT = 10_240;
/** However short the publisher's own limits: a page that is opened twice is fetched once. */
const SHORTEST_SECONDS = 60;
/** However long: a redirect URI that was taken out must stop working. */
const LONGEST_SECONDS = 86_400;
const LOOPBACK_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])$/;

export interface DocumentRules {
  network: Network;
  /** For development alone: documents on this machine, over http. */
  allowLoopback: boolean;
}

/** Whether a client id is the URL of a document, good or bad: registered ids are uuids. */
export function isDocumentId(clientId: string): boolean {
  return /^https?:/i.test(clientId);
}

/** Fetches a Client ID Metadata Document. Whatever fails is one refusal: we are nobody's port scanner. */
export async function fetchDocument(
  clientId: string,
  { network, allowLoopback }: DocumentRules,
  client: AbortSignal,
): Promise<{ metadata: DocumentMetadata; freshSeconds: number }> {
  const url = documentUrl(clientId, allowLoopback);
  const signal = AbortSignal.any([client, AbortSignal.timeout(TIMEOUT_MS)]);
  const { body, headers } = await read(url, network, allowLoopback, signal).catch((cause) => {
    throw new AppError(
      "invalid_client_metadata",
      `client_id: no JSON document of at most ${SIZE_LIMIT} bytes could be had there ` +
        `(publicly reachable, status 200, no redirect, within ${TIMEOUT_MS / 1000} s).`,
      { cause },
    );
  });
  return {
    metadata: readDocument(clientId, body),
    freshSeconds: freshness(headers.get("cache-control")),
  };
}

/** The URL of a document in the one spelling that is accepted, since it is compared as a string. */
function documentUrl(clientId: string, allowLoopback: boolean): URL {
  const url = URL.canParse(clientId) ? new URL(clientId) : undefined;
  const secure = url?.protocol === "https:" ||
    (allowLoopback && url?.protocol === "http:" && LOOPBACK_HOST.test(url.hostname));
  const plain = url?.href === clientId && !url.username && !url.password && !url.hash &&
    !url.search && url.pathname !== "/";
  if (url && secure && plain) return url;
  throw new AppError(
    "invalid_client_metadata",
    "client_id: must be an https URL with a path, without query, fragment and credentials.",
  );
}

async function read(
  url: URL,
  network: Network,
  allowLoopback: boolean,
  signal: AbortSignal,
): Promise<{ body: unknown; headers: Headers }> {
  const address = await addressOf(url, network, allowLoopback, signal);
  const { status, headers, body } = await network.get(url, address, signal);
  try {
    if (status !== 200) throw new Error(`status ${status}`);
    return { body: await readJson({ headers, body, signal }, { limit: SIZE_LIMIT }), headers };
  } finally {
    // A body nobody reads would hold the connection.
    if (!body.locked) await body.cancel();
  }
}

/** The address to connect to: every one the name has must be public, or somebody is playing games. */
async function addressOf(
  url: URL,
  network: Network,
  allowLoopback: boolean,
  signal: AbortSignal,
): Promise<string> {
  const { hostname } = url;
  const literal = hostname.replace(/^\[(.*)\]$/, "$1");
  const addresses = literal !== hostname || /^[\d.]+$/.test(literal)
    ? [literal]
    : await abortable(network.resolve(hostname), signal);
  const trusted = allowLoopback && LOOPBACK_HOST.test(hostname);
  const [first] = addresses;
  if (first === undefined || !(trusted || addresses.every(isPublicAddress))) {
    throw new Error(`${hostname} is not public: ${addresses.join(", ") || "no address"}`);
  }
  return first;
}

function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

/** How long a copy is good for, by the publisher's word within our bounds. */
function freshness(cacheControl: string | null): number {
  const seconds = Number(/(?:^|[\s,])max-age=(\d{1,9})/i.exec(cacheControl ?? "")?.[1] ?? 0);
  return Math.min(Math.max(seconds, SHORTEST_SECONDS), LONGEST_SECONDS);
}
