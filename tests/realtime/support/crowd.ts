/**
 * Many clients of supabase-js in a process of their own, so that what is measured is not slowed by
 * the server sharing their event loop. Reports over IPC; ends when told to.
 */
import { RealtimeClient } from "@supabase/supabase-js";
import { WebSocket } from "ws";

export interface CrowdOptions {
  url: string;
  publishableKey: string;
  token: string;
  topic: string;
  size: number;
  /** How many clients join at a time. */
  atOnce: number;
}

export type CrowdReport =
  | { kind: "joined"; ms: number }
  /** Once per sent message: how long each client waited for it. */
  | { kind: "heard"; n: number; latencies: number[] };

export const clock = () => performance.timeOrigin + performance.now();

async function run({ url, publishableKey, token, topic, size, atOnce }: CrowdOptions) {
  const heard = new Map<number, number[]>();
  const join = async () => {
    const client = new RealtimeClient(`${url}/realtime/v1`, {
      params: { apikey: publishableKey },
      accessToken: () => Promise.resolve(token),
      transport: WebSocket as unknown as typeof globalThis.WebSocket,
    });
    await client.setAuth();
    const channel = client.channel(topic, { config: { private: true } });
    channel.on("broadcast", { event: "*" }, ({ payload }) => {
      const latencies = heard.get(payload.n) ?? [];
      latencies.push(clock() - payload.at);
      heard.set(payload.n, latencies);
      if (latencies.length === size) report({ kind: "heard", n: payload.n, latencies });
    });
    await new Promise<void>((joined, failed) => {
      channel.subscribe((status, error) => {
        if (status === "SUBSCRIBED") joined();
        else failed(error ?? new Error(status));
      });
    });
  };
  const start = clock();
  let left = size;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (left-- > 0) await join();
  }));
  report({ kind: "joined", ms: clock() - start });
}

const report = (message: CrowdReport) => process.send!(message);

process.once("message", (options) => run(options as CrowdOptions));
process.once("disconnect", () => process.exit());
