// npm run check:deno: checks the functions' types on the Deno that hosted functions run on, which is
// older than the one here. It is fetched by npm into a directory for the moment.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readOptions } from "./arguments.ts";
import { Complaint, runProgram } from "./complaint.ts";
import { declaredFunctions } from "./deploy/functions.ts";
import { root, run } from "./tools.ts";

const HOSTED = "2.1.14";
const PACKAGE = "@deno/linux-x64-glibc";

await runProgram(async () => {
  readOptions("Usage: npm run check:deno [-- VERSION]", { allowPositionals: true });
  const version = process.argv[2] ?? HOSTED;
  const directory = await mkdtemp(join(tmpdir(), "busymate-deno-"));
  try {
    const npm = await run("npm", [
      "install",
      "--no-save",
      "--no-audit",
      "--no-fund",
      `--prefix=${directory}`,
      `${PACKAGE}@${version}`,
    ], { cwd: directory });
    if (npm.code !== 0) throw new Complaint(`Deno ${version} cannot be had: ${npm.stderr.trim()}`);
    const entrypoints = declaredFunctions(root).map(({ slug }) => `functions/${slug}/index.ts`);
    const deno = join(directory, "node_modules", PACKAGE, "deno");
    const { code, stdout, stderr } = await run(
      deno,
      ["check", "--no-lock", "--node-modules-dir=manual", ...entrypoints],
    );
    if (code !== 0) throw new Complaint(`${stdout}${stderr}`.trim());
    process.stdout.write(`${entrypoints.length} functions check on Deno ${version}.\n`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
