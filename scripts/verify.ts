// npm run verify: the product's own checks of an installation, wherever it runs.

import { readOptions } from "./arguments.ts";
import { findings, tableOf } from "./checks.ts";
import { runProgram } from "./complaint.ts";
import { person } from "./person.ts";
import { readStackInfo, stackFile } from "./stack-info.ts";
import { PUBLIC_CHECKS, SIGNED_IN_CHECKS } from "./verify/checks.ts";
import { type Target, targetAt } from "./verify/target.ts";

const USAGE = "Usage: npm run verify [-- --target URL|stack.json]\n" +
  "BUSYMATE_TOKEN, an access token of that installation, adds the checks of a signed-in person.";

async function chosenTarget(): Promise<Target> {
  const { target: chosen } = readOptions(USAGE, { options: { target: { type: "string" } } });
  const given = process.env["BUSYMATE_TOKEN"];
  const token = given ? () => Promise.resolve(given) : undefined;
  if (chosen !== undefined && /^https?:\/\//.test(chosen)) return await targetAt(chosen, token);
  const stack = readStackInfo(chosen ?? stackFile(process.env));
  const someone = stack.users[0];
  return await targetAt(stack.url, token ?? (someone && person(stack, someone.email).token));
}

await runProgram(async () => {
  const target = await chosenTarget();
  const checks = target.token === undefined
    ? PUBLIC_CHECKS
    : [...PUBLIC_CHECKS, ...SIGNED_IN_CHECKS];
  const found = await findings(checks, target);
  process.stdout.write(`${target.url}\n${tableOf(found)}`);
  if (target.token === undefined) {
    process.stdout.write("Without BUSYMATE_TOKEN nothing was looked at as a signed-in person.\n");
  }
  if (found.some(({ passed }) => !passed)) process.exitCode = 1;
});
