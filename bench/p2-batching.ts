import type { Benchmark } from "./support/benchmark.ts";
import { batchesOf, makeExchanges } from "./support/exchanges.ts";
import { ingestByHttp, ROUND } from "./support/ingest.ts";
import { compare, secondsOf } from "./support/ratio.ts";

const ROUNDS = 7;
const DEVICES = 4;
/** A device's limit is 600 requests a minute: nine rounds of 200 among four stay well within it. */
const SINGLES = 200;

/** What a client gains that gathers its captures, at the same endpoint and with as many in flight. */
export const batching: Benchmark = {
  id: "P2",
  title: "batches, against one entry a request",
  async run({ stack, callers }) {
    const devices = await callers.devices(DEVICES);
    const rate = async (rows: number, size: number) => {
      const bodies = batchesOf(makeExchanges(rows), size).map((entries) =>
        JSON.stringify({ entries })
      );
      return rows / await secondsOf(() => ingestByHttp(stack, devices, bodies));
    };

    const compared = await compare({
      rounds: ROUNDS,
      measured: () => rate(ROUND, 500),
      reference: () => rate(SINGLES, 1),
    });
    return [{
      id: "P2",
      name: "POST /functions/v1/ingest, 500 a request ÷ one a request",
      measured: { value: compared.measured, unit: "rows/s" },
      reference: { value: compared.reference, unit: "rows/s" },
      ratio: compared.ratio,
      rounds: compared.rounds,
      bounds: { better: "more", must: 8, aim: 12 },
    }];
  },
};
