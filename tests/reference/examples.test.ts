// Every example of the README and of docs/ runs as it stands there, and answers what the page shows.
// The shell commands of a page are one session, as a reader has it.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { root, toolPath } from "../../scripts/tools.ts";
import { type Clone, newClone } from "../support/clone.ts";
import { newAddress } from "../support/neighbour.ts";
import { stack } from "../support/stack.ts";
import {
  database,
  type Device,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";
import { differenceOf } from "./support/answers.ts";
import { type Block, blocksOf, PAGES } from "./support/pages.ts";

/** Blocks that another test runs, or that no test can; by page and how they begin, "" for all of it. */
const ELSEWHERE: readonly (readonly [page: string, begin: string, where: string])[] = [
  ["README.md", "npm ci && npm start", "tests/e2e/newcomer.test.ts"],
  ["README.md", "npm run capture", "tests/e2e/newcomer.test.ts"],
  ["README.md", "curl --proxy", "tests/e2e/newcomer.test.ts"],
  [
    "README.md",
    "TOKEN=$(npm run -s token -- ada@busymate.test)\ncurl",
    "tests/e2e/newcomer.test.ts",
  ],
  ["README.md", "npm test", "is what runs here"],
  ["docs/advisors.md", "node_modules/@supabase", "tests/database/advisors.test.ts"],
  ["docs/client.md", "", "tests/client/package.test.ts"],
  ["docs/deploy.md", "export SUPABASE_ACCESS_TOKEN", "tests/deploy/deploy.test.ts"],
  ["docs/deploy.md", "npm run deploy -- --admin", "tests/deploy/deploy.test.ts"],
  ["docs/deploy.md", "npm run verify", "tests/operations/verify.test.ts"],
  ["docs/mcp-tools.md", "claude mcp add", "is another program's"],
  ["docs/operations.md", "npm run backup", "tests/operations/backup.test.ts"],
  ["docs/operations.md", "# each needs Docker", "needs Docker"],
  ["docs/performance.md", "", "takes a quarter of an hour, and the machine for itself"],
  // There is one status, and one test file that may post it.
  ["docs/stats-and-status.md", "ADMIN=", "tests/api/status.test.ts"],
  ["docs/stats-and-status.md", "npm run status-agent", "tests/e2e/status-agent.test.ts"],
  ["docs/telegram.md", "npm run telegram-webhook", "tests/telegram/webhook-command.test.ts"],
  ["docs/versioning.md", "npm run sync-version", "tests/contract/contract.test.ts"],
];

const elsewhere = ({ page, code }: Block) =>
  ELSEWHERE.filter(([where, begin]) => where === page && code.startsWith(begin));

const blocks = (await Promise.all(PAGES.map(blocksOf))).flat();
const here = blocks.filter((block) => elsewhere(block).length === 0);
const inLanguage = (language: string) => here.filter((block) => block.language === language);
const named = (block: Block) => `${block.page}, ${block.section}`;

let ann: Person;
let device: Device;
let clone: Clone;
beforeAll(async () => {
  [ann, clone] = await Promise.all([newPerson(), newClone()]);
  device = await newDevice(ann);
  await ingest(device, [exchangeOf({}, { statusCode: 500 })]);
  await mkdir(join(clone.path, ".busymate"));
  await writeFile(join(clone.path, ".busymate/stack.json"), JSON.stringify(stack()));
});
afterAll(() => clone?.remove());

/** The stack's address in place of the usual one. */
const local = (text: string) =>
  text.replaceAll("http://127.0.0.1:54321", stack().url)
    .replaceAll(encodeURIComponent("http://127.0.0.1:54321"), encodeURIComponent(stack().url));

interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

/** Runs a program in the clone; `watch` may end it, being told of everything that comes out. */
function run(
  program: string,
  args: string[],
  watch?: (out: string) => boolean,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const { BUSYMATE_DATA: _, ...environment } = process.env;
    const child = spawn(program, args, {
      cwd: clone.path,
      env: { ...environment, TOKEN: ann.token, KEY: stack().publishable_key, URL: stack().url },
      stdio: ["ignore", "pipe", "pipe"],
    });
    // One that outlives its test would hold the clone.
    onTestFinished(() => void child.kill());
    const outcome: Outcome = { code: null, out: "", err: "" };
    child.stdout.on("data", (chunk) => {
      outcome.out += String(chunk);
      if (watch?.(outcome.out)) child.kill();
    });
    child.stderr.on("data", (chunk) => outcome.err += String(chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ ...outcome, code }));
  });
}

describe("shell commands", () => {
  const pages = grouped(inLanguage("sh"));
  it.each([...pages])("of %s run one after the other", async (_page, session) => {
    // Where the page shows an answer it may be a refusal; elsewhere curl must succeed. Limits count by
    // address, so that a page has one of its own.
    const script = [
      "set -euo pipefail",
      `curl() { command curl --interface ${newAddress()} $MUST "$@"; }`,
      // The CLI that is installed, where npx would fetch the same one.
      `npx() { [ "$1" = supabase ]; ${toolPath("supabase")} "\${@:2}"; }`,
      ...session.map(({ code, answer }) =>
        `printf '\\x1e'; MUST=${answer ? "" : "--fail-with-body"}\n${local(code)}`
      ),
    ].join("\n");
    await writeFile(join(clone.path, "session.sh"), script);
    const { code, out, err } = await run("bash", ["session.sh"]);
    const answers = out.split("\x1e").slice(1);
    const last = session[answers.length - 1];
    expect({ code, at: code === 0 ? "" : `${last?.code}${out}${err}` }).toEqual({
      code: 0,
      at: "",
    });
    for (const [index, { code, answer }] of session.entries()) {
      const came = answers[index]!;
      const difference = answer
        ? differenceOf({ ...answer, code: local(answer.code) }, came)
        : came.trim() === "" && !code.includes(">")
        ? "nothing"
        : undefined;
      expect({ code, came, difference }).toEqual({ code, came, difference: undefined });
    }
  }, 120_000);
});

describe("TypeScript", () => {
  it.each(inLanguage("ts").map((block) => [named(block), block] as const))(
    "of %s runs",
    async (_name, { code }) => {
      const known = {
        url: stack().url,
        publishableKey: stack().publishable_key,
        token: ann.token,
        workspaceId: ann.workspaceId,
      };
      const file = join(clone.path, `${crypto.randomUUID()}.mts`);
      await writeFile(
        file,
        [
          `import ${JSON.stringify(`${root}/tests/support/websocket.ts`)};`,
          ...Object.entries(known).map(([name, value]) =>
            `const ${name} = ${JSON.stringify(value)};`
          ),
          code,
        ].join("\n"),
      );
      const args = ["--import", "tsx", file];
      // What waits for events has some, until it says so.
      const live = code.includes(".subscribe(");
      let sending: NodeJS.Timeout | undefined;
      if (live) sending = setInterval(() => void ingest(device, [exchangeOf()]), 300);
      try {
        const { code: ended, out, err } = await run(process.execPath, args, () => live);
        expect({ err, ended }).toEqual({ err: "", ended: live ? null : 0 });
        expect(out.trim()).not.toBe("");
      } finally {
        clearInterval(sending);
      }
    },
    90_000,
  );
});

describe("SQL", () => {
  it.each(inLanguage("sql").map((block) => [named(block), block] as const))(
    "of %s runs on a day of today",
    async (_name, { code }) => {
      const query = /^\\copy \(([\s\S]+)\) to program/.exec(code)?.[1] ?? code;
      const today = new Date().toISOString().slice(0, 10).replaceAll("-", "_");
      await database().unsafe(query.replaceAll(/\d{4}_\d\d_\d\d/g, today));
    },
  );
});

it("files that a page shows are well-formed", () => {
  for (const { code } of inLanguage("json")) expect(JSON.parse(code)).toBeTypeOf("object");
  for (const { code } of inLanguage("yaml")) expect(parse(code)).toBeTypeOf("object");
});

it("no block is in a language that nothing runs", () => {
  const known = ["sh", "ts", "sql", "json", "yaml", "text"];
  expect(blocks.filter(({ language }) => !known.includes(language))).toEqual([]);
});

it("what is run elsewhere is there, and there is such a test", () => {
  for (const [page, begin, where] of ELSEWHERE) {
    const found = blocks.filter((block) => block.page === page && block.code.startsWith(begin));
    expect({ begin, one: begin === "" ? found.length > 0 : found.length === 1 })
      .toEqual({ begin, one: true });
    if (where.includes("/")) {
      expect({ where, exists: existsSync(where) }).toEqual({ where, exists: true });
    }
  }
});

function grouped(session: Block[]): Map<string, Block[]> {
  const pages = new Map<string, Block[]>();
  for (const block of session) pages.set(block.page, [...pages.get(block.page) ?? [], block]);
  return pages;
}
