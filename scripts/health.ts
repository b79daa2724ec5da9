// npm run health: whether the embedded stack, or a database given by its URL, needs looking after.

import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import postgres from "postgres";
import { readOptions } from "./arguments.ts";
import { type Check, findings, tableOf } from "./checks.ts";
import { runProgram } from "./complaint.ts";
import { DATABASE_CHECKS } from "./health/checks.ts";
import { readStackInfo, stackFile } from "./stack-info.ts";
import { PUBLIC_CHECKS } from "./verify/checks.ts";
import { targetAt } from "./verify/target.ts";

const USAGE = "Usage: npm run health [-- --db-url URL]";
const LEAST_FREE_BYTES = 2 ** 30;

const DISK: Check<string> = {
  name: "disk",
  remedy: "free space: Postgres stops when it is full",
  async look(directory) {
    const { bavail, bsize } = await statfs(directory);
    const free = bavail * bsize;
    if (free < LEAST_FREE_BYTES) throw new Error(`only ${Math.round(free / 2 ** 20)} MiB are free`);
    return `${Math.round(free / 2 ** 30)} GiB are free`;
  },
};

async function lookAtDatabase(url: string) {
  const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => {} });
  try {
    return await findings(DATABASE_CHECKS, sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

await runProgram(async () => {
  const { "db-url": databaseUrl } = readOptions(USAGE, {
    options: { "db-url": { type: "string" } },
  });
  const found = [];
  if (databaseUrl !== undefined) found.push(...await lookAtDatabase(databaseUrl));
  else {
    const file = stackFile(process.env);
    const stack = readStackInfo(file);
    found.push(
      ...await findings(PUBLIC_CHECKS, await targetAt(stack.url, undefined)),
      ...await lookAtDatabase(stack.db_url),
      ...await findings([DISK], dirname(file)),
    );
  }
  process.stdout.write(tableOf(found));
  if (found.some(({ passed }) => !passed)) process.exitCode = 1;
});
