// npm run keys: exchanges the key that the embedded stack signs tokens with, without anybody noticing,
// or with everybody signed out. A hosted project's keys are exchanged in its dashboard (docs/operations.md).

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { holdDirectory } from "../local/directory.ts";
import { revokeRetiredKeys, rotateSigningKey } from "../local/keys.ts";
import { Complaint, runProgram } from "./complaint.ts";

const USAGE = "Usage: npm run keys -- rotate | revoke-old";

const COMMANDS: Record<string, (file: string) => Promise<string>> = {
  async rotate(file) {
    const { kid, accepted } = await rotateSigningKey(file);
    return `From the next start ${kid} signs; ${keys(accepted)} before it ${
      accepted === 1 ? "is" : "are"
    } still accepted.\n` +
      "If the old one is known to somebody: npm run keys -- revoke-old\n";
  },
  async "revoke-old"(file) {
    const revoked = await revokeRetiredKeys(file);
    return revoked === 0
      ? "There is no old key: rotate first, npm run keys -- rotate\n"
      : `From the next start ${keys(revoked)} of before ${
        revoked === 1 ? "is" : "are"
      } accepted no more: who holds a token of theirs signs in, or is paired, again.\n`;
  },
};

const keys = (count: number) => count === 1 ? "the key" : `the ${count} keys`;

await runProgram(async () => {
  const [name = "", ...rest] = process.argv.slice(2);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command || rest.length > 0) throw new Complaint(USAGE);
  const directory = resolve(process.env["BUSYMATE_DATA"] || ".busymate");
  if (!existsSync(directory)) {
    throw new Complaint(`There are no keys in ${directory}: no stack ever ran on it.`);
  }
  const held = await holdDirectory(directory);
  try {
    process.stdout.write(await command(join(held.path, "keys.json")));
  } finally {
    held.release();
  }
});
