// npm run status-agent -- --config FILE [--once]: looks at this machine and at the product's
// components and posts what it sees, every 10 seconds until it is stopped.

import { readOptions } from "./arguments.ts";
import { Complaint, runProgram } from "./complaint.ts";
import { reportAlways, reportOnce } from "./status/agent.ts";
import { readAgentConfig } from "./status/config.ts";
import { tokenSource } from "./status/token.ts";

const USAGE = "Usage: npm run status-agent -- --config FILE [--once]";

await runProgram(async () => {
  const { file, once } = readArguments();
  const config = readAgentConfig(file);
  const source = tokenSource(config, process.env);
  const report = (line: string) =>
    void process.stdout.write(`${new Date().toISOString()} ${line}\n`);
  if (once) return await reportOnce(config, source, report);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  await reportAlways(config, source, report, stop.signal);
});

function readArguments(): { file: string; once: boolean } {
  const { config, once } = readOptions(USAGE, {
    options: { config: { type: "string" }, once: { type: "boolean", default: false } },
  });
  if (config === undefined) throw new Complaint(USAGE);
  return { file: config, once };
}
