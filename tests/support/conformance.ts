import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "../..");

export interface Run {
  code: number | null;
  output: string;
}

/** Runs MCP's conformance suite, which needs a newer Node than ours, or Deno. */
export function runConformance(
  args: string[],
  onOutput: (output: string) => void = () => {},
): Promise<Run> {
  const { resolve } = createRequire(import.meta.url);
  const deno = join(dirname(resolve("@deno/linux-x64-glibc/package.json")), "deno");
  const suite = join(root, "node_modules/@modelcontextprotocol/conformance/dist/index.js");
  const child = spawn(deno, ["run", "-A", "--node-modules-dir=manual", suite, ...args], {
    env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
      onOutput(output);
    });
  }
  return new Promise((done, failed) => {
    child.on("error", failed);
    child.on("close", (code) => done({ code, output }));
  });
}
