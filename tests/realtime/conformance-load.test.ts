import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clock, type CrowdOptions, type CrowdReport } from "./support/crowd.ts";
import { member, send } from "./support/rooms.ts";
import { startTarget, type Target } from "./support/target.ts";

const SOCKETS = 1000;
const SENDS = 20;
const BETWEEN_SENDS_MS = 100;

let target: Target;
beforeAll(async () => {
  target = await startTarget({
    limits: { clients: SOCKETS, joinsPerSecond: Infinity, eventsPerSecond: Infinity },
  });
});
afterAll(() => target?.stop());

it("C30 a thousand private sockets all hear twenty messages from the database", async () => {
  const { topic, accessToken } = await member(target);
  const crowd = fork(fileURLToPath(new URL("support/crowd.ts", import.meta.url)), {
    execArgv: ["--import", "tsx"],
  });
  const reports: CrowdReport[] = [];
  crowd.on("message", (report) => reports.push(report as CrowdReport));
  const heard = () => reports.flatMap((report) => report.kind === "heard" ? [report] : []);
  const arrived = async (count: number) => {
    while (reports.length < count) await once(crowd, "message");
  };
  try {
    const options: CrowdOptions = {
      url: target.url,
      publishableKey: target.publishableKey,
      token: await accessToken(),
      topic,
      size: SOCKETS,
      atOnce: 50,
    };
    crowd.send(options);
    await arrived(1);
    for (let n = 0; n < SENDS; n++) {
      await send(target, { n, at: clock() }, "load", topic);
      await sleep(BETWEEN_SENDS_MS);
    }
    await arrived(1 + SENDS);
  } finally {
    crowd.disconnect();
    await once(crowd, "exit");
  }

  const latencies = heard().flatMap((report) => report.latencies).sort((a, b) => a - b);
  expect(heard().map(({ n }) => n)).toEqual(Array.from({ length: SENDS }, (_, n) => n));
  expect(latencies).toHaveLength(SOCKETS * SENDS);
  const [joined] = reports;
  const rate = joined?.kind === "joined" ? SOCKETS / (joined.ms / 1000) : NaN;
  const percentile = (share: number) => latencies[Math.ceil(latencies.length * share) - 1]!;
  const figures = [0.5, 0.95, 0.99].map((p) => `p${p * 100} ${percentile(p).toFixed(1)} ms`);
  process.stdout.write(`C30: ${rate.toFixed(0)} joins/s, latency ${figures.join(", ")}\n`);
}, 120_000);
