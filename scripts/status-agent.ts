// npm run status-agent -- --config FILE [--once]: looks at this machine and at the product's
// components and posts what it sees, every 10 seconds until it is stopped.

import { parseArgs } from "node:util";
import { Complaint, runProgram } from "./complaint.ts";
import { reportAlways, reportOnce } from "./status/agent.ts";
import { readAgentConfig } from "./status/config.ts";
import { tokenSource } from "./status/token.ts";

const USAGE = "Usage: npm run status-agent -- --config FILE [--once]";

await runProgram(async () => {
  const { file, once } = readArguments(process.argv.slice(2));
  const config = readAgentConfig(file);
  const source = tokenSource(config, process.env);
  const report = (line: string) =>
    void process.stdout.write(`${new Date().toISOString()} ${line}\n`);
  if (once) return await reportOnce(config, source, report);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  await reportAlways(config, source, report, stop.signal);
});

function readArguments(args: string[]): { file: string; once: boolean } {
  try {
    const { values } = parseArgs({
      args,
      options: { config: { type: "string" }, once: { type: "boolean", default: false } },
    });
    if (values.config !== undefined) return { file: values.config, once: values.once };
  } catch (error) {
    throw new Complaint(`${(error as Error).message}\n${USAGE}`);
  }
  throw new Complaint(USAGE);
}
