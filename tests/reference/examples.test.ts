// Every example of the README and of the pages for integrators runs as it stands there.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stack } from "../support/stack.ts";
import { exchangeOf, ingest, newDevice, newPerson, type Person } from "../support/world.ts";

const PAGES = ["README.md", "docs/busybro.md"];
/** Blocks that set something up for good are what other tests are about. */
const ELSEWHERE = /npm (?:ci|start|test|run demo)/;

interface Example {
  page: string;
  language: string;
  code: string;
}

const examples: Example[] = (await Promise.all(PAGES.map(async (page) => {
  const text = await readFile(page, "utf8");
  return [...text.matchAll(/^```(sh|ts)\n([\s\S]*?)^```$/gm)]
    .map(([, language, code]) => ({ page, language: language!, code: code! }));
}))).flat().filter(({ code }) => !ELSEWHERE.test(code));

let ann: Person;
let directory: string;
beforeAll(async () => {
  ann = await newPerson();
  await ingest(await newDevice(ann), [exchangeOf({}, { statusCode: 500 })]);
  // Inside the project, or an example could not import what it imports.
  directory = await mkdtemp(join("node_modules", ".examples-"));
  await writeFile(join(directory, "stack.json"), JSON.stringify(stack()));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

it("there are examples of both kinds", () => {
  expect(new Set(examples.map(({ language }) => language))).toEqual(new Set(["sh", "ts"]));
});

it.each(examples.map((example) => [`${example.page}: ${example.code.split("\n")[0]}`, example]))(
  "%s",
  async (_, { language, code }) => {
    const env = {
      ...process.env,
      BUSYMATE_DATA: directory,
      TOKEN: ann.token,
      KEY: stack().publishable_key,
      URL: stack().url,
    };
    const local = code.replaceAll("http://127.0.0.1:54321", stack().url);
    const file = join(
      directory,
      `example-${Math.random().toString(36).slice(2)}.${language === "ts" ? "mts" : "sh"}`,
    );
    const known = {
      url: stack().url,
      publishableKey: stack().publishable_key,
      token: ann.token,
      workspaceId: ann.workspaceId,
    };
    const prelude = language === "ts"
      ? Object.entries(known).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};\n`)
        .join("") +
        // A subscription holds a program open; what it is for is tried elsewhere.
        "setTimeout(() => process.exit(), 3_000).unref();\n"
      : "set -euo pipefail\n";
    await writeFile(
      file,
      prelude + (language === "sh" ? local.replaceAll("curl ", "curl --fail-with-body ") : local),
    );
    const [program, ...args] = language === "sh"
      ? ["bash", file]
      : [process.execPath, "--import", "tsx", file];
    const { stdout } = await promisify(execFile)(program!, args, { env, timeout: 60_000 });
    // A subscription waits in silence; everything else has something to show.
    if (!code.includes(".subscribe()")) expect(stdout.trim()).not.toBe("");
  },
  90_000,
);
