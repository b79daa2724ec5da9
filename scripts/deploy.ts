// npm run deploy: brings a Supabase project to what this working copy says.

import { join } from "node:path";
import { readOptions } from "./arguments.ts";
import { runProgram } from "./complaint.ts";
import { deploy } from "./deploy/deploy.ts";
import { root } from "./tools.ts";

const USAGE =
  "Usage: npm run deploy [-- --dry-run] [--secrets-file FILE] [--admin EMAIL] [--confirm-destructive]";

await runProgram(async () => {
  const values = readOptions(USAGE, {
    options: {
      // Not --env-file: Node takes that for its own wherever it stands.
      "admin": { type: "string" },
      "secrets-file": { type: "string", default: join(root, ".env.production") },
      "confirm-destructive": { type: "boolean", default: false },
      "dry-run": { type: "boolean", default: false },
    },
  });
  await deploy({
    root,
    environment: process.env,
    secretsFile: values["secrets-file"],
    confirmDestructive: values["confirm-destructive"],
    dryRun: values["dry-run"],
    ...(values.admin !== undefined && { admin: values.admin }),
    report: (line) => process.stdout.write(`${line}\n`),
  });
  process.stdout.write("Check it with: npm run verify -- --target <the project's URL>\n");
});
