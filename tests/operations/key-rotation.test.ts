// The signing key exchanged as an operator does it, with tokens of before and after on every surface.

import { decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accessTokenFor } from "../../scripts/access-token.ts";
import { findings } from "../../scripts/checks.ts";
import { deviceOf } from "../../scripts/device.ts";
import { person } from "../../scripts/person.ts";
import { SIGNED_IN_CHECKS } from "../../scripts/verify/checks.ts";
import { run } from "../e2e/program.ts";
import { type OwnStack, startOwnStack } from "../support/own-stack.ts";
import { exchangeOf } from "../support/world.ts";

const EMAIL = "ada@busymate.test";
const SLOW = 240_000;

let stack: OwnStack;

beforeAll(async () => {
  stack = await startOwnStack();
}, SLOW);
afterAll(() => stack?.stop());

/** Stops, does what the operator does, starts again at the same address; what the command said. */
async function afterRestart(command: "rotate" | "revoke-old"): Promise<string> {
  let said = "";
  stack = await stack.restart(async () => {
    const { code, out, err } = await run(stack.dataDir, "keys", [command]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    said = out;
  });
  return said;
}

interface Holders {
  token: string;
  device: string;
}

async function holders(name: string): Promise<Holders> {
  const [{ access_token: token }, { token: device }] = await Promise.all([
    accessTokenFor(stack.info, EMAIL),
    deviceOf(stack.info, stack.dataDir, person(stack.info, EMAIL), name),
  ]);
  return { token, device };
}

const kidOf = (token: string) => decodeProtectedHeader(token).kid;

/** What every surface says to a person's token and to a device's credential. */
async function admissions({ token, device }: Holders) {
  const { url, publishable_key: publishableKey, issuer } = stack.info;
  const checks = await findings(SIGNED_IN_CHECKS, {
    url,
    publishableKey,
    issuer,
    token: () => Promise.resolve(token),
  });
  const status = async (path: string, bearer: string, init: RequestInit = {}) => {
    const response = await fetch(url + path, {
      ...init,
      headers: { apikey: publishableKey, Authorization: `Bearer ${bearer}`, ...init.headers },
    });
    await response.body?.cancel();
    return response.status;
  };
  const json = {
    "Content-Type": "application/json",
    Accept: "application/json, text/event-stream",
  };
  return {
    ...Object.fromEntries(checks.map(({ name, passed }) => [name, passed])),
    mcp: await status("/functions/v1/mcp", token, {
      method: "POST",
      headers: json,
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
    }),
    "device, REST": await status("/rest/v1/entries?select=request_id&limit=0", device),
    "device, ingest": await status("/functions/v1/ingest", device, {
      method: "POST",
      headers: json,
      body: JSON.stringify({ entries: [exchangeOf()] }),
    }),
  };
}

const ADMITTED = {
  token: true,
  "REST with the token": true,
  "Realtime with the token": true,
  mcp: 200,
  "device, REST": 200,
  "device, ingest": 200,
};
const REFUSED = {
  "REST with the token": false,
  "Realtime with the token": false,
  mcp: 401,
  "device, REST": 401,
  "device, ingest": 401,
};

describe("the signing key", () => {
  it("is exchanged without anybody noticing, and once revoked opens nothing", async () => {
    const before = await holders("Before");
    const first = await admissions(before);
    expect(first).toMatchObject(ADMITTED);

    expect(await afterRestart("rotate")).toMatch(/the key before it is still accepted/);
    const after = await holders("After");
    expect(kidOf(after.token)).not.toBe(kidOf(before.token));
    expect(kidOf(after.device)).toBe(kidOf(after.token));
    expect(await admissions(after)).toEqual(first);
    expect(await admissions(before)).toEqual(first);
    const published = await fetch(`${stack.info.url}/auth/v1/.well-known/jwks.json`);
    const { keys } = await published.json() as { keys: Record<string, string>[] };
    expect(keys.map(({ kid }) => kid)).toEqual([kidOf(after.token), kidOf(before.token)]);
    expect(keys.flatMap((key) => Object.keys(key))).not.toContain("d");

    expect(await afterRestart("revoke-old")).toMatch(/the key of before is accepted no more/);
    expect(await admissions(after)).toEqual(first);
    expect(await admissions(before)).toMatchObject(REFUSED);
  }, SLOW);

  it(
    "is exchanged by a stopped stack alone, and by a command that says what it takes",
    async () => {
      expect(await run(stack.dataDir, "keys", ["rotate"])).toMatchObject({
        code: 1,
        err: expect.stringContaining("A stack already runs on"),
      });
      expect(await run(stack.dataDir, "keys", ["--help"])).toMatchObject({
        code: 1,
        err: expect.stringContaining("npm run keys -- rotate | revoke-old"),
      });
    },
    SLOW,
  );
});
