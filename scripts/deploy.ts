// npm run deploy: brings a Supabase project to what this working copy says.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { Complaint, runProgram } from "./complaint.ts";
import { deploy } from "./deploy/deploy.ts";
import { root } from "./tools.ts";

const USAGE =
  "Usage: npm run deploy [-- --dry-run] [--env-file FILE] [--admin EMAIL] [--confirm-destructive]";

function options() {
  try {
    return parseArgs({
      options: {
        "admin": { type: "string" },
        "env-file": { type: "string", default: join(root, ".env.production") },
        "confirm-destructive": { type: "boolean", default: false },
        "dry-run": { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new Complaint(`${(error as Error).message}\n${USAGE}`);
  }
}

await runProgram(async () => {
  const values = options();
  await deploy({
    root,
    environment: process.env,
    secretsFile: values["env-file"],
    confirmDestructive: values["confirm-destructive"],
    dryRun: values["dry-run"],
    ...(values.admin !== undefined && { admin: values.admin }),
    report: (line) => process.stdout.write(`${line}\n`),
  });
  process.stdout.write("Check it with: npm run verify -- --target <the project's URL>\n");
});
