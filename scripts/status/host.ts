// This machine's figures, as the operating system gives them.

import { readFile } from "node:fs/promises";
import { cpus, freemem, loadavg, totalmem, uptime } from "node:os";
import type { HostStatus } from "../../shared/stats/status.ts";

/** Time of all processors since the machine started, in ms: all of it, and idle. */
interface CpuTimes {
  all: number;
  idle: number;
}

/** Answers the figures; CPU is what was used since it was asked before. */
export function hostSampler(): () => Promise<HostStatus> {
  let before = cpuTimes();
  return async () => {
    const now = cpuTimes();
    const cpu_percent = percentBetween(before, now);
    before = now;
    const [one = 0, five = 0, fifteen = 0] = loadavg();
    const total = totalmem();
    const available = await availableMemory();
    return {
      cpu_percent,
      load: [rounded(one), rounded(five), rounded(fifteen)],
      memory: { total, used: Math.max(0, total - available) },
      uptime_s: Math.floor(uptime()),
    };
  };
}

function cpuTimes(): CpuTimes {
  const times: CpuTimes = { all: 0, idle: 0 };
  for (const { times: cpu } of cpus()) {
    times.all += cpu.user + cpu.nice + cpu.sys + cpu.idle + cpu.irq;
    times.idle += cpu.idle;
  }
  return times;
}

function percentBetween(before: CpuTimes, now: CpuTimes): number {
  const all = now.all - before.all;
  if (all <= 0) return 0;
  const busy = all - (now.idle - before.idle);
  return rounded(Math.min(100, Math.max(0, 100 * busy / all)));
}

/** What programs could still get. "Free" leaves out the page cache, which they can have: it is always low. */
async function availableMemory(): Promise<number> {
  try {
    const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile("/proc/meminfo", "utf8"));
    if (kilobytes) return Number(kilobytes[1]) * 1024;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return freemem();
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
