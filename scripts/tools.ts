// The command line tools that npm brings along, and how they are run.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Complaint } from "./complaint.ts";

export const root = fileURLToPath(new URL("../", import.meta.url));

const require = createRequire(import.meta.url);

/** Each tool's package and its program in there. */
const TOOLS = {
  deno: ["@deno/linux-x64-glibc", "deno"],
  squawk: ["@squawk-cli/linux-x64", "bin/squawk"],
  supabase: ["@supabase/cli-linux-x64", "bin/supabase"],
} as const;

/** Where npm put a tool. */
export function toolPath(tool: keyof typeof TOOLS): string {
  const [name, program] = TOOLS[tool];
  try {
    return join(dirname(require.resolve(`${name}/package.json`)), program);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    throw new Complaint(`${name} is not installed: it comes with npm ci, on Linux x64 alone`);
  }
}

export type Outcome = { code: number | null; stdout: string; stderr: string };

// None of the tools may call home or ask a person.
const QUIET = {
  CI: "1",
  DENO_NO_UPDATE_CHECK: "1",
  DO_NOT_TRACK: "1",
  NO_COLOR: "1",
  SUPABASE_NO_UPDATE_NOTIFIER: "1",
  SUPABASE_TELEMETRY_DISABLED: "1",
};

export interface Surroundings {
  /** The repository's root unless told. */
  cwd?: string;
  /** Instead of this process's own. */
  env?: Record<string, string | undefined>;
}

/** Runs a program until it ends. */
export function run(
  program: string,
  args: readonly string[],
  { cwd = root, env = process.env }: Surroundings = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...env, ...QUIET },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text);
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
