// npm run mcp-docs: writes docs/mcp-tools.md from the operations declared in shared/operations.
// With --check it only compares.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readOptions } from "./arguments.ts";
import { Complaint, runProgram } from "./complaint.ts";
import { mcpDocument } from "./mcp-docs/document.ts";
import { root, run, toolPath } from "./tools.ts";

const FILE = "docs/mcp-tools.md";

await runProgram(async () => {
  const { check } = readOptions("Usage: npm run mcp-docs [-- --check]", {
    options: { check: { type: "boolean", default: false } },
  });
  const text = await formatted(mcpDocument());
  const path = `${root}/${FILE}`;
  if (!check) {
    await writeFile(path, text);
  } else if (await readFile(path, "utf8").catch(() => "") !== text) {
    throw new Complaint(`${FILE} is not what shared/operations says; run: npm run mcp-docs`);
  }
});

/** As the formatter has all Markdown here, so that both checks agree. */
async function formatted(text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "busymate-docs-"));
  const file = join(directory, "document.md");
  try {
    await writeFile(file, text);
    const { code, stderr } = await run(toolPath("deno"), [
      "fmt",
      "--config",
      `${root}/deno.json`,
      file,
    ]);
    if (code !== 0) throw new Complaint(stderr);
    return await readFile(file, "utf8");
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
