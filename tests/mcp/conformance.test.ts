// MCP's own conformance suite against the endpoint, with both requirement sets. Scenarios that call
// tools, prompts and resources of the suite's own fixture server cannot pass on any other; they are
// on the list of expected failures, and nothing else is.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, newClient } from "../support/oauth.ts";
import { runConformance } from "../support/conformance.ts";
import { stack } from "../support/stack.ts";
import { newPerson, type Person } from "../support/world.ts";
import { type BearerProxy, bearerProxy } from "./support/bearer-proxy.ts";
import { unlimited } from "./support/scene.ts";

let person: Person;
let proxy: BearerProxy;

beforeAll(async () => {
  person = await newPerson();
  const { access_token } = await connect(person, await newClient());
  proxy = await bearerProxy(stack().issuer, () => access_token);
});
afterAll(() => proxy?.close());

describe("the conformance suite for servers", () => {
  it.each(["2025-11-25", "2026-07-28"])("meets the requirements of %s", async (revision) => {
    await unlimited([person]);
    const directory = await mkdtemp(join(tmpdir(), "busymate-conformance-"));
    try {
      const { code, output } = await runConformance([
        "server",
        "--url",
        proxy.url,
        "--requirements",
        revision,
        "--expected-failures",
        join(import.meta.dirname, `expected-failures-${revision}.yaml`),
        "--output-dir",
        directory,
      ]);
      expect(output).toMatch(/Total: \d+ passed/);
      expect(code, output).toBe(0);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }, 120_000);
});
