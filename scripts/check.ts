// npm run check: all that can be told about the code without running it.

import { readdirSync } from "node:fs";
import { readOptions } from "./arguments.ts";
import { Complaint, runProgram } from "./complaint.ts";
import { root, run, toolPath } from "./tools.ts";

type Check = { name: string; program: string; args: readonly string[] };

/** A program of this folder. */
const script = (name: string, ...args: string[]) => ({
  program: process.execPath,
  args: ["--import", "tsx", `scripts/${name}.ts`, ...args],
});

const entrypoints = () =>
  readdirSync(`${root}/functions`).map((slug) => `functions/${slug}/index.ts`);
const migrations = () =>
  readdirSync(`${root}/supabase/migrations`)
    .filter((name) => name.endsWith(".sql"))
    .map((name) => `supabase/migrations/${name}`);

const checks = (): Check[] => [
  { name: "generated types", ...script("database-types", "--check") },
  { name: "reference", ...script("reference", "--check") },
  { name: "AsyncAPI document", ...script("asyncapi", "--check") },
  { name: "reference of the MCP tools", ...script("mcp-docs", "--check") },
  { name: "types (Node)", program: `${root}/node_modules/.bin/tsc`, args: ["--noEmit", "-p", "."] },
  {
    name: "types (Deno)",
    program: toolPath("deno"),
    args: ["check", "--node-modules-dir=manual", ...entrypoints()],
  },
  { name: "format", program: toolPath("deno"), args: ["fmt", "--check"] },
  { name: "lint", program: toolPath("deno"), args: ["lint"] },
  { name: "SQL lint", program: toolPath("squawk"), args: ["--reporter", "gcc", ...migrations()] },
  { name: "versions", ...script("sync-version", "--check") },
];

/** Runs one check and says how it went; answers whether it passed. */
async function perform({ name, program, args }: Check): Promise<boolean> {
  const started = performance.now();
  const { code, stdout, stderr } = await run(program, args);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const passed = code === 0;
  process.stdout.write(`${passed ? "ok    " : "FAILED"} ${name} (${seconds} s)\n`);
  if (!passed) {
    const output = `${stdout}${stderr}`.trim() || `it ended with ${code} and without a word`;
    process.stdout.write(output.replace(/^/gm, "       ") + "\n");
  }
  return passed;
}

await runProgram(async () => {
  readOptions("Usage: npm run check", {});
  const all = checks();
  process.stdout.write(`Checking ${all.map(({ name }) => name).join(", ")} …\n`);
  const results = await Promise.all(all.map(perform));
  const failed = all.filter((_, index) => !results[index]);
  if (failed.length > 0) {
    throw new Complaint(
      `${failed.length} of ${all.length} checks failed: ${
        failed.map(({ name }) => name).join(", ")
      }`,
    );
  }
  process.stdout.write(`All ${all.length} checks passed.\n`);
});
