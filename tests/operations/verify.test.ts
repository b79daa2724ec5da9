// `npm run verify` and `npm run health` as an operator runs them, against the running stack and against
// installations with something wrong.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findings } from "../../scripts/checks.ts";
import { PUBLIC_CHECKS, SIGNED_IN_CHECKS } from "../../scripts/verify/checks.ts";
import { targetAt } from "../../scripts/verify/target.ts";
import { programs } from "../e2e/program.ts";
import { stack } from "../support/stack.ts";
import { newPerson } from "../support/world.ts";

const SLOW = 180_000;

let commands: Awaited<ReturnType<typeof programs>>;

beforeAll(async () => {
  commands = await programs(stack());
});
afterAll(() => commands.remove());

describe("verify", () => {
  it("finds nothing wrong with this stack, as anybody and as somebody", async () => {
    const { code, out, err } = await commands.run("verify", "--target", stack().url);
    expect({ code, err }, out).toEqual({ code: 0, err: "" });
    expect(out).toContain(`All ${PUBLIC_CHECKS.length} checks passed.`);
    expect(out).toContain("Without BUSYMATE_TOKEN");

    const { token } = await newPerson();
    const found = await findings(SIGNED_IN_CHECKS, {
      url: stack().url,
      publishableKey: stack().publishable_key,
      issuer: stack().issuer,
      token: () => Promise.resolve(token),
    });
    expect(found.map(({ name, passed, detail }) => ({ name, passed, detail }))).toEqual([
      { name: "token", passed: true, detail: expect.stringMatching(/^signed with /) },
      { name: "REST with the token", passed: true, detail: "role member" },
      { name: "Realtime with the token", passed: true, detail: "joins its own channel" },
    ]);
  }, SLOW);

  it("tells what of a broken installation is broken, and ends with 1", async () => {
    const token = () => Promise.reject(new Error("ada@busymate.test cannot sign in"));
    const found = await findings(SIGNED_IN_CHECKS, { ...await targetAt(stack().url, token) });
    expect(found.map(({ passed, detail }) => ({ passed, detail }))).toEqual(
      SIGNED_IN_CHECKS.map(() => ({ passed: false, detail: "ada@busymate.test cannot sign in" })),
    );

    // A project before its first deployment: its gateway answers for functions that are not there.
    const empty = createServer((_request, response) => {
      response.writeHead(404, { "Content-Type": "application/json" });
      response.end('{"code":"NOT_FOUND","message":"Requested function was not found"}');
    });
    await new Promise<void>((done) => empty.listen(0, "127.0.0.1", done));
    const url = `http://127.0.0.1:${(empty.address() as AddressInfo).port}`;
    const { code, out, err } = await commands.run("verify", "--target", `${url}/`);
    await new Promise((done) => empty.close(done));
    expect({ code, err }).toEqual({ code: 1, err: "" });
    expect(out.split("\n")[0]).toBe(url);
    expect(out).toMatch(
      /FAIL {2}connection +api\/connection answers 404 and not with a connection/,
    );
    expect(out).toMatch(/FAIL {2}tables are closed +the publishable key is not known/);
    expect(out).toContain(`${PUBLIC_CHECKS.length} of ${PUBLIC_CHECKS.length} checks failed.`);
  }, SLOW);

  it("says in a sentence that nothing is there", async () => {
    const { code, err } = await commands.run("verify", "--target", "http://127.0.0.1:9");
    expect(code).toBe(1);
    expect(err).toMatch(
      /^http:\/\/127\.0\.0\.1:9\/functions\/v1\/api\/connection does not answer: .*\n$/,
    );
  });
});

describe("verify finds", () => {
  let open: Server;
  beforeAll(async () => {
    // Open to everybody and without any of the functions: as wrong as an installation can be.
    open = createServer((_request, response) => {
      response.writeHead(200, { "Content-Type": "application/json" });
      response.end("[]");
    });
    await new Promise<void>((done) => open.listen(0, "127.0.0.1", done));
  });
  afterAll(() => new Promise((done) => open.close(done)));

  it("each thing that is wrong, and names what to do about it", async () => {
    const url = `http://127.0.0.1:${(open.address() as AddressInfo).port}`;
    const found = await findings(PUBLIC_CHECKS, {
      url,
      publishableKey: "sb_publishable_x",
      issuer: `${url}/functions/v1/mcp`,
      token: undefined,
    });
    expect(found.filter(({ passed }) => passed)).toEqual([]);
    for (const { name, remedy } of found) expect(remedy, name).toMatch(/\w+ \w+/);
    const detail = (name: string) => found.find((finding) => finding.name === name)!.detail;
    expect(detail("functions")).toBe("api is not deployed");
    expect(detail("tables are closed")).toMatch(/^\w+ answers 200 to anybody$/);
    expect(detail("REST refuses a forged token")).toBe("it answers 200");
  }, SLOW);
});

describe("health", () => {
  it("finds nothing wrong with this stack", async () => {
    await expect.poll(async () => {
      const { code, out, err } = await commands.run("health");
      return { code, err, out };
      // The first jobs run within a minute of the stack's start.
    }, { timeout: 120_000, interval: 5_000 }).toMatchObject({
      code: 0,
      err: "",
      out: expect.stringMatching(/scheduled jobs.*\d+ have run[^]*All \d+ checks passed\./),
    });
  }, SLOW);
});
