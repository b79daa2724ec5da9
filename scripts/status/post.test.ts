import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { outbox } from "./post.ts";

const RETRY_MS = 5;

describe("the outbox", () => {
  it("sends what it is offered and reports that it went", async () => {
    const sent: number[] = [];
    const outcomes: (Error | null)[] = [];
    const box = outbox<number>(
      (item) => Promise.resolve(void sent.push(item)),
      (failure) => outcomes.push(failure),
      RETRY_MS,
    );
    box.offer(1);
    await sleep(1);
    box.offer(2);
    await sleep(1);
    await box.stop();
    expect(sent).toEqual([1, 2]);
    expect(outcomes).toEqual([null, null]);
  });

  it("tries again until it succeeds, with the newest there is and one at a time", async () => {
    const tried: number[] = [];
    let under = 0;
    const outcomes: (string | null)[] = [];
    const box = outbox<number>(
      async (item) => {
        expect(++under).toBe(1);
        tried.push(item);
        await sleep(1);
        under--;
        if (item !== 4) throw new Error("away");
      },
      (failure) => outcomes.push(failure?.message ?? null),
      RETRY_MS,
    );
    for (const item of [1, 2, 3]) box.offer(item);
    await expect.poll(() => tried.length).toBeGreaterThan(2);
    box.offer(4);
    await expect.poll(() => outcomes.at(-1)).toBe(null);
    await box.stop();
    expect(tried[0]).toBe(1);
    // The second was replaced before its turn came.
    expect(tried).not.toContain(2);
    expect(tried.at(-1)).toBe(4);
    expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(1);
  });

  it("stops at once though it waits to try again", async () => {
    const box = outbox<number>(() => Promise.reject(new Error("away")), () => {}, 60_000);
    box.offer(1);
    await sleep(5);
    const started = performance.now();
    await box.stop();
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
