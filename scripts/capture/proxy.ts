import { once } from "node:events";
import { Server } from "node:net";
import {
  type CompletedRequest,
  type CompletedResponse,
  generateCACertificate,
  getLocal,
  type Mockttp,
} from "mockttp";
import {
  abortedEntry,
  type CapturedEntry,
  exchangeEntry,
  RECORDED_BODY_LIMIT,
  upgradeEntry,
} from "./exchange.ts";

export interface CaptureProxyOptions {
  /** Called with every exchange, once it is complete. */
  onEntry: (entry: CapturedEntry) => void;
  onError: (error: unknown) => void;
  port?: number;
  /** Hosts whose certificates are not checked: for servers of one's own, with certificates of one's own. */
  insecureHosts?: string[];
}

export interface CaptureProxy {
  url: string;
  port: number;
  /** The certificate (PEM) that clients must trust: made at start, its key never leaves this process. */
  caCertificate: string;
  stop(): Promise<void>;
}

/**
 * An intercepting proxy for HTTP and HTTPS: passes everything through to where it was going, and hands
 * every exchange over as an entry.
 */
export async function startCaptureProxy(options: CaptureProxyOptions): Promise<CaptureProxy> {
  const { onEntry, onError, insecureHosts = [] } = options;
  const ca = await generateCACertificate({ subject: { commonName: "Busymate capture proxy" } });
  const server = getLocal({
    https: { key: ca.key, cert: ca.cert },
    recordTraffic: false,
    maxBodySize: RECORDED_BODY_LIMIT,
    suggestChanges: false,
  });
  const exchanges = new Exchanges();
  const working = new Set<Promise<void>>();
  const record = (entry: Promise<CapturedEntry> | CapturedEntry) => {
    const work = Promise.resolve(entry).then(onEntry).catch(onError).finally(() => {
      working.delete(work);
    });
    working.add(work);
  };

  await server.forAnyRequest().thenPassThrough({ ignoreHostHttpsErrors: insecureHosts });
  await server.forAnyWebSocket().thenPassThrough({ ignoreHostHttpsErrors: insecureHosts });
  await server.on("request", (request) => exchanges.request(request, record));
  await server.on("response", (response) => exchanges.response(response, record));
  await server.on("abort", (request) => {
    exchanges.forget(request.id);
    record(abortedEntry(request));
  });
  await server.on("websocket-request", (request) => exchanges.open(request));
  await server.on("websocket-accepted", (response) => {
    const request = exchanges.forget(response.id);
    if (request) record(upgradeEntry(request, response));
  });
  await server.start();
  await listenOnLoopback(server, options.port ?? 0);

  return {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    caCertificate: ca.cert,
    stop: async () => {
      await server.stop();
      await Promise.all(working);
    },
  };
}

/**
 * Mockttp listens on every interface and has no option against it; an open proxy is not what anybody
 * wants. So its server is closed, before anybody knows of it, and listens again where it should.
 */
async function listenOnLoopback(mockttp: Mockttp, port: number): Promise<void> {
  const server: unknown = Reflect.get(mockttp, "server");
  if (!(server instanceof Server)) throw new Error("this version of mockttp hides its server");
  await new Promise((resolve) => server.close(resolve));
  server.listen({ host: "127.0.0.1", port });
  await once(server, "listening");
}

type Record = (entry: Promise<CapturedEntry>) => void;

/** Requests waiting for their answer; an answer may be complete before its request is. */
class Exchanges {
  readonly #requests = new Map<string, CompletedRequest>();
  readonly #responses = new Map<string, CompletedResponse>();

  open(request: CompletedRequest): void {
    this.#requests.set(request.id, request);
  }

  request(request: CompletedRequest, record: Record): void {
    const response = this.#responses.get(request.id);
    if (!response) return this.open(request);
    this.#responses.delete(request.id);
    record(exchangeEntry(request, response));
  }

  response(response: CompletedResponse, record: Record): void {
    const request = this.#requests.get(response.id);
    if (!request) {
      this.#responses.set(response.id, response);
      return;
    }
    this.#requests.delete(response.id);
    record(exchangeEntry(request, response));
  }

  forget(id: string): CompletedRequest | undefined {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    this.#responses.delete(id);
    return request;
  }
}
