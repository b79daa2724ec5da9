import { expect, it } from "vitest";
import { stack } from "../support/stack.ts";
import { programs } from "./program.ts";

it("npm run demo shows the main job end to end", async () => {
  const { run, remove } = await programs(stack());
  try {
    const { code, out, err } = await run("demo");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/ ms live +503 GET localhost\/broken/);
    expect(out).toMatch(/ ms live +200 POST localhost\/orders/);
    expect(out).toContain("GET /rest/v1/entries: 7 rows");
    expect(out).toMatch(/search_entries .*: http:\/\/localhost:\d+\/broken/);
    expect(out).toMatch(/How many devices do I have\? .*\d/);
    expect(out).toContain("granted mcp:read: it sees 1 device of ada@busymate.test");
    expect(out).toContain("signed out: its token answers 401");
    expect(out).toContain("ben@busymate.test sees none of them");
    expect(out).toMatch(/All of it works\.\n$/);
  } finally {
    await remove();
  }
}, 60_000);

it("npm run demo fails with one clear line where nothing answers", async () => {
  const { run, remove } = await programs({
    ...stack(),
    url: "http://127.0.0.1:9",
    issuer: "http://127.0.0.1:9/functions/v1/mcp",
  });
  try {
    const { code, err } = await run("demo");
    expect(code).toBe(1);
    expect(err).toContain("Nothing answers at http://127.0.0.1:9");
    expect(err).not.toMatch(/^\s+at /m);
  } finally {
    await remove();
  }
}, 60_000);
