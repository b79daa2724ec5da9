import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A running process of the stack. */
export interface Child {
  readonly pid: number;
  /** Resolves when the process ends, for whatever reason. */
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

export interface ChildOptions {
  command: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
  /** Both output streams are appended here. A file outlives us, a pipe would break. */
  logFile: string;
  /** Marks the process as this stack's own; see `reapLeftovers`. */
  stack: string;
  /** Asked until it says yes. */
  ready: () => Promise<boolean>;
}

const MARK = "BUSYMATE_STACK";
/** A function that waits for something before it listens must not keep the whole stack waiting. */
const START_DEADLINE_MS = 30_000;
const SETPRIV = "/usr/bin/setpriv";

/**
 * Command and arguments that end with us: the kernel sends the signal when the parent dies, however
 * it dies. Where util-linux has no setpriv, `reapLeftovers` clears up at the next start.
 */
export function endingWithParent(command: string, args: string[], signal = "TERM") {
  return existsSync(SETPRIV)
    ? { command: SETPRIV, args: ["--pdeathsig", signal, "--", command, ...args] }
    : { command, args };
}

/** Starts a process and returns once it is ready; throws its last words if it ends before. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const log = openSync(options.logFile, "a", 0o600);
  const logStart = statSync(options.logFile).size;
  const { command, args } = endingWithParent(options.command, options.args);
  // A group of its own, so that Ctrl-C at the terminal reaches us alone and we end things in order.
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...options.env, [MARK]: options.stack },
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  const handle = await handleOf(child);

  let ended = false;
  void handle.exited.then(() => ended = true);
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!ended && !await options.ready()) {
    if (Date.now() > deadline) {
      await handle.stop();
      throw new Error(`it does not answer after ${START_DEADLINE_MS / 1000} s`);
    }
    await sleep(25);
  }
  if (ended) {
    const words = readFileSync(options.logFile).toString("utf8", logStart).trim();
    throw new Error(
      words === "" ? "it ended without a word" : words.split("\n").slice(-8).join("\n"),
    );
  }
  return handle;
}

/** Waits until the process exists; `stop` ends it, gently at first. */
export async function handleOf(
  child: ChildProcess,
  gentle: NodeJS.Signals = "SIGTERM",
  forced: NodeJS.Signals = "SIGKILL",
): Promise<Child> {
  const exited = new Promise<void>((done) => child.once("exit", () => done()));
  await new Promise((done, failed) => child.once("spawn", done).once("error", failed));
  return {
    pid: child.pid!,
    exited,
    async stop() {
      child.kill(gentle);
      const late = setTimeout(() => child.kill(forced), 10_000);
      await exited;
      clearTimeout(late);
    },
  };
}

/** True once something accepts connections on the port. */
export async function listens(port: number): Promise<boolean> {
  return await new Promise((answer) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => answer(true)).once("error", () => answer(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** Ends processes that an earlier, killed stack on the same data directory left behind. */
export function reapLeftovers(stack: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      if (environment.includes(`${MARK}=${stack}`)) process.kill(Number(pid), "SIGKILL");
    } catch {
      // Ended meanwhile, or another user's and so not ours.
    }
  }
}
