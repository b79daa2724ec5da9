import { once } from "node:events";
import { type ClientOptions, WebSocket } from "ws";

/** A socket without a client library: frames as they are. */
export interface RawSocket {
  readonly ws: WebSocket;
  send(frame: unknown): void;
  /** The next text frame, parsed. */
  next(): Promise<unknown>;
}

export async function openRaw(
  url: string,
  query: Record<string, string>,
  options: ClientOptions = {},
): Promise<RawSocket> {
  const ws = new WebSocket(socketUrl(url, query), options);
  const frames: string[] = [];
  ws.on("message", (data) => frames.push(data.toString()));
  await once(ws, "open");
  return {
    ws,
    send: (frame) => ws.send(typeof frame === "string" ? frame : JSON.stringify(frame)),
    async next() {
      if (frames.length === 0) await once(ws, "message");
      return JSON.parse(frames.shift()!);
    },
  };
}

/** What the server answers to an upgrade that it refuses. */
export async function refusal(
  url: string,
  query: Record<string, string>,
  options: ClientOptions = {},
): Promise<{ status: number; body: string }> {
  const ws = new WebSocket(socketUrl(url, query), options);
  const [, response] = await once(ws, "unexpected-response");
  let body = "";
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, body };
}

const socketUrl = (url: string, query: Record<string, string>) =>
  `${url.replace("http", "ws")}/realtime/v1/websocket?${new URLSearchParams(query)}`;
