// What systemd says of a unit.

import { execFile } from "node:child_process";

const TIMEOUT_MS = 2_000;

/** The unit's ActiveState (active, failed, …); null where there is no systemd or no such unit. */
export function unitState(unit: string): Promise<string | null> {
  const args = ["show", "--property=LoadState,ActiveState", "--", unit];
  return new Promise((resolve) => {
    execFile("systemctl", args, { timeout: TIMEOUT_MS }, (error, stdout) => {
      // systemctl may be installed where systemd does not run: then it fails, and there is no state.
      resolve(error ? null : stateOf(stdout));
    });
  });
}

/** From `systemctl show`, which prints the properties in an order of its own. */
export function stateOf(shown: string): string | null {
  const property = (name: string) => new RegExp(`^${name}=(.+)$`, "m").exec(shown)?.[1] ?? null;
  return property("LoadState") === "not-found" ? null : property("ActiveState");
}
