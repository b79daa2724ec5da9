// npm run demo: the main job end to end, against a running stack.

import { dirname } from "node:path";
import { readOptions } from "./arguments.ts";
import { Complaint, runProgram } from "./complaint.ts";
import { STEPS } from "./demo/steps.ts";
import { StepFailure, type World } from "./demo/world.ts";
import { person } from "./person.ts";
import { readStackInfo, stackFile } from "./stack-info.ts";

const OWNER = "ada@busymate.test";
const STRANGER = "ben@busymate.test";

await runProgram(async () => {
  readOptions("Usage: npm run demo", {});
  const location = stackFile(process.env);
  const stack = readStackInfo(location);
  const endings: (() => Promise<unknown>)[] = [];
  const world = {
    stack,
    dataDir: dirname(location),
    owner: person(stack, OWNER),
    stranger: person(stack, STRANGER),
    captured: new Map(),
    arrivals: new Map(),
    troubles: [],
    say: (line) => process.stdout.write(`     ${line}\n`),
    onEnd: (action) => void endings.unshift(action),
    // The rest is filled in by the steps, each before the first that needs it.
  } as Partial<World> as World;
  try {
    for (const [index, { title, run }] of STEPS.entries()) {
      process.stdout.write(`\n${String(index + 1).padStart(2)}.  ${title}\n`);
      await run(world).catch((error: unknown) => {
        if (!(error instanceof StepFailure || error instanceof Complaint)) throw error;
        throw new Complaint(`\nStep ${index + 1} (${title}) failed: ${error.message}`);
      });
    }
    process.stdout.write("\nAll of it works.\n");
  } finally {
    for (const end of endings) await end();
  }
});
// supabase-js keeps a timer of ten seconds after it has closed its socket.
process.exit();
