import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { newAgent } from "./support/scene.ts";

it("a code that is no good is told as such, and where to get another", async () => {
  const { mcp } = await newAgent();
  for (
    const [name, args] of [
      ["get_telegram_link_request", {}],
      ["link_telegram", { confirm: true }],
    ] as const
  ) {
    const answer = await mcp.call(name, { code: randomUUID(), ...args });
    expect(answer.refused).toBe(true);
    expect(answer.text).toMatch(/code: unknown, used or older than 10 minutes.*\/login/);
  }
});
