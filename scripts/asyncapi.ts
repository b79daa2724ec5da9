// npm run asyncapi: writes docs/asyncapi.yaml from the events declared in shared/realtime/events.
// With --check it only compares.

import { readFile, writeFile } from "node:fs/promises";
import { stringify } from "yaml";
import { asyncApiDocument } from "../shared/realtime/asyncapi.ts";
import { readOptions } from "./arguments.ts";
import { Complaint, runProgram } from "./complaint.ts";
import { root } from "./tools.ts";
import version from "../version.json" with { type: "json" };

const FILE = "docs/asyncapi.yaml";
const HEADER = "# Generated from shared/realtime/events by: npm run asyncapi\n";

await runProgram(async () => {
  const { check } = readOptions("Usage: npm run asyncapi [-- --check]", {
    options: { check: { type: "boolean", default: false } },
  });
  const text = HEADER + stringify(asyncApiDocument(version.version), {
    aliasDuplicateObjects: false,
    lineWidth: 100,
  });
  const path = `${root}/${FILE}`;
  if (!check) {
    await writeFile(path, text);
  } else if (await readFile(path, "utf8").catch(() => "") !== text) {
    throw new Complaint(`${FILE} is not what shared/realtime/events says; run: npm run asyncapi`);
  }
});
