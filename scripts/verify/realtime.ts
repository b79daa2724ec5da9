import WebSocket from "ws";

const TIMEOUT_MS = 10_000;

interface Reply {
  status: string;
  response: { reason?: string };
}

/** Joins a private channel over a socket of its own and answers what Realtime replied. */
export async function joinChannel(
  projectUrl: string,
  publishableKey: string,
  topic: string,
  token?: string,
): Promise<Reply> {
  const url = new URL(`${projectUrl.replace(/^http/, "ws")}/realtime/v1/websocket`);
  url.searchParams.set("apikey", publishableKey);
  url.searchParams.set("vsn", "1.0.0");
  const socket = new WebSocket(url, { handshakeTimeout: TIMEOUT_MS });
  try {
    return await new Promise<Reply>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("Realtime does not reply")), TIMEOUT_MS);
      socket.once("close", () => clearTimeout(late));
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("Realtime closed the connection")));
      socket.once("open", () =>
        socket.send(JSON.stringify({
          topic: `realtime:${topic}`,
          event: "phx_join",
          payload: {
            config: { private: true, broadcast: {}, presence: {}, postgres_changes: [] },
            ...(token !== undefined && { access_token: token }),
          },
          ref: "1",
          join_ref: "1",
        })));
      socket.on("message", (data) => {
        const message = JSON.parse(String(data)) as { event: string; ref: string; payload: Reply };
        if (message.event === "phx_reply" && message.ref === "1") resolve(message.payload);
      });
    });
  } finally {
    socket.terminate();
  }
}
