// An agent with a fixed plan, as the server's instructions lay it out: finds why a login fails in a
// capture that somebody imported, and reads little on the way.

import { beforeAll, describe, expect, it } from "vitest";
import { importHar } from "../../shared/har/import.ts";
import { ingest, newDevice, newPerson, type Person } from "../support/world.ts";
import { open, valueOf } from "./support/client.ts";
import { loginCapture } from "./support/login-capture.ts";

const CALLS = 6;
const TOKENS = 12_000;

let person: Person;

beforeAll(async () => {
  person = await newPerson();
  const device = await newDevice(person);
  const entries = [];
  for await (const item of importHar(JSON.stringify(loginCapture()))) {
    if ("fault" in item) throw new Error(item.fault);
    entries.push(item.entry);
  }
  for (let from = 0; from < entries.length; from += 100) {
    const { rejected } = await ingest(device, entries.slice(from, from + 100));
    expect(rejected).toEqual([]);
  }
});

/** What the agent did and what it cost. */
interface Trace {
  calls: number;
  characters: number;
}

/** Follows one plan whatever the capture holds: every decision is made from an answer. */
async function findCause(token: string, trace: Trace): Promise<string> {
  const session = await open(token);
  const ask = async <T>(name: string, args: Record<string, unknown>): Promise<T> => {
    const answer = await session.succeed(name, args);
    trace.calls += 1;
    trace.characters += answer.text.length;
    return valueOf<T>(answer);
  };

  const failing = await ask<{ rows: { id: string; url: string; status: number }[] }>(
    "search_entries",
    { filter: "(path:*login* or path:*session* or path:*token*) status>=400" },
  );
  const login = failing.rows[0]!;
  const outline = await ask<{ response: { body: { shape: Record<string, unknown> } | null } }>(
    "outline_entry",
    { id: login.id },
  );
  const { host, pathname } = new URL(login.url);
  const good = await ask<{ rows: { id: string }[] }>("search_entries", {
    filter: `host:${host} path:${pathname} status<400`,
    limit: 1,
  });
  const difference = await ask<Record<string, unknown>>("diff_entries", {
    a: good.rows[0]!.id,
    b: login.id,
  });
  return JSON.stringify({ said: outline.response.body?.shape, difference });
}

describe("an agent that looks for the cause of a failing login", () => {
  it("finds it with at most 6 calls and 12,000 tokens of answers", async () => {
    const trace: Trace = { calls: 0, characters: 0 };
    const finding = await findCause(person.token, trace);
    // What the server said, and what of the request differs from the login that worked.
    expect(finding).toContain("clock_skew");
    expect(finding).toMatch(/x-client-time/i);
    expect(finding).toContain("2026-11-24T08:59:10Z");
    expect(trace.calls).toBeLessThanOrEqual(CALLS);
    expect(trace.characters / 4).toBeLessThanOrEqual(TOKENS);
  });
});
