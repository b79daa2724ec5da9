import { setTimeout as sleep } from "node:timers/promises";
import type { Child } from "./child.ts";

/** A part of the stack that is a process of its own and comes back when it dies. */
export interface Part {
  readonly name: string;
  readonly port: number;
  /** Undefined while it is down. */
  pid(): number | undefined;
  /** Resolves when the part answers; rejects when the current try to start it fails. */
  ready(): Promise<void>;
  /** Kills the process as it is, without a word to it. Resolves when it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Ends the process in order and starts a new one. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The pause before the next try after so many failures in a row. */
const pause = (failures: number): number =>
  failures === 0 ? 0 : Math.min(100 * 2 ** (failures - 1), 5_000);

/** A process that lived this long did start; its end is not counted as a failure to. */
const STEADY_MS = 5_000;

/**
 * Runs a part until it is stopped. `launch` returns once the process answers. Why the first try fails
 * is for `ready` to tell; later failures are reported.
 */
export function supervise(
  name: string,
  port: number,
  launch: () => Promise<Child>,
  report: (line: string) => void,
): Part {
  const stopping = new AbortController();
  /** Aborted by a restart: the next end is wanted, and no pause is waited out. */
  let hurry = new AbortController();
  let child: Child | undefined;
  let attempt = launch();

  const launchAfter = async (delay: number) => {
    const interrupted = AbortSignal.any([stopping.signal, hurry.signal]);
    await sleep(delay, undefined, { signal: interrupted }).catch(() => {});
    stopping.signal.throwIfAborted();
    hurry = new AbortController();
    return await launch();
  };

  const run = async () => {
    let failures = 0;
    let first = true;
    while (!stopping.signal.aborted) {
      const since = Date.now();
      try {
        child = await attempt;
        if (stopping.signal.aborted) await child.stop();
        await child.exited;
        if (hurry.signal.aborted || Date.now() - since > STEADY_MS) failures = 0;
        else failures++;
        if (!hurry.signal.aborted && !stopping.signal.aborted) {
          report(`${name} ended unexpectedly; starting it again`);
        }
      } catch (error) {
        if (stopping.signal.aborted) return;
        failures++;
        if (!first) report(`${name} does not start: ${(error as Error).message}`);
      }
      first = false;
      child = undefined;
      if (stopping.signal.aborted) return;
      attempt = launchAfter(pause(failures));
      // Whoever waits is told by `ready`; the loop above comes to the same promise by itself.
      attempt.catch(() => {});
    }
  };
  attempt.catch(() => {});
  const running = run();

  return {
    name,
    port,
    pid: () => child?.pid,
    async ready() {
      await attempt;
    },
    async kill(signal = "SIGKILL") {
      if (!child) return;
      const { exited, pid } = child;
      process.kill(pid, signal);
      await exited;
    },
    async restart() {
      hurry.abort();
      const current = child ?? await attempt.catch(() => undefined);
      await current?.stop();
      await attempt;
    },
    async stop() {
      stopping.abort();
      await child?.stop();
      await running;
    },
  };
}
