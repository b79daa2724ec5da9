// What a person gets wrong is answered in a sentence, never with a stack trace: every command of
// package.json with an argument it does not know, and paths and disks that are not as they should be.

import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root, run } from "../../scripts/tools.ts";

/** Node, tsx and a program's imports take a second on a quiet machine. */
const SLOW = 120_000;

let directory: string;
/** A file where a directory should be. */
let file: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "busymate-mistakes-"));
  file = join(directory, "file");
  await writeFile(file, "{}");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Runs a program as npm does, and answers what it said; it must have failed. */
async function complaintOf(
  program: string,
  args: string[],
  environment: Record<string, string> = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(
    process.execPath,
    ["--import", "tsx", program, ...args],
    { env: { ...process.env, BUSYMATE_DATA: join(directory, "data"), ...environment } },
  );
  expect(code, `${program} ${args.join(" ")}: ${stdout}${stderr}`).toBe(1);
  expect(stderr, program).not.toMatch(/^\s+at |node_modules|Error:/m);
  return stderr;
}

const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};
/** The commands that are programs of ours. */
const programs = Object.entries(scripts).flatMap(([name, command]) => {
  const [, program] = /^tsx (\S+)$/.exec(command) ?? [];
  return program === undefined ? [] : [[name, program] as const];
});

describe("an argument that a command does not know", { timeout: SLOW }, () => {
  it("is there for every command", () => expect(programs.length).toBeGreaterThan(20));

  it.each(programs)("npm run %s", async (_name, program) => {
    expect(await complaintOf(program, ["--no-such-option"])).toMatch(/^Usage|\nUsage/);
  });
});

describe("a place that is not as it should be", { timeout: SLOW }, () => {
  it("a data directory below a file", async () => {
    const environment = { BUSYMATE_DATA: join(file, "data"), PORT: "1" };
    for (const program of ["local/main.ts", "scripts/token.ts"]) {
      expect(await complaintOf(program, [], environment)).toBe(
        `${join(file, "data")}${program.startsWith("local") ? "" : "/stack.json"}: ` +
          "not a directory (ENOTDIR)\n",
      );
    }
  });

  it("keys that are none", async () => {
    const data = join(directory, "keyless");
    await mkdir(data);
    await writeFile(join(data, "keys.json"), '{"signingKey":');
    expect(await complaintOf("local/main.ts", [], { BUSYMATE_DATA: data, PORT: "0x" }))
      .toMatch(/^PORT must be a number/);
    expect(await complaintOf("local/main.ts", [], { BUSYMATE_DATA: data, PORT: "23581" }))
      .toMatch(/keys\.json holds no keys of a stack\. Put it back from a backup/);
  });

  it("keys that are to be exchanged where there are none", async () => {
    const data = join(directory, "nothing");
    const environment = { BUSYMATE_DATA: data };
    expect(await complaintOf("scripts/keys.ts", ["rotate"], environment))
      .toBe(`There are no keys in ${data}: no stack ever ran on it.\n`);
    expect(existsSync(data)).toBe(false);
    await mkdir(data);
    expect(await complaintOf("scripts/keys.ts", ["revoke-old"], environment))
      .toBe(`${join(data, "keys.json")} is not there yet: npm start makes it.\n`);
  });

  it("a backup to a directory", async () => {
    expect(await complaintOf("scripts/backup.ts", ["--out", directory]))
      .toBe(`${directory} is a directory: name the file to be written.\n`);
  });

  it("secrets that are a directory", async () => {
    const environment = { SUPABASE_PROJECT_ID: "a".repeat(20), SUPABASE_DB_PASSWORD: "x" };
    expect(await complaintOf("scripts/deploy.ts", ["--secrets-file", directory], environment))
      .toMatch(/illegal operation on a directory \(EISDIR\)\n$/);
  });

  it("a stack's file that is a directory, or not one of a stack", async () => {
    expect(await complaintOf("scripts/verify.ts", ["--target", directory])).toMatch(/EISDIR\)\n$/);
    expect(await complaintOf("scripts/verify.ts", ["--target", file]))
      .toMatch(/is not a stack's file/);
  });
});
