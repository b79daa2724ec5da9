// npm run mcp-docs: writes docs/mcp-tools.md from the operations declared in shared/operations.
// With --check it only compares.

import { readFile, writeFile } from "node:fs/promises";
import { readOptions } from "./arguments.ts";
import { Complaint, runProgram } from "./complaint.ts";
import { formatted } from "./formatted.ts";
import { mcpDocument } from "./mcp-docs/document.ts";
import { root } from "./tools.ts";

const FILE = "docs/mcp-tools.md";

await runProgram(async () => {
  const { check } = readOptions("Usage: npm run mcp-docs [-- --check]", {
    options: { check: { type: "boolean", default: false } },
  });
  const text = await formatted(mcpDocument(), "md");
  const path = `${root}/${FILE}`;
  if (!check) {
    await writeFile(path, text);
  } else if (await readFile(path, "utf8").catch(() => "") !== text) {
    throw new Complaint(`${FILE} is not what shared/operations says; run: npm run mcp-docs`);
  }
});
