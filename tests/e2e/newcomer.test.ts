// The way of a newcomer: the commands of the README's first section, as they stand there, in a fresh
// clone. `npm ci` alone is left out; what it installs is there.

import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { freePort } from "../../local/ports.ts";
import { startOrigin } from "../../scripts/capture/origin.ts";
import { differenceOf } from "../reference/support/answers.ts";
import { blocksOf } from "../reference/support/pages.ts";
import { newClone } from "../support/clone.ts";

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A terminal: a command that runs, what it has said, and Ctrl-C. */
function terminal(command: string, cwd: string, environment: Record<string, string>) {
  const { BUSYMATE_DATA: _data, ...inherited } = process.env;
  const child: ChildProcess = spawn("bash", ["-c", command], {
    cwd,
    env: { ...inherited, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, which a signal reaches as a whole, as from a keyboard.
    detached: true,
  });
  const seen = { text: "" };
  let over = false;
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  void ended.then(() => over = true);
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (chunk) => seen.text += String(chunk));
  }
  const interrupt = async () => {
    if (!over) process.kill(-child.pid!, "SIGINT");
    return await ended;
  };
  endings.push(interrupt);
  return {
    interrupt,
    ended,
    said: () => seen.text,
    /** Waits until a line of what it says is there; a program that has ended says no more. */
    async says(isWanted: (line: string) => boolean, seconds: number) {
      const said = () => over || seen.text.split("\n").some(isWanted);
      await expect.poll(said, { timeout: seconds * 1_000 }).toBe(true).catch(() => {});
      expect(seen.text.split("\n")).toSatisfy((lines: string[]) => lines.some(isWanted));
    },
  };
}

it("leads from a clone to one's own traffic in two commands and one page", async () => {
  const blocks = (await blocksOf("README.md")).filter(({ section }) => section === "Start");
  const [start, capture, send, live, read] = blocks;
  expect(blocks).toHaveLength(5);
  expect([start, capture].map((block) => block!.code.trim().split("\n").length)).toEqual([1, 1]);
  expect(start!.code).toMatch(/^npm ci && /);

  const clone = await newClone();
  endings.push(clone.remove);
  const origin = await startOrigin();
  endings.push(origin.stop);
  const [port, proxyPort] = [await freePort(), await freePort()];
  // Ports that are free, and a website of ours in place of one on the internet.
  const local = (text: string) =>
    text.replaceAll(":54321", `:${port}`)
      .replaceAll(":8888", `:${proxyPort}`)
      .replaceAll("https://example.com", origin.httpsUrl)
      .replaceAll("example.com", "localhost");
  const environment = {
    PORT: String(port),
    CAPTURE_PORT: String(proxyPort),
    // curl would go past the proxy for what is listed here.
    NO_PROXY: "",
    no_proxy: "",
  };
  const open = (code: string) =>
    terminal(local(code.replace("npm ci && ", "")), clone.path, environment);

  const stack = open(start!.code);
  await stack.says((line) => line === "Ctrl-C stops everything.", 60);
  const proxy = open(capture!.code);
  await proxy.says((line) => line.startsWith("Listening on ws:"), 30);
  expect(await open(send!.code).ended).toBe(0);

  // Live: what the page shows is a line of what the proxy's terminal says.
  const shownLive = { language: "text", code: local(live!.code) };
  await proxy.says((line) => differenceOf(shownLive, line) === undefined, 15);

  const reading = open(read!.code);
  expect(await reading.ended).toBe(0);
  const shown = { ...read!.answer!, code: local(read!.answer!.code) };
  expect({ answer: reading.said(), difference: differenceOf(shown, reading.said()) })
    .toEqual({ answer: reading.said(), difference: undefined });

  // Signing in as a person, with what the page says.
  const page = await fetch(`http://127.0.0.1:${port}/login`);
  expect([page.status, await page.text()])
    .toEqual([200, expect.stringContaining("<title>Sign in")]);
  const { users } = JSON.parse(await readFile(join(clone.path, ".busymate/stack.json"), "utf8"));
  expect(await readFile("README.md", "utf8")).toContain(users[0].password);

  await proxy.interrupt();
  expect(proxy.said()).toContain("Stopped. 1 stored.");
  await stack.interrupt();
  expect(stack.said()).toContain("Stopped.");
}, 180_000);
