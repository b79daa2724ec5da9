import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Stack, startStack } from "../../local/stack.ts";

export interface OwnStack extends Stack {
  readonly dataDir: string;
  /** What it reported since it was ready. */
  readonly lines: readonly string[];
  /** Stops it, lets something be done to its directory, and starts it again at the same address. */
  restart(meanwhile: () => Promise<void>): Promise<OwnStack>;
}

interface Options {
  rootWellKnown?: boolean;
  secrets?: Record<string, string>;
}

/**
 * Starts a stack on free ports and a temporary directory, which its `stop` removes. For tests that
 * break things; all others share one (see stack.ts).
 */
export async function startOwnStack(options: Options = {}): Promise<OwnStack> {
  return await startIn(await mkdtemp(join(tmpdir(), "busymate-test-")), 0, options);
}

async function startIn(dataDir: string, port: number, options: Options): Promise<OwnStack> {
  const remove = () => rm(dataDir, { recursive: true, force: true });
  const lines: string[] = [];
  try {
    const stack = await startStack({
      dataDir,
      port,
      watch: false,
      rootWellKnown: options.rootWellKnown ?? true,
      allowLoopbackDocuments: true,
      secrets: options.secrets ?? {},
      report: (line) => lines.push(line),
    });
    lines.length = 0;
    return {
      ...stack,
      dataDir,
      lines,
      async stop() {
        await stack.stop();
        await remove();
      },
      async restart(meanwhile) {
        await stack.stop();
        await meanwhile();
        return await startIn(dataDir, Number(new URL(stack.info.url).port), options);
      },
    };
  } catch (error) {
    await remove();
    throw new Error(`The stack did not start:\n${lines.join("\n")}`, { cause: error });
  }
}
