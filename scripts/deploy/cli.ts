// The Supabase CLI, as a deployment runs it: quiet, never asking, and taken at its word when it warns.

import { Complaint } from "../complaint.ts";
import { type Outcome, run, toolPath } from "../tools.ts";

export interface Harmless {
  readonly text: RegExp;
  readonly because: string;
}

/**
 * What the CLI says about code it could not find is a warning and exit code 0, and the function is
 * deployed without that code. So whatever sounds like a warning ends the deployment, except these.
 */
export const HARMLESS: readonly Harmless[] = [];

const SOUNDS_LIKE_A_WARNING =
  /\bwarn(ing)?\b|\bskip(ped|ping)?\b|\bdeprecated\b|\bfailed\b|\bcannot\b|\bunable\b|\bnot supported\b/i;

/** Lines that are but a name: of a file, which is checked elsewhere. */
const NAMES_A_FILE = /^(Uploading asset \(|Applying migration |• )/;

/** What the CLI warned of and nobody has declared harmless. */
export function warningsIn(output: string, harmless = HARMLESS): string[] {
  return output.split("\n").map((line) => line.trim()).filter((line) =>
    SOUNDS_LIKE_A_WARNING.test(line) && !NAMES_A_FILE.test(line) &&
    !harmless.some(({ text }) => text.test(line))
  );
}

export interface Cli {
  /** Runs a command and returns what it printed; a non-zero exit or a warning is a complaint. */
  (...args: string[]): Promise<Outcome>;
}

/** The CLI on the project in `root`, with the environment a deployment gave it. */
export function createCli(root: string, environment: Record<string, string | undefined>): Cli {
  return async (...args) => {
    const outcome = await run(toolPath("supabase"), [
      ...args,
      "--workdir",
      root,
      "--yes",
      "--agent=no",
    ], { cwd: root, env: environment });
    const said = `${outcome.stdout}\n${outcome.stderr}`;
    const command = `supabase ${args.filter((arg) => !arg.startsWith("--")).join(" ")}`;
    if (outcome.code !== 0) {
      throw new Complaint(`${command} failed:\n${readable(said)}`);
    }
    const warnings = warningsIn(said);
    if (warnings.length > 0) {
      throw new Complaint(`${command} warns, which counts as a failure:\n${warnings.join("\n")}`);
    }
    return outcome;
  };
}

/** The output without the list of uploads and without advice on debugging the CLI itself. */
const readable = (output: string): string =>
  output.split("\n").filter((line) =>
    line.trim() !== "" && !/^Uploading asset|--debug to troubleshoot/.test(line)
  ).join("\n");
