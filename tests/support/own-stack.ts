import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Stack, startStack } from "../../local/stack.ts";

export interface OwnStack extends Stack {
  /** What it reported since it was ready. */
  readonly lines: readonly string[];
}

/**
 * Starts a stack on free ports and a temporary directory, which its `stop` removes. For tests that
 * break things; all others share one (see stack.ts).
 */
export async function startOwnStack(
  options: { rootWellKnown?: boolean; secrets?: Record<string, string> } = {},
): Promise<OwnStack> {
  const dataDir = await mkdtemp(join(tmpdir(), "busymate-test-"));
  const remove = () => rm(dataDir, { recursive: true, force: true });
  const lines: string[] = [];
  try {
    const stack = await startStack({
      dataDir,
      port: 0,
      watch: false,
      rootWellKnown: options.rootWellKnown ?? true,
      allowLoopbackDocuments: true,
      secrets: options.secrets ?? {},
      report: (line) => lines.push(line),
    });
    lines.length = 0;
    return {
      ...stack,
      lines,
      async stop() {
        await stack.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw new Error(`The stack did not start:\n${lines.join("\n")}`, { cause: error });
  }
}
