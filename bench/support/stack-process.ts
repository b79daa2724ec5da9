// The stack of a benchmark run, in a process of its own: the gateway and Realtime must not share an
// event loop with what measures them.

import { startStack } from "../../local/stack.ts";

const [dataDir] = process.argv.slice(2);
if (!dataDir || !process.send) throw new Error("started by bench/support/stack.ts alone");

const stack = await startStack({
  dataDir,
  port: 0,
  watch: false,
  rootWellKnown: true,
  allowLoopbackDocuments: false,
  secrets: {},
  report: (line) => void process.stderr.write(`  ${line}\n`),
});
// Ctrl-C reaches the whole group; the benchmark's own end is what ends us.
process.on("SIGINT", () => {});
process.once("disconnect", () => void stack.stop().then(() => process.exit()));
process.send(stack.info);
