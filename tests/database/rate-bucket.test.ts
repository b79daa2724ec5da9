import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { database } from "../support/world.ts";

interface Taken {
  allowed: boolean;
  remaining: number;
  reset_seconds: number;
}

async function take(key: string, capacity: number, perSeconds: number, cost = 1): Promise<Taken> {
  const [row] = await database()<Taken[]>`
    select * from private.take(${key}, ${capacity}, ${perSeconds}, ${cost})`;
  return row!;
}

describe("a rate limit", () => {
  it("allows its capacity at once and says what is left", async () => {
    const key = randomUUID();
    const answers: Taken[] = [];
    for (let n = 0; n < 12; n++) answers.push(await take(key, 10, 600));
    expect(answers.map(({ allowed }) => allowed)).toEqual([...Array(10).fill(true), false, false]);
    expect(answers.map(({ remaining }) => remaining)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0]);
    expect(answers[0]!.reset_seconds).toBe(60);
    expect(answers[9]!.reset_seconds).toBeGreaterThan(595);
    // Refused: the seconds until one more is allowed.
    expect(answers[11]!.reset_seconds).toBeGreaterThan(55);
    expect(answers[11]!.reset_seconds).toBeLessThanOrEqual(60);
  });

  it("holds within two in a hundred for four clients at once", async () => {
    const key = randomUUID();
    // Well below what four clients can ask for on a busy machine.
    const [capacity, perSeconds] = [25, 1];
    const since = performance.now();
    let allowed = 0;
    await Promise.all(Array.from({ length: 4 }, async () => {
      while (performance.now() - since < 2_000) {
        if ((await take(key, capacity, perSeconds)).allowed) allowed++;
      }
    }));
    const seconds = (performance.now() - since) / 1000;
    const due = capacity + capacity * seconds / perSeconds;
    expect(allowed).toBeLessThanOrEqual(Math.ceil(due * 1.02));
    expect(allowed).toBeGreaterThan(due * 0.9);
  });

  it("never has more than its capacity, however long it rests", async () => {
    const key = randomUUID();
    await take(key, 3, 3_600);
    await database()`
      update private.rate_buckets set refilled_at = now() - interval '1 day' where key = ${key}`;
    const answers = await Promise.all(Array.from({ length: 4 }, () => take(key, 3, 3_600)));
    expect(answers.filter(({ allowed }) => allowed)).toHaveLength(3);
  });

  it("charges what a request costs, and nothing for what it refuses", async () => {
    const key = randomUUID();
    expect((await take(key, 10, 3_600, 7)).remaining).toBe(3);
    expect((await take(key, 10, 3_600, 4)).allowed).toBe(false);
    expect(await take(key, 10, 3_600, 3)).toMatchObject({ allowed: true, remaining: 0 });
  });

  it("counts each key for itself", async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    expect((await take(one, 1, 3_600)).allowed).toBe(true);
    expect((await take(one, 1, 3_600)).allowed).toBe(false);
    expect((await take(other, 1, 3_600)).allowed).toBe(true);
  });
});
