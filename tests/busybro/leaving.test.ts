// Listeners that leave in the middle, a thousand of them: nothing of theirs goes on.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { askRequest, startAsking } from "../support/busybro/asking.ts";
import { startModelServer } from "../support/busybro/model-server.ts";
import { database, newPerson } from "../support/world.ts";

// What a program can otherwise ask for on its command line alone.
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const STREAMS = 1_000;
const AT_ONCE = 20;
/** What a stream may keep: less than any buffer of one. */
const BYTES_EACH = 16_384;

it("a thousand aborted streams leave no request, no timer and no memory behind", async () => {
  const model = await startModelServer(() => ({
    does: "say",
    text: Array.from({ length: 2_000 }, (_, at) => `word${at} `),
    everyMs: 20,
  }));
  try {
    const asking = await startAsking({ protocol: "openai-compatible", modelUrl: model.url });
    const person = await newPerson();
    const leaveOne = async () => {
      const leaving = new AbortController();
      const response = await askRequest(asking, person.token, { question: "Talk" }, {
        signal: leaving.signal,
      });
      expect(response.status).toBe(200);
      const reader = response.body!.getReader();
      let heard = "";
      while (!heard.includes("event: delta")) {
        heard += new TextDecoder().decode((await reader.read()).value);
      }
      leaving.abort();
      await reader.cancel();
    };
    const leaveMany = async (streams: number) => {
      for (let done = 0; done < streams; done += AT_ONCE) {
        // Twenty a minute a person is the product's limit, and not what is tried here.
        await database()`delete from private.rate_buckets where key like ${`%${person.id}%`}`;
        await Promise.all(Array.from({ length: AT_ONCE }, leaveOne));
        // What the test itself remembers.
        asking.logs.length = model.asked.length = 0;
      }
    };
    const settled = async () => {
      await expect.poll(() => model.open(), { timeout: 20_000 }).toBe(0);
      collectGarbage();
      return {
        memory: process.memoryUsage().heapUsed,
        timers: process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length,
      };
    };
    // The first ones fill caches and pools, which is no leak.
    await leaveMany(100);
    const before = await settled();
    await leaveMany(STREAMS);
    const after = await settled();
    expect(model.abandoned).toHaveLength(STREAMS + 100);
    expect(after.timers).toBeLessThanOrEqual(before.timers + AT_ONCE);
    expect((after.memory - before.memory) / STREAMS).toBeLessThan(BYTES_EACH);
  } finally {
    await model.stop();
  }
}, 300_000);
